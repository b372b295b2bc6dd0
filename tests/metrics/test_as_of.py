"""Nothing later than the as-of date may be seen, and the shipped figures are those measured."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pandas as pd
import pytest

from evaluator.metrics import all_metrics, measure


def cut(snapshot, date):
    """The snapshot as it would have been at the date (synthetic only in that it never was)."""
    end = pd.Timestamp(date)
    commits, messages, releases = snapshot.commits, snapshot.messages, snapshot.releases
    sent = messages["sent"].dt.tz_localize(None)
    return dataclasses.replace(
        snapshot,
        commits=commits[commits["committed"] <= end],
        messages=messages[sent < end + pd.Timedelta(days=1)],
        releases=releases[releases["released"] <= end],
        as_of=date,
    )


@pytest.mark.parametrize(
    "as_of", [dt.date(2009, 9, 27), dt.date(2014, 12, 31), dt.date(2022, 2, 28)]
)
def test_as_of_leaks_nothing_later(shipped, as_of):
    full = measure(shipped.study, shipped.snapshot, as_of)
    short = measure(shipped.study, cut(shipped.snapshot, as_of), as_of)
    assert full.rows == short.rows
    assert full.yearly == short.yearly
    assert max(row.year for row in full.yearly) <= as_of.year


def test_a_year_that_is_over_does_not_change_later(shipped, shipped_run):
    def closed(rows):
        return {
            (r.candidate, r.year): (r.commits, r.contributors, r.releases, r.messages)
            for r in rows
            if r.year <= 2022
        }

    then = measure(shipped.study, shipped.snapshot, dt.date(2022, 12, 31))
    now = closed(shipped_run.evaluation.yearly)
    assert {key: now[key] for key in closed(then.yearly)} == closed(then.yearly)


def test_shipped_commits_are_those_of_the_default_branches(shipped):
    """Figures of the mining stage, merges included."""
    counts = shipped.snapshot.commits["source"].value_counts()
    expected = {"pacemaker": 36286, "corosync": 4354, "haproxy": 27993, "openais": 1727,
                "drbd": 13976, "drbd-utils": 4790, "heartbeat": 12676, "gfs2-utils": 6163,
                "ocfs2-tools": 2226}  # fmt: skip
    assert {name: int(counts[name]) for name in expected} == expected


@pytest.mark.parametrize(
    ("source", "archived"), [("drbd-dev", 3060), ("cluster-devel", 7288), ("lvs-devel", 1730)]
)
def test_shipped_messages_are_the_archives_less_what_provenance_dropped(shipped, source, archived):
    row = shipped.snapshot.source(source)
    count = int((shipped.snapshot.messages["source"] == source).sum())
    assert row is not None
    assert count == row.items == archived - sum(row.dropped.values())


def test_heartbeat_is_silent_since_2016(shipped_run):
    table = shipped_run.table
    assert table.get("heartbeat", "commits_12m").value == 0
    assert table.get("heartbeat", "months_since_last_commit").value > 120
    assert table.get("heartbeat", "messages_12m").outcome == "not_available"
    assert table.get("heartbeat", "new_committers_slope").detail["silent_years"] >= 9


def test_shared_history_of_pacemaker_counts_once(shipped, shipped_run):
    commits = shipped.snapshot.commits
    both = commits[commits["source"].isin(["pacemaker", "pacemaker-1.0"])]
    # 8,050 have equal hashes; the same change under another hash counts once as well
    assert 8050 <= both["commit"].duplicated().sum() <= 8050 * 1.02
    bots = set(shipped.snapshot.persons.loc[shipped.snapshot.persons["bot"], "person"])
    once = both.sort_values("committed", kind="stable").drop_duplicates("commit")
    work = once[~once["merge"] & ~once["person"].isin(bots)]
    assert shipped_run.table.get("pacemaker", "commits_total").value == len(work)


def test_missing_is_never_a_number_in_the_table(shipped_run):
    rows = shipped_run.evaluation.metrics
    assert {row.metric for row in rows} == set(all_metrics())
    for row in rows:
        if row.outcome == "ok":
            assert row.value is not None
            assert row.low is not None
            assert row.high is not None
            assert row.low <= row.value <= row.high
        else:
            assert (row.value, row.low, row.high) == (None, None, None)
            assert row.note


def test_every_metric_says_what_it_is(shipped):
    for metric in all_metrics().values():
        assert metric.formula
        assert metric.unit
        assert metric.window
        assert metric.source == "ours" or metric.source in shipped.study.references


def test_suites_have_no_history_of_their_own(shipped_run):
    assert "red-hat-cluster-suite" not in {row.candidate for row in shipped_run.evaluation.metrics}
    found = shipped_run.table.get("red-hat-cluster-suite", "commits_12m")
    assert found.outcome == "not_available"


def test_yearly_series_of_an_import_is_unknown_before_the_import(shipped_run):
    """keepalived's repository began in 2009; its oldest author date is of 2000."""
    years = {
        row.year: row for row in shipped_run.evaluation.yearly if row.candidate == "keepalived"
    }
    assert years[2000].new_contributors == 1
    assert {years[y].commits for y in range(2000, 2009)} == {None}
    assert years[2009].commits
    assert years[2009].messages is None


def test_yearly_series_add_up_to_the_totals(shipped_run):
    for name in ("corosync", "pacemaker", "heartbeat", "haproxy"):
        rows = [row for row in shipped_run.evaluation.yearly if row.candidate == name]
        total = sum(row.commits or 0 for row in rows)
        assert total == shipped_run.table.get(name, "commits_total").value
        assert [row.year for row in rows] == list(range(rows[0].year, 2027))
