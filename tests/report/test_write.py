"""Both files: complete, self-contained, reproducible, and whole or absent."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import lxml.html
import pytest

from evaluator.findings import EvaluationError
from evaluator.report import write_report
from evaluator.result import Evaluation
from evaluator.study.model import Study

MOST_HTML_BYTES = 3_000_000
CHAPTERS = [
    "Problem statement",
    "Justification and motivation",
    "Overall objectives",
    "Specific objectives",
    "Scope",
    "Related technologies",
    "Methodology",
    "Example Hosting's architecture",
    "Implementation",
    "Results",
    "Conclusions and future work",
]


def page(path: Path) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(path.read_bytes())


def test_both_formats_are_written(written: dict[str, Path]) -> None:
    assert written[".html"].name == "report.html"
    assert written[".pdf"].read_bytes().startswith(b"%PDF-")
    assert sorted(p.name for p in written[".pdf"].parent.iterdir()) == ["report.html", "report.pdf"]
    assert written[".html"].stat().st_size <= MOST_HTML_BYTES


def test_same_input_same_bytes(
    written: dict[str, Path], study: Study, evaluation: Evaluation, tmp_path: Path
) -> None:
    for path in write_report(evaluation, study, None, tmp_path):
        assert path.read_bytes() == written[path.suffix].read_bytes()


def test_only_the_formats_asked_for(study: Study, evaluation: Evaluation, tmp_path: Path) -> None:
    paths = write_report(evaluation, study, None, tmp_path / "new", formats=("html",))
    assert (
        [p.name for p in (tmp_path / "new").iterdir()] == ["report.html"] == [p.name for p in paths]
    )


def test_a_folder_that_is_a_file_is_an_error_with_a_remedy(
    study: Study, evaluation: Evaluation, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(EvaluationError) as caught:
        write_report(evaluation, study, None, tmp_path / "taken", formats=("html",))
    assert caught.value.findings[0].code == "unwritable-output"
    assert caught.value.findings[0].remedy


def test_chapters_follow_the_contents_in_both_formats(
    written: dict[str, Path], pdf_text: Callable[[Path], str]
) -> None:
    headings = [h.text_content() for h in page(written[".html"]).xpath("//h2[@id]")]
    numbered = [" ".join(h.split()) for h in headings if h.strip()[0].isdigit()]
    assert numbered == [f"{n} {title}" for n, title in enumerate(CHAPTERS, 1)]
    text = pdf_text(written[".pdf"])
    assert all(re.search(rf"^ *{n} +{title}", text, re.M) for n, title in enumerate(CHAPTERS, 1))


def test_figures_are_numbered_captioned_and_described(
    written: dict[str, Path], pdf_text: Callable[[Path], str]
) -> None:
    figures = page(written[".html"]).xpath("//figure[contains(@class, 'drawing')]")
    captions = [f.find("figcaption").text_content() for f in figures]
    assert len(figures) >= 8
    for number, (figure, caption) in enumerate(zip(figures, captions, strict=True), 1):
        assert caption.startswith(f"Figure {number}. ")
        assert "?" in caption, "a caption asks the question that the figure answers"
        drawing = figure.xpath(".//svg")[0]
        assert len(drawing.get("aria-label")) > 10
    text = pdf_text(written[".pdf"])
    assert all(f"Figure {number}." in text for number in range(1, len(figures) + 1))


def test_tables_have_captions_and_scoped_heads(written: dict[str, Path]) -> None:
    tables = page(written[".html"]).xpath("//table")
    for number, table in enumerate(tables, 1):
        assert table.find("caption").text_content().startswith(f"Table {number}. ")
        assert {th.get("scope") for th in table.xpath(".//thead//th")} == {"col"}
        assert {th.get("scope") for th in table.xpath(".//tbody//th")} <= {"row"}


def test_the_page_loads_nothing(written: dict[str, Path]) -> None:
    root = page(written[".html"])
    assert root.xpath("//@src") == []
    assert root.xpath("//link/@href") == ["data:,"]
    assert not re.search(r"@import|url\((?!#)", written[".html"].read_text())
    policy = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_identifiers_are_unique_and_links_inside_lead_somewhere(written: dict[str, Path]) -> None:
    root = page(written[".html"])
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    targets = {h[1:] for h in root.xpath("//@href") if h.startswith("#")}
    assert targets <= set(ids)


def test_headings_do_not_skip_a_level(written: dict[str, Path]) -> None:
    levels = [int(h.tag[1]) for h in page(written[".html"]).xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_only_cited_references_are_listed(written: dict[str, Path]) -> None:
    entries = [e.text_content() for e in page(written[".html"]).xpath("//ol/li[@value]")]
    assert any("The book" in e for e in entries)
    assert any("The paper" in e and "doi:10.0/example" in e for e in entries)
    assert not any("unread" in e for e in entries)


@pytest.mark.parametrize("winner", ["first", "second", None])
def test_every_outcome_can_be_printed(
    winner: str | None,
    study: Study,
    evaluate: Callable[[str | None], Evaluation],
    pdf_text: Callable[[Path], str],
    tmp_path: Path,
) -> None:
    html, pdf = write_report(evaluate(winner), study, None, tmp_path)
    headline = page(html).xpath("//h2[@id='verdict-title']")[0].text_content()
    expected = f"{winner.capitalize()} stack" if winner else "No stack fits"
    assert headline == expected
    assert expected in pdf_text(pdf)


def test_a_bare_study_still_makes_a_report(
    study: Study, evaluation: Evaluation, tmp_path: Path
) -> None:
    nothing = {
        "networks": [],
        "nodes": [],
        "fence_devices": [],
        "services": [],
        "volumes": [],
        "virtual_addresses": [],
        "supporting_software": [],
        "constraints": [],
    }
    bare = study.model_copy(update={"site": study.site.model_copy(update=nothing)})
    selection = evaluation.selection.model_copy(update={"winner": None, "runner_up": None})
    empty = evaluation.model_copy(
        update={
            "stacks": [],
            "components": {},
            "metrics": [],
            "yearly": [],
            "sources": [],
            "weights": [],
            "agreement": None,
            "coverage": 0.0,
            "selection": selection,
        }
    )
    html, pdf = write_report(empty, bare, None, tmp_path)
    captions = page(html).xpath("//figcaption/b/text()")
    assert captions == [f"Figure {n}." for n in range(1, len(captions) + 1)]
    assert pdf.read_bytes().startswith(b"%PDF-")
