"""Observations stand beside the metrics that they touch, whatever a snapshot calls things."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from typing import Any

import pytest

from evaluator import display
from evaluator.metrics import all_metrics
from evaluator.mine.sources import backends
from evaluator.pipeline import Analysis, Run
from evaluator.study import load_study

AS_OF = dt.date(2024, 6, 30)
HOSTILE = (
    "=1+1 [bold red]x[/] [/nope] <script>alert(1)</script> \x1b[31m \u202e\x9b31m | `c` \r end"
)
DANGEROUS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def run(alpha: Any, beta: Any, snapshot: Any) -> Run:
    """A run in which booth's repository is alpha: a bulk day in 2024, a root in 2021."""
    for _ in range(30):
        alpha.commit(dt.date(2024, 5, 1))
    alpha.commit(dt.date(2021, 5, 1), root=True)
    study = load_study("sme.yml", metrics=all_metrics(), backends=backends())
    booth = study.candidates["booth"]
    sources = [booth.data_sources[0].model_copy(update={"id": "alpha"})]
    candidates = {"booth": booth.model_copy(update={"data_sources": sources})}
    study = study.model_copy(update={"candidates": study.candidates | candidates})
    whole = snapshot(alpha, beta)
    kinds = [s.model_copy(update={"kind": "git"}) for s in whole.sources]
    whole.sources[:] = kinds
    return Analysis(study, whole).run()


def renamed(run: Run, name: str) -> Run:
    """The run as if the source and what was found in it were called so."""
    result = run.evaluation
    rows = [q.model_copy(update={"source": name, "name": name, "text": name})
            for q in result.quality]  # fmt: skip
    metrics = [m.model_copy(update={"source": name}) for m in result.metrics]
    changed = result.model_copy(update={"quality": rows, "metrics": metrics})
    return Run(run.analysis, run.table, changed)


def test_rows_say_which_checks_touch_them(run: Run) -> None:
    quality = {r.metric: r.quality for r in run.evaluation.metrics if r.candidate == "booth"}
    assert quality["commits_12m"] == ["bulk_days"]
    assert quality["commits_total"] == ["several_roots"]
    assert quality["new_committers_slope"] == ["several_roots"]
    assert quality["contributor_absence_factor"] == []
    assert quality["messages_12m"] == []
    assert {q.check for q in run.evaluation.quality} == {"bulk_days", "several_roots"}


def test_other_candidates_are_not_touched(run: Run) -> None:
    assert not any(r.quality for r in run.evaluation.metrics if r.candidate != "booth")


def test_the_table_numbers_what_touches_a_metric(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    display.metrics(run, display.Format.table, ["booth"])
    out = capsys.readouterr().out
    assert re.search(r"booth +commits_12m .* ok +1 *$", out, re.M)
    assert re.search(r"booth +commits_total .* ok +2 *$", out, re.M)
    assert re.search(r"booth +retention .* ok *$", out, re.M)
    assert re.search(r"^1 +alpha +Bulk days +caution +30 ", out, re.M)
    assert re.search(r"^2 +alpha +Several roots +caution +2 ", out, re.M)


def test_a_table_without_observations_has_no_notes(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    display.metrics(run, display.Format.table, ["haproxy"])
    assert "Data quality" not in capsys.readouterr().out


def test_json_lists_and_csv_joins_the_checks(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    display.metrics(run, display.Format.json, ["booth"])
    rows = {r["metric"]: r for r in json.loads(capsys.readouterr().out)}
    assert rows["burstiness"]["quality"] == ["bulk_days"]
    display.metrics(run, display.Format.csv, ["booth"])
    cells = {r["metric"]: r for r in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert cells["burstiness"]["quality"] == "bulk_days"
    assert cells["retention"]["quality"] == ""


def test_the_table_of_a_mined_snapshot(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    display.quality(run.evaluation.quality)
    out = capsys.readouterr().out
    assert re.search(r"^alpha +Bulk days +caution +30 ", out, re.M)
    display.quality([])
    assert "No flaw" in capsys.readouterr().out


@pytest.mark.parametrize("form", display.Format)
def test_hostile_names_are_inert(
    run: Run, capsys: pytest.CaptureFixture[str], form: display.Format
) -> None:
    bad = renamed(run, HOSTILE)
    display.metrics(bad, form, ["booth"])
    display.quality(bad.evaluation.quality)
    out = capsys.readouterr().out
    assert not DANGEROUS.search(out)
    assert "[bold red]x[/]" in " ".join(out.split())
