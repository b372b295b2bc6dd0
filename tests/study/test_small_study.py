"""A study without site or stacks: few keys, and its candidates are ranked themselves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import evaluator as ev
from evaluator.cli.app import app
from evaluator.findings import EvaluationError, Finding

CRITERIA = """
schema_version: 1
id: small
title: Which one?
question: Which of them?
criteria:
  - {id: fit, name: Fit, group: a, weight: 1, direction: max, fact: fit, source: ours, reason: r}
"""
CATALOGUE = """
roles: [{id: server, name: Server, summary: Serves.}]
functions: [{id: fly, name: Fly, summary: Flies.}]
"""
CANDIDATE = """
id: {name}
name: {name}
summary: One.
kind: project
homepage: https://example.org/
roles: [server]
licence: {{spdx: NOASSERTION, kind: unknown, source: ours, reason: Not looked up}}
provides:
  fly: {{value: {flies}, source: ours, reason: Seen}}
facts:
  fit: {{value: {fit}, source: ours, reason: Tried}}
"""
NEED = "need: [{function: fly, required: true, source: ours, reason: r}]\n"
STATE = (
    "state: [{id: s, name: S, requirement: fit, site: most, rule: at_most, source: ours, "
    "reason: r}]\n"
)
EFFORT = """effort:
  horizon_years: {value: 3, source: ours, reason: r}
  learning_exponent: {value: 0.1, source: ours, reason: r}
  mental_eur_per_point: {value: 1, source: ours, reason: r}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A study of three candidates, whose fit is 1, 2 and 3; gives its criteria file."""

    def make(more: str = "") -> Path:
        (tmp_path / "candidates").mkdir(exist_ok=True)
        for fit, (name, flies) in enumerate((("low", "yes"), ("mid", "yes"), ("top", "no")), 1):
            text = CANDIDATE.format(name=name, fit=fit, flies=flies)
            (tmp_path / "candidates" / f"{name}.yml").write_text(text, encoding="utf-8")
        (tmp_path / "catalogue.yml").write_text(CATALOGUE, encoding="utf-8")
        (tmp_path / "small.yml").write_text(CRITERIA + more, encoding="utf-8")
        return tmp_path / "small.yml"

    return make


def finding(path: Path, code: str) -> Finding:
    with pytest.raises(EvaluationError) as caught:
        ev.load(path)
    (found,) = [f for f in caught.value.findings if f.code == code]
    return found


def test_five_keys_rank_the_candidates_by_quality(write: Write) -> None:
    run = ev.load(write()).run()
    assert run.evaluation.subject == "candidate"
    assert [s.id for s in run.evaluation.stacks] == ["top", "mid", "low"]
    assert run.evaluation.decision.rule == "quality"
    assert [m.id for m in run.evaluation.methods] == ["topsis", "weighted_sum", "vikor"]
    assert all(s.effort is None and s.effort_rank is None for s in run.evaluation.stacks)
    assert run.ranking.index.name == "candidate"
    assert "stack" not in run.selection.reason
    assert "stack" not in run.selection.rule


def test_shipped_stacks_and_site_do_not_apply(write: Write) -> None:
    study = ev.load(write()).study
    assert study.site is None
    assert set(study.stacks) == set(study.candidates) == {"low", "mid", "top"}


def test_mail_services_are_known_without_being_named(write: Write) -> None:
    path = write()
    assert "gmail.com" in ev.load(path).study.catalogue.personal_domains
    own = CATALOGUE + "personal_domains: [mail.example]\n"
    (path.parent / "catalogue.yml").write_text(own, encoding="utf-8")
    assert ev.load(path).study.catalogue.personal_domains == ["mail.example"]


def test_a_need_removes_candidates_that_do_not_provide_it(write: Write) -> None:
    run = ev.load(write(NEED)).run()
    removed = run.evaluation.stack("top")
    assert (removed.outcome, removed.stage, removed.removed_by) == ("removed", "need", "fly")
    assert run.selection.winner == "mid"
    assert "1 lacks a required function" in run.selection.reason


def test_a_state_filter_compares_the_facts_of_candidates_with_a_site(write: Write) -> None:
    path = write("site: here\n" + STATE)
    site = (ev.load().study.site or pytest.fail("no site")).id
    sites = path.parent / "sites"
    sites.mkdir()
    shipped = Path(str(ev.content.criteria_folder())) / "sites" / f"{site}.yml"
    text = shipped.read_text(encoding="utf-8").replace(f"id: {site}", "id: here", 1)
    assert "\nstate:\n" in text
    fact = "\nstate:\n  most: {value: 2, source: ours, reason: r}\n"
    (sites / "here.yml").write_text(text.replace("\nstate:\n", fact, 1), encoding="utf-8")
    run = ev.load(path).run()
    assert run.evaluation.stack("top").removed_by == "s"
    assert run.selection.winner == "mid"
    with pytest.raises(EvaluationError, match="this study has no stacks"):
        run.bundle(path.parent / "bundle")


@pytest.mark.parametrize(
    ("more", "code", "line"),
    [
        (STATE, "state-without-site", "state"),
        (EFFORT, "effort-without-stacks", "effort"),
        ("decision: {rule: least_effort, source: ours, reason: r}\n", "rule-without-effort", "dec"),
        ("decision: {rule: quality_then_effort, source: ours, reason: r}\n",
         "rule-without-effort", "decision"),
        ("attitude: bold\n", "unknown-attitude", "attitude"),
        ("site: nowhere\n", "unknown-site", "site"),
    ],
)  # fmt: skip
def test_what_needs_a_site_or_stacks_is_explained_with_its_place(
    write: Write, more: str, code: str, line: str
) -> None:
    path = write(more)
    found = finding(path, code)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert found.where is not None
    assert lines[found.where.line - 1].startswith(line)
    assert found.remedy


def test_no_candidate_at_all(write: Write) -> None:
    path = write()
    shutil.rmtree(path.parent / "candidates")
    (path.parent / "candidates").mkdir()
    assert "candidate" in finding(path, "nothing-to-rank").message


def test_json_and_csv_say_candidates(write: Write) -> None:
    path, runner = write(), CliRunner()
    data = json.loads(
        runner.invoke(app, ["rank", "--criteria", str(path), "--format", "json"]).stdout
    )
    assert "stacks" not in data
    assert [c["id"] for c in data["candidates"]] == ["top", "mid", "low"]
    assert data["candidates"][0]["effort_eur"] is None
    table = runner.invoke(app, ["rank", "--criteria", str(path)]).stdout
    assert "candidate" in table
    assert "stack" not in table
    assert "EUR" not in table


def test_equals_are_not_called_a_choice(write: Write) -> None:
    path = write()
    for file in (path.parent / "candidates").iterdir():
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("value: 1", "value: 3").replace("value: 2", "value: 3"))
    reason = ev.load(path).run().selection.reason
    assert reason.startswith("Nothing that is known tells the 3 candidates apart")


def test_a_bundle_needs_stacks(write: Write) -> None:
    path = write()
    with pytest.raises(EvaluationError, match="this study has no stacks"):
        ev.load(path).run().bundle(path.parent / "bundle")


def test_a_snapshot_beside_the_criteria_is_the_default(write: Write) -> None:
    path = write()
    shipped = ev.load(path).snapshot
    assert shipped.digest == ev.load().snapshot.digest
    folder = path.parent / "snapshot"
    shutil.copytree(ev.content.shipped_snapshot(), folder)
    described = folder / "datapackage.json"
    described.write_text(described.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert ev.load(path).snapshot.digest != shipped.digest
    shown = CliRunner().invoke(app, ["rank", "--criteria", str(path)])
    assert "Snapshot:" in shown.stderr
