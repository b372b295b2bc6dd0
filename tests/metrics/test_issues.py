"""Issue trackers: medians with what is still open, ratios, newcomers; by hand and by scipy."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from evaluator.metrics import all_metrics, measure
from evaluator.metrics.issues import survival_median
from evaluator.mine.sources import backends
from evaluator.result import SourceRow
from evaluator.snapshot import TABLES, read_snapshot, write_snapshot
from evaluator.study import load_study

AS_OF = dt.date(2024, 6, 30)
START = dt.datetime(2023, 2, 1)


@pytest.fixture(scope="session")
def alpha():
    """A made-up candidate with a repository and a tracker, in the shipped criteria."""
    study = load_study("sme.yml", metrics=set(all_metrics()), backends=set(backends()))
    model = study.candidates["haproxy"]
    sources = [
        model.data_sources[0].model_copy(update={"id": name, "backend": kind})
        for name, kind in (("alpha", "git"), ("alpha-tracker", "github"))
    ]
    candidate = model.model_copy(update={"id": "alpha", "data_sources": sources})
    return study.model_copy(update={"candidates": {"alpha": candidate}, "stacks": {}})


@pytest.fixture
def found(alpha, tmp_path):
    """Measures made-up issues as of a date, by way of a snapshot on the disk."""

    def run(issues, *, as_of=AS_OF, bots=(), reason="", born=dt.datetime(2012, 1, 1)):
        rows = [
            {"issue": n, "source": "alpha-tracker", "kind": "issue", "person": 1, "domain": "",
             "organisation": "", "first_response": None, "closed": None, "merged": False,
             "comments": 0, **issue}
            for n, issue in enumerate(issues)
        ]  # fmt: skip
        commit = {"source": "alpha", "commit": 1, "person": 1, "domain": "", "organisation": "",
                  "authored": born, "committed": born, "merge": False, "root": True, "files": 1,
                  "files_code": 1, "lines_added": 1, "lines_removed": 0}  # fmt: skip
        people = sorted({1, *(row["person"] for row in rows), *bots})
        persons = [{"person": person, "bot": person in bots} for person in people]
        tables = {
            name: frame(name, {"commits": [commit], "issues": rows, "persons": persons}.get(name))
            for name in TABLES
        }
        sources = [row("alpha", "git", ""), row("alpha-tracker", "tracker", reason)]
        write_snapshot(tmp_path / "snapshot", tables, sources, as_of)
        table = measure(alpha, read_snapshot(tmp_path / "snapshot"), as_of)
        return lambda metric: table.get("alpha", metric)

    return run


def frame(name, rows):
    columns = TABLES[name].columns
    made = pd.DataFrame(rows or [], columns=[column.name for column in columns])
    for column in columns:
        kind = column.frictionless_type
        if kind in ("date", "datetime"):
            made[column.name] = pd.to_datetime(made[column.name], utc=kind == "datetime")
        elif kind in ("integer", "boolean"):
            whole = "Int64" if column.nullable else "int64"
            made[column.name] = made[column.name].astype(whole if kind == "integer" else bool)
        else:
            made[column.name] = made[column.name].astype("str")
    return made


def row(name, kind, reason):
    return SourceRow(
        id=name, backend="github" if kind == "tracker" else "git", kind=kind,
        backend_version="synthetic", url="https://synthetic.example/", branch="", head="",
        outcome="error" if reason else "ok", reason=reason, items=0, first=None, last=None,
        retrieved=None, dropped={}, note="synthetic",
    )  # fmt: skip


def issues(*days, kind="issue", start=START, **more):
    """Issues opened ten days apart and closed after so many days; None: still open."""
    return [
        {"kind": kind, "opened": start + dt.timedelta(days=10 * n),
         "closed": None if d is None else start + dt.timedelta(days=10 * n + d), **more}
        for n, d in enumerate(days)
    ]  # fmt: skip


OLD = {"opened": dt.datetime(2014, 1, 1), "closed": dt.datetime(2014, 1, 2), "person": 1}
OLD_REQUEST = {**OLD, "kind": "change_request"}


# --- Kaplan-Meier ----------------------------------------------------------------------------

TIMES = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=30)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_without_censoring_it_is_the_ordinary_median(durations):
    times = np.array(durations, dtype=float)
    assert survival_median(times, np.ones(len(times), dtype=bool)) == np.median(times)


@given(TIMES)
def test_it_is_where_scipy_s_survival_function_reaches_a_half(pairs):
    times = np.array([t for t, _ in pairs], dtype=float)
    ended = np.array([e for _, e in pairs])
    data = scipy.stats.CensoredData.right_censored(times, ~ended)
    if not ended.any():
        assert math.isnan(survival_median(times, ended))
        return
    curve = scipy.stats.ecdf(data).sf
    median = survival_median(times, ended)
    reached = curve.quantiles[curve.probabilities <= 0.5 + 1e-9]
    if not len(reached):
        assert math.isnan(median)
    else:
        assert median >= reached[0]
        assert curve.evaluate(median) <= 0.5 + 1e-9
        assert np.all(curve.probabilities[curve.quantiles < reached[0]] > 0.5)


@given(TIMES)
def test_what_lasts_on_never_shortens_the_median(pairs):
    times = np.array([t for t, _ in pairs], dtype=float)
    ended = np.array([e for _, e in pairs])
    known = survival_median(times, ended)
    longer = survival_median(np.append(times, 99.0), np.append(ended, False))
    assert math.isnan(longer) or longer >= known


@pytest.mark.parametrize(
    ("times", "ended", "median"),
    [
        # 6 lasting: 5/6, 4/6, then 3 at risk (one left at 3): 4/6 * 2/3 = 4/9 at 4
        ([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 0, 0], 4),
        ([2, 2, 2, 9], [1, 1, 0, 0], 2),
        ([1, 2, 3], [0, 0, 1], 3),
        ([1, 5, 5, 5], [1, 0, 0, 0], math.nan),
        ([1, 2, 7, 9], [1, 1, 1, 0], 4.5),
        ([1, 2, 7, 9], [1, 1, 0, 0], 2),
    ],
)
def test_by_hand(times, ended, median):
    value = survival_median(np.array(times, dtype=float), np.array(ended, dtype=bool))
    assert value == pytest.approx(median, nan_ok=True)


# --- metrics ---------------------------------------------------------------------------------


def test_counts_of_issues_leave_change_requests_out(found):
    recent = dt.datetime(2024, 1, 1)
    get = found([
        OLD, OLD_REQUEST, *issues(1, 2, None, start=recent),
        *issues(1, 2, kind="change_request", start=recent),
        {"opened": dt.datetime(2022, 1, 1), "closed": dt.datetime(2023, 7, 1)},
        {"opened": dt.datetime(2022, 1, 1), "closed": dt.datetime(2023, 6, 30, 23, 59)},
    ])  # fmt: skip
    assert (get("issues_new_12m").value, get("issues_closed_12m").value) == (3, 3)


def test_a_tracker_that_begins_in_the_window_cannot_speak_for_it(found):
    get = found(issues(*range(1, 15), start=dt.datetime(2024, 1, 1)))
    for metric in ("issues_new_12m", "issues_closed_12m", "change_request_closure_ratio"):
        assert get(metric).outcome == "not_available"
        assert "begin on 2024-01-01" in get(metric).note
    assert get("issue_resolution_duration").value == 7.5


def test_open_issues_count_as_lasting_on(found):
    # 12 opened, closed after 1..8 days, four open: S is 7/12, 6/12 after 5 and 6 days
    days = [1, 2, 3, 4, 5, 6, 7, 8, None, None, None, None]
    duration = found([OLD, *issues(*days)])("issue_resolution_duration")
    assert (duration.value, duration.n) == (6.5, 12)
    assert duration.note == "8 of 12 closed; median of these alone 4.5"


def test_mostly_open_means_not_known(found):
    duration = found([OLD, *issues(1, 2, *[None] * 10)])("issue_resolution_duration")
    assert (duration.value, duration.n, duration.outcome) == (None, 12, "not_available")
    assert "2 of 12 closed" in duration.note


def test_issues_and_change_requests_are_timed_apart(found):
    get = found([*issues(*range(1, 12)), *issues(*range(21, 32), kind="change_request")])
    assert get("issue_resolution_duration").value == 6
    assert get("change_request_duration").value == 26
    assert get("change_request_duration").note == "11 of 11 closed"


def test_time_to_first_response_over_both_kinds(found):
    # hours 1..8 answered; one closed without an answer after 3 hours, three never answered
    rows = issues(*[None] * 12)
    for hours, issue in enumerate(rows[:8], 1):
        issue["first_response"] = issue["opened"] + dt.timedelta(hours=hours)
        issue["kind"] = ("issue", "change_request")[hours % 2]
    rows[8]["closed"] = rows[8]["opened"] + dt.timedelta(hours=3)
    response = found(rows)("issue_time_to_first_response")
    # 12 at risk: 11/12, 10/12, 9/12; the one closed at 3 leaves 8: *7/8, 6/8, 5/8 -> .469 at 6
    assert 9 / 12 * 6 / 8 > 0.5 > 9 / 12 * 5 / 8
    assert (response.value, response.n) == (6, 12)
    assert response.note == "8 of 12 answered; median of these alone 4.5"


def test_closure_ratio_is_closed_over_open_in_the_period(found):
    recent = dt.datetime(2024, 1, 1)
    ratio = found([
        OLD_REQUEST,  # closed before the period: not open in it
        {**OLD_REQUEST, "closed": None},
        {**OLD_REQUEST, "closed": dt.datetime(2023, 8, 1)},
        *issues(*[1] * 8, None, None, kind="change_request", start=recent),
        *issues(*[None] * 5, start=recent),
    ])("change_request_closure_ratio")  # fmt: skip
    assert (ratio.value, ratio.n) == (9 / 12, 12)


def test_acceptance_ratio_is_of_those_decided(found):
    rows = issues(*[1] * 12, None, None, kind="change_request")
    for request in rows[:9]:
        request["merged"] = True
    ratio = found(rows)("change_request_acceptance_ratio")
    assert (ratio.value, ratio.n) == (9 / 12, 12)


def test_few_are_below_the_floor(found):
    get = found([OLD, *issues(1, 2, 3), *issues(1, 2, kind="change_request")])
    for metric in ("issue_time_to_first_response", "issue_resolution_duration",
                   "change_request_duration", "change_request_closure_ratio",
                   "change_request_acceptance_ratio"):  # fmt: skip
        assert get(metric).outcome == "not_available"
        assert "floor" in get(metric).note


def test_bots_open_nothing(found):
    get = found([OLD, *issues(*range(1, 13), start=dt.datetime(2024, 1, 1), person=7)], bots=[7])
    assert get("issues_new_12m").value == 0


def test_nothing_that_came_later_is_seen(found):
    then = dt.date(2023, 4, 30)
    known = [OLD, OLD_REQUEST]
    for kind in ("issue", "change_request"):
        known += issues(*[3] * 6, 200, 300, kind=kind, start=dt.datetime(2023, 2, 1))
    for n, issue in enumerate(known[2:]):
        hours = (1, 2, 3, 5000)[n % 4]
        issue["first_response"] = issue["opened"] + dt.timedelta(hours=hours)
        issue["merged"] = issue["kind"] == "change_request"
    later = issues(*[1] * 20, start=dt.datetime(2023, 5, 1), person=5)
    end = dt.datetime(2023, 5, 1)
    cut = [
        {**issue, **{name: None for name in ("closed", "first_response")
                     if issue.get(name) and issue[name] >= end}}
        for issue in known
    ]  # fmt: skip
    for issue in cut:
        issue["merged"] = issue.get("merged", False) and issue["closed"] is not None
    seen, truth = found([*known, *later], as_of=then), found(cut, as_of=then)
    tracked = [m.id for m in all_metrics().values() if m.needs == "tracker"]
    assert len(tracked) >= 8
    assert {m: seen(m) for m in tracked} == {m: truth(m) for m in tracked}
    assert seen("change_request_closure_ratio").outcome == "not_available"  # 8 is few
    assert seen("issue_time_to_first_response").note.startswith("12 of 16 answered")
    assert seen("issue_resolution_duration").outcome == "not_available"
    assert seen("issues_closed_12m").value == 6


def test_a_tracker_that_failed_or_is_empty(found):
    get = found([], reason="wants a token")
    assert get("issues_new_12m").note == "alpha-tracker: wants a token"
    assert get("new_issue_reporters_slope").outcome == "not_available"
    assert found([])("issues_new_12m").outcome == "not_applicable"


# --- CM-SRA-1 --------------------------------------------------------------------------------


def reporters(*per_period, **more):
    """One issue of each newcomer; periods end at the as-of date, oldest first."""
    rows = []
    for back, count in enumerate(reversed(per_period)):
        opened = dt.datetime(2023 - back, 9, 15)
        rows += [
            {"opened": opened, "person": 100 * back + n, **more} for n in range(10, 10 + count)
        ]
    return rows


def test_new_reporters_by_period(found):
    founder = {"opened": dt.datetime(2018, 1, 1), "person": 2}
    rows = [founder, *reporters(1, 2, 3, 4, 5), *reporters(9, kind="change_request")]
    rows += [{**row, "opened": row["opened"] + dt.timedelta(days=90)} for row in reporters(1, 2)]
    slope = found(rows, born=dt.datetime(2017, 12, 1))("new_issue_reporters_slope")
    assert slope.note.startswith("newcomers per year: 0, 1, 2, 3, 4, 5;")
    assert slope.value == pytest.approx(1)
    assert slope.n == 15


def test_old_hands_of_a_late_tracker_are_left_out(found):
    old = [{"opened": dt.datetime(2017, 1, 5), "person": 500 + n} for n in range(50)]
    slope = found([*old, *reporters(4, 3, 2, 1)])("new_issue_reporters_slope")
    assert slope.note.startswith("newcomers per year: 4, 3, 2, 1;")
    assert slope.value == pytest.approx(-1)


def test_change_requests_alone_report_no_bugs(found):
    slope = found(issues(1, kind="change_request"))("new_issue_reporters_slope")
    assert (slope.outcome, slope.note) == ("not_available", "only change requests")
