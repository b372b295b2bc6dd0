"""The report of a study without site or stacks: nothing empty, nothing dangling, no stacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import evaluator as ev
from evaluator.report.build import build_document
from evaluator.report.case import Case
from evaluator.report.document import Heading, as_tree
from evaluator.study.starting import new_study, write_new


@pytest.fixture(scope="module", params=["examples", "equal", "lights"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ev.Run:
    """A new study: with a ranking, with nothing known, and with lights on mined candidates."""
    named = [("One", "https://example.org/one"), ("Two", "https://example.org/two")]
    files = new_study("field", [] if request.param == "examples" else named)
    folder = write_new(tmp_path_factory.mktemp("study") / "field", files)
    if request.param == "lights":
        path = folder / "field.yml"
        light = (
            "semaphores:\n- {id: s, name: New committers, metric: new_committers_slope,"
            " rule: slope, alpha: 0.05, black_after_years: 3, mandatory: true, source: ours,"
            " reason: r}\n"
        )
        path.write_text(path.read_text(encoding="utf-8") + light, encoding="utf-8")
        for name, source in (
            ("one", "pacemaker"),
            ("two", "heartbeat"),
        ):
            file = folder / "candidates" / f"{name}.yml"
            text = file.read_text(encoding="utf-8").replace(
                f'  - id: "{name}"', f"  - id: {source}"
            )
            file.write_text(text, encoding="utf-8")
    return ev.load(folder / "field.yml").run()


def texts(tree: object) -> list[str]:
    if isinstance(tree, dict):
        return [t for k, v in tree.items() if k not in ("svg", "label", "url") for t in texts(v)]
    if isinstance(tree, list | tuple):
        return [t for item in tree for t in texts(item)]
    return [tree] if isinstance(tree, str) else []


def test_it_speaks_of_candidates_and_refers_to_nothing_that_is_left_out(run: ev.Run) -> None:
    document = build_document(Case(run.evaluation, run.analysis.study))
    tree = as_tree(document)
    said = texts({k: v for k, v in tree.items() if k not in ("library", "bibliography")})
    wrong = [t for t in said if re.search(r"\bstacks?\b|\(left out\)", t, re.I)]
    assert [t for t in wrong if "scikit" not in t.lower()] == []
    labels = {c.label for c in document.chapters}
    assert labels.isdisjoint({"architecture", "implementation", "needs", "efforts"})


def test_no_chapter_and_no_heading_is_empty(run: ev.Run) -> None:
    for chapter in build_document(Case(run.evaluation, run.analysis.study)).chapters:
        assert chapter.blocks, chapter.label
        after = [*chapter.blocks[1:], Heading("end")]
        for block, following in zip(chapter.blocks, after, strict=True):
            assert not (isinstance(block, Heading) and isinstance(following, Heading)), block


def test_both_formats_are_written(run: ev.Run, tmp_path: Path) -> None:
    page, pdf = run.report(tmp_path)
    assert run.evaluation.title in page.read_text(encoding="utf-8")
    assert pdf.read_bytes().startswith(b"%PDF")
