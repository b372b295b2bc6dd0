"""Results of OpenSSF Scorecard as evidence.  Every result here is made up and nobody's."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import evaluator as ev
from evaluator.findings import EvaluationError, Finding
from evaluator.metrics import MetricTable, all_metrics
from evaluator.mine.sources import backends
from evaluator.score.matrix import component_cells
from evaluator.study import Study, load_study
from evaluator.study.criteria import Criterion
from evaluator.study.document import MAX_BYTES

AS_OF = dt.date(2026, 8, 21)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def made_up(**more: Any) -> dict[str, Any]:
    """A result in the form of ``scorecard --format json``, made up for a test."""
    checks = [
        {"name": "Maintained", "score": 8, "reason": "made up", "details": None,
         "documentation": {"short": "made up", "url": "https://example.org/maintained"}},
        {"name": "Fuzzing", "score": -1, "reason": "could not be run"},
    ]  # fmt: skip
    return {
        "date": "2026-07-01T08:00:00Z",
        "repo": {"name": "github.com/haproxy/haproxy", "commit": COMMIT},
        "scorecard": {"version": "v5.0.0", "commit": "made-up"},
        "score": 6.5,
        "checks": checks,
        "metadata": None,
        **more,
    }


def put(folder: Path, result: object, name: str = "haproxy", **how: Any) -> Path:
    path = folder / "scorecard" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    text = result if isinstance(result, str) else json.dumps(result, **how)
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path) -> Study:
    return load_study(folder / "sme.yml", metrics=all_metrics(), backends=backends())


def problems(folder: Path) -> list[Finding]:
    with pytest.raises(EvaluationError) as raised:
        load(folder)
    return raised.value.findings


def cell(study: Study, check: str, name: str = "haproxy", as_of: dt.date = AS_OF):
    criterion = Criterion(
        id="c", name="C", group="g", weight=1.0, direction="max", scorecard=check, source=["x"]
    )
    return component_cells(study, MetricTable(as_of, {}, [], []), {}, criterion, [name])[name]


@pytest.mark.parametrize("how", [{}, {"indent": 2}, {"separators": (",", ":")}, {"indent": "\t"}])
def test_a_check_is_a_value_with_its_provenance(folder, how):
    put(folder, made_up(), **how)
    found = cell(load(folder), "Maintained")
    assert (found.value, found.low, found.high, found.outcome) == (8, 8, 8, "ok")
    assert found.note == (
        "Scorecard v5.0.0 of 2026-07-01, github.com/haproxy/haproxy at 0123456789ab"
    )
    assert cell(load(folder), "overall").value == 6.5


def test_what_is_not_known_is_missing_and_says_why(folder):
    put(folder, made_up())
    study = load(folder)
    for check, name, as_of, says in (
        ("Fuzzing", "haproxy", AS_OF, "Fuzzing inconclusive: could not be run"),
        ("SAST", "haproxy", AS_OF, "SAST not run"),
        ("Maintained", "keepalived", AS_OF, "no Scorecard result"),
        ("Maintained", "haproxy", dt.date(2026, 6, 30), "only of 2026-07-01"),
    ):
        found = cell(study, check, name, as_of)
        assert (found.value, found.outcome) == (None, "not_available")
        assert says in found.note


def test_the_day_itself_counts_in_utc_and_an_old_result_says_so(folder):
    put(folder, made_up(date="2026-07-01T23:30:00-05:00"))
    study = load(folder)
    assert study.scorecards["haproxy"].date == dt.date(2026, 7, 2)
    assert cell(study, "Maintained", as_of=dt.date(2026, 7, 2)).value == 8
    assert "year old" not in cell(study, "Maintained", as_of=dt.date(2027, 7, 2)).note
    assert "more than a year old" in cell(study, "Maintained", as_of=dt.date(2027, 7, 3)).note
    put(folder, made_up(date="2026-07-01"))
    assert load(folder).scorecards["haproxy"].date == dt.date(2026, 7, 1)


def test_the_file_is_part_of_what_the_study_was_read_from(folder):
    path = put(folder, made_up())
    digests = [
        d for name, d in load(folder).files.items() if name.endswith("scorecard/haproxy.json")
    ]
    assert digests == [hashlib.sha256(path.read_bytes()).hexdigest()]


MISTAKES = {
    "a score above 10": ({"checks": [{"name": "SAST", "score": 11}]}, "invalid-value", "checks.0"),
    "a score below -1": ({"checks": [{"name": "SAST", "score": -2}]}, "invalid-value", "checks.0"),
    "a score that is text": ({"score": "good"}, "wrong-type", "score"),
    "infinity": ({"score": 1e999}, "wrong-type", "score"),
    "no date": ({"date": "yesterday"}, "invalid-value", "date"),
    "another repository": (
        {"repo": {"name": "github.com/a/b", "commit": "c"}}, "scorecard-of-another", "a/b"
    ),
    "a check twice": (
        {"checks": [{"name": "SAST", "score": 1}, {"name": "SAST", "score": 2}]}, "duplicate-id",
        "'SAST' stands twice",
    ),
    "half of a character": (
        {"checks": [{"name": "\ud800", "score": 1}]}, "invalid-value", "half of a character"
    ),
    "a day before all days": (
        {"date": "0001-01-01T00:00:00+14:00"}, "invalid-value", "outside the years"
    ),
    "a reason without end": (
        {"checks": [{"name": "SAST", "score": 1, "reason": "x" * 5000}]}, "invalid-value", "reason"
    ),
    "too many checks": (
        {"checks": [{"name": f"c{i}", "score": 1} for i in range(201)]}, "invalid-value", "checks"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_with_its_place(folder, name):
    change, code, says = MISTAKES[name]
    put(folder, made_up(**change), indent=1)
    (finding,) = problems(folder)
    assert finding.code == code
    assert says in finding.message
    assert finding.where.file.endswith("scorecard/haproxy.json")
    assert finding.where.line > 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "wrong-type"),
        ("[1, 2]", "wrong-type"),
        ('{"date": "2026-07-01"', "yaml-syntax"),
        ('{"score": 1, "score": 2}', "duplicate-key"),
        ("[" * 100_000, "yaml-syntax"),
        ("{" + " " * MAX_BYTES + "}", "file-too-large"),
        ("{}", "missing-key"),
    ],
)
def test_what_is_no_result_is_refused(folder, text, code):
    put(folder, text)
    assert {finding.code for finding in problems(folder)} == {code}


def test_a_result_of_nobody_is_reported(folder):
    put(folder, made_up(), name="haprxoy")
    (finding,) = problems(folder)
    assert finding.code == "unknown-candidate"
    assert "did you mean 'haproxy'" in finding.remedy


def test_nothing_is_said_against_a_result_of_a_candidate_that_cannot_be_read(folder):
    put(folder, made_up())
    candidate = folder / "candidates" / "haproxy.yml"
    text = candidate.read_text(encoding="utf-8")
    candidate.write_text(text.replace("kind: project", "kind: projekt"), encoding="utf-8")
    assert {finding.code for finding in problems(folder)} == {"unknown-value"}


def test_a_character_in_two_halves_is_read_and_a_source_key_is_no_evidence(folder):
    change = {"checks": [{"name": "SAST", "score": 1, "reason": "\U0001f600", "source": "nokey"}]}
    put(folder, made_up(**change))  # json escapes it as a surrogate pair
    assert load(folder).scorecards["haproxy"].of("SAST").reason == "\U0001f600"


def test_an_unknown_check_is_named_with_the_known_ones(folder):
    path = folder / "sme.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("metric: commits_12m", "scorecard: Maintaned"), encoding="utf-8")
    (finding,) = problems(folder)
    assert finding.code == "unknown-value"
    assert "did you mean 'Maintained'" in finding.remedy


HOSTILE = '</td><script>alert("x")</script>[red]\x1b[31m'


def test_a_run_shows_value_provenance_and_age_and_hostile_text_stays_text(criteria_copy, tmp_path):
    path = criteria_copy / "openbrr.yml"
    hostile = [{"name": "SAST", "score": -1, "reason": HOSTILE.replace("\x1b", "\u202e")}]
    put(criteria_copy, made_up(checks=hostile, date="2025-01-01"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("scorecard: overall", "scorecard: SAST"), encoding="utf-8")
    dark = ev.load(path).run()
    stack = dark.evaluation.stack("pacemaker-corosync-drbd-haproxy")
    security = next(v for v in stack.values if v.criterion == "security")
    assert security.value is None
    assert "haproxy: SAST inconclusive: </td><script>" in security.note
    page = next(p for p in dark.report(tmp_path, ("html",)) if p.suffix == ".html")
    assert "<script>alert" not in page.read_text(encoding="utf-8")

    path.write_text(text, encoding="utf-8")
    run = ev.load(path).run()
    stack = run.evaluation.stack("pacemaker-corosync-drbd-haproxy")
    security = next(v for v in stack.values if v.criterion == "security")
    assert security.value == 4  # 6.5 of 10 is rated 4; the other parts have no result
    assert security.via == ["haproxy"]
    assert "haproxy: Scorecard v5.0.0 of 2025-01-01" in security.note
    assert any("over a year old" in note for note in run.evaluation.notes)
    fact = next(f for f in run.evaluation.facts if f.key == "candidates.haproxy.scorecard.overall")
    assert fact.value == "6.5"
    assert fact.where.partition(":")[0].endswith("scorecard/haproxy.json")
    assert any(name.endswith("scorecard/haproxy.json") for name in run.evaluation.inputs)
    early = ev.load(path).run(as_of=dt.date(2024, 12, 31))
    assert any("not known yet" in note for note in early.evaluation.notes)
