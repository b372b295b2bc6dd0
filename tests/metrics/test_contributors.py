"""Contributors, their concentration and activity, on synthetic histories and the shipped one."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pandas as pd
import pyarrow.parquet as pq
import pytest

from evaluator.metrics import all_metrics, measure
from evaluator.metrics.contributors import smallest_half

AS_OF = dt.date(2024, 6, 30)


def day(text):
    return dt.date.fromisoformat(text)


def commits(*rows):
    """Rows of (person, date)."""
    return [{"person": person, "committed": day(date)} for person, date in rows]


@pytest.fixture
def found(synthetic_snapshot, synthetic_study):
    """Measures of candidate alpha by metric identifier."""

    def run(rows, *, as_of=AS_OF, study=None, **more):
        snapshot = synthetic_snapshot(rows, as_of=as_of, **more)
        table = measure(study or synthetic_study(), snapshot, as_of)
        return {metric: m for (name, metric), m in table.measures.items() if name == "alpha"}

    return run


def test_contributor_absence_factor_chaoss():
    counts = pd.Series([1000, 202, 90, 33, 332, 343, 42, 433])
    assert smallest_half(counts) == 2


def test_contributors_of_the_whole_history_count_each_person_once_and_no_merge(found):
    rows = commits((1, "2001-01-01"), (1, "2024-01-01"), (2, "2010-05-05"))
    rows += [{"person": 3, "committed": day("2011-01-01"), "merge": True}]
    total = found(rows)["contributors_total"]
    assert (total.value, total.n) == (2, 3)
    early = found(rows, as_of=dt.date(2005, 1, 1))["contributors_total"]
    assert early.value == 1


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([7], 1),
        ([5, 5], 1),
        ([1, 1, 1], 2),
        ([50, 25, 25], 1),
        ([3, 2, 2], 2),
    ],
)
def test_absence_factor_reaches_exactly_half(counts, expected):
    assert smallest_half(pd.Series(counts, dtype=float)) == expected


def test_windows_end_at_the_as_of_date_and_not_at_the_newest_commit(found):
    old = commits(*[(1, f"2016-03-{d:02}") for d in range(1, 21)])
    result = found(old)
    assert result["commits_12m"].value == 0
    assert result["active_contributors_12m"].value == 0
    assert result["active_weeks_share"].value == 0
    assert result["months_since_last_commit"].value == pytest.approx(99.35, abs=0.02)
    assert found(old, as_of=day("2016-03-20"))["commits_12m"].value == 20


def test_both_ends_of_the_window(found):
    rows = commits((1, "2023-06-30"), (2, "2023-07-01"), (3, "2024-06-30"))
    result = found(rows)
    assert result["commits_12m"].value == 2
    assert result["active_contributors_12m"].value == 2
    assert result["inactive_contributors_12m"].value == 1
    assert result["inactive_contributors_12m"].n == 1


def test_window_that_ends_on_a_leap_day(found):
    rows = commits((1, "2023-02-28"), (2, "2023-03-01"), (3, "2024-02-29"))
    result = found(rows, as_of=day("2024-02-29"))
    assert result["commits_12m"].value == 2
    assert result["inactive_contributors_12m"].value == 1


def test_merges_and_bots_are_left_out(found):
    rows = commits((1, "2024-06-01"), (1, "2024-06-02"), (9, "2024-06-03"))
    rows[1]["merge"] = True
    result = found(rows, bots=[9])
    assert result["commits_12m"].value == 1
    assert result["commits_total"].note == "1 merges not counted"
    assert result["active_contributors_12m"].value == 1
    assert result["months_since_last_commit"].note == "on 2024-06-01"


def test_only_merges_is_no_newcomer_for_years_of_nobody(found):
    rows = [{**row, "merge": True} for row in commits((1, "2010-01-01"), (1, "2024-06-01"))]
    result = found(rows)
    assert result["new_committers_slope"].outcome == "not_available"
    assert result["months_since_last_commit"].outcome == "not_available"
    assert result["commits_12m"].value == 0


def test_shared_history_counts_once(found, synthetic_study):
    shared = commits((1, "2024-01-01"), (2, "2024-01-02"))
    for i, row in enumerate(shared):
        row["commit"] = i
    fork = [{**row, "source": "fork"} for row in shared]
    fork.append({"person": 3, "committed": day("2024-02-01"), "commit": 7, "source": "fork"})
    study = synthetic_study({"alpha": ["alpha", "fork"]})
    assert found([*shared, *fork], study=study)["commits_total"].value == 3


def test_absence_factor_of_a_window_without_commits_is_nobody(found):
    result = found(commits((1, "2016-01-01")))["contributor_absence_factor"]
    assert (result.value, result.n) == (0, 0)
    assert "nobody" in result.note


def test_retention_inactive_and_occasional(found):
    before = [(p, "2023-01-10") for p in range(1, 7)]
    now = [(p, "2024-01-10") for p in (1, 2, 3, 7, 8, 9, 10)]
    result = found(commits(*before, *now, (1, "2024-02-10")))
    assert result["retention"].value == pytest.approx(3 / 6)
    assert result["inactive_contributors_12m"].value == 3
    assert result["occasional_contributors_share"].value == pytest.approx(7 / 10)
    assert result["new_contributors_12m"].value == 4


def test_ratios_below_the_floor_are_not_available(found):
    before = [(p, "2023-01-10") for p in range(1, 5)]
    result = found(commits(*before, (1, "2024-01-10")))
    assert result["retention"].outcome == "not_available"
    assert result["retention"].value is None
    assert result["retention"].n == 4
    assert "floor" in result["retention"].note
    assert result["occasional_contributors_share"].outcome == "not_available"


def test_arrival_uses_a_plausible_author_date_only(found):
    rows = commits((1, "2024-05-01"), (2, "2024-05-02"), (3, "2024-05-03"))
    rows[0]["authored"] = day("2001-01-01")  # imported: the person came long ago
    rows[1]["authored"] = day("1970-01-01")  # a clock that was not set
    rows[2]["authored"] = day("2031-01-01")  # a clock ahead
    result = found(rows)
    assert result["new_contributors_12m"].value == 2
    assert result["age_years"].value == pytest.approx(23.5, abs=0.01)
    assert result["commits_12m"].value == 3


def test_active_weeks_and_burstiness_of_a_weekly_rhythm(found):
    days = [AS_OF - dt.timedelta(weeks=w) for w in range(104)]
    result = found([{"person": 1, "committed": d} for d in days])
    assert result["active_weeks_share"].value == 1
    assert result["burstiness"].value == pytest.approx(-1)


def test_burstiness_goh_barabasi(found):
    gaps = [1] * 10 + [90]
    days, last = [], day("2023-01-01")
    for gap in [0, *gaps]:
        last += dt.timedelta(days=gap)
        days.append(last)
    mean = 100 / 11
    spread = ((10 * (1 - mean) ** 2 + (90 - mean) ** 2) / 11) ** 0.5
    result = found([{"person": 1, "committed": d} for d in days])["burstiness"]
    assert result.value == pytest.approx((spread - mean) / (spread + mean))
    assert result.n == 11


def test_nothing_recorded_yet_is_not_applicable_and_never_zero(found):
    table = found(commits((1, "2024-01-01")), as_of=day("2024-06-30"))
    assert table["commits_12m"].value == 1
    for metric, result in found(commits((1, "2025-01-01"))).items():
        kind = all_metrics()[metric].needs
        assert result.value is None
        listed = kind in ("git", "mail")
        assert result.outcome == ("not_applicable" if listed else "not_available"), (metric, kind)


def test_unavailable_source_is_not_available_and_says_why(found):
    result = found([], unavailable={"alpha": "gone", "alpha-list": "never archived"})
    for metric, measured in result.items():
        needs = all_metrics()[metric].needs
        assert measured.outcome == "not_available"
        assert measured.value is None
        reasons = {"git": "gone", "mail": "never archived"}
        assert reasons.get(needs, "is listed for this candidate") in measured.note


@pytest.mark.parametrize("as_of", ["2014-12-31", "2020-02-29", "2026-08-21"])
def test_second_oracle_in_plain_python_on_corosync(shipped, shipped_run, as_of):
    """The same definitions written without pandas, read from the file itself."""
    end = day(as_of)
    folder = shipped.snapshot.path
    bots = {r["person"] for r in pq.read_table(folder / "persons.parquet").to_pylist() if r["bot"]}
    table = pq.read_table(
        folder / "commits.parquet",
        columns=["source", "person", "committed", "authored", "merge"],
        filters=[("source", "==", "corosync")],
    )
    rows = [
        r
        for r in table.to_pylist()
        if r["committed"] <= end and not r["merge"] and r["person"] not in bots
    ]

    def back(months):
        total = end.year * 12 + end.month - 1 - months
        year, month = divmod(total, 12)
        last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(1)).day
        return dt.date(year, month + 1, min(end.day, last))

    recent = [r for r in rows if r["committed"] > back(12)]
    earlier = [r for r in rows if back(24) < r["committed"] <= back(12)]
    two_years = Counter(r["person"] for r in [*recent, *earlier])
    born: dict[int, dt.date] = {}
    for r in rows:
        ok = dt.date(1990, 1, 1) <= r["authored"] <= r["committed"]
        arrived = r["authored"] if ok else r["committed"]
        born[r["person"]] = min(born.get(r["person"], arrived), arrived)
    reached, factor = 0, 0
    for _, count in two_years.most_common():
        reached, factor = reached + count, factor + 1
        if 2 * reached >= sum(two_years.values()):
            break
    weeks = {(end - r["committed"]).days // 7 for r in [*recent, *earlier]}
    expected = {
        "commits_12m": len(recent),
        "commits_total": len(rows),
        "active_contributors_12m": len({r["person"] for r in recent}),
        "new_contributors_12m": sum(d > back(12) for d in born.values()),
        "inactive_contributors_12m": len(
            {r["person"] for r in earlier} - {r["person"] for r in recent}
        ),
        "contributor_absence_factor": factor,
        "active_weeks_share": len([w for w in weeks if w < 104]) / 104,
    }
    only = shipped.study.model_copy(
        update={"candidates": {"corosync": shipped.study.candidates["corosync"]}}
    )
    found = measure(only, shipped.snapshot, end)
    assert {k: found.get("corosync", k).value for k in expected} == pytest.approx(expected)
    if end == shipped.snapshot.as_of:
        assert shipped_run.table.get("corosync", "commits_12m").value == expected["commits_12m"]
