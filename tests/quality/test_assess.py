"""The rows as a whole: what they name exists, and any tables that a snapshot may hold are fine."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.metrics import all_metrics
from evaluator.quality import all_checks, assess, flags
from evaluator.quality.record import WINDOWS
from evaluator.quality.registry import LOOKS_BACK, check
from evaluator.result import QualityRow
from evaluator.snapshot import TABLES

AS_OF = dt.date(2024, 6, 30)
READS_MORE = {"inactive_contributors_12m": 24}
"""Metrics that read more months than their window says: those before it, to compare with."""


def months(metric: str, window: str) -> int:
    """Months that the words of a window span."""
    if metric in READS_MORE:
        return READS_MORE[metric]
    if window == "until the as-of date":
        return 12
    size = sum(int(n) for n in re.findall(r"\d+", window))
    return size * 12 if "year" in window else size


def test_every_metric_that_is_touched_exists_and_is_looked_back_as_far() -> None:
    metrics = all_metrics()
    assert {m: months(m, metrics[m].window) for m in LOOKS_BACK} == dict(LOOKS_BACK)
    assert set(LOOKS_BACK.values()) <= {0, *WINDOWS}


@pytest.mark.parametrize("id", all_checks())
def test_a_check_touches_metrics_of_the_kind_that_it_reads(id: str) -> None:
    entry = all_checks()[id]
    assert set(entry.affects) <= set(LOOKS_BACK)
    kinds = {all_metrics()[m].needs for m in entry.affects}
    assert kinds <= ({"mail"} if entry.reads == "messages" else {"git"})


def test_a_check_is_registered_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        check("bulk_days", "Again", reads="commits", affects=())(lambda record: None)


def test_a_check_says_what_it_looks_for() -> None:
    with pytest.raises(ValueError, match="no docstring"):
        check("new", "New", reads="commits", affects=())(lambda record: None)


def test_flags_are_those_of_the_metric_and_of_the_sources() -> None:
    def row(source: str, check: str, *affects: str) -> QualityRow:
        return QualityRow(
            source=source, check=check, name=check, severity="note", value=1, unit="", n=1,
            text="", affects=list(affects),
        )  # fmt: skip

    rows = [row("b", "z", "m"), row("a", "y", "m"), row("a", "x", "other"), row("c", "w", "m")]
    assert flags([*rows, row("a", "z", "m")], ["a", "b"], "m") == ["y", "z"]
    assert flags(rows, [], "m") == []


@pytest.mark.parametrize("empty", [[], ["commits"], ["messages"], ["releases"], [*TABLES]])
def test_empty_tables(empty: list[str], alpha: Any, beta: Any, snapshot: Any) -> None:
    whole = snapshot(alpha, beta)
    without = {name: getattr(whole, name).iloc[:0] for name in empty}
    found = {row.check for row in assess(dataclasses.replace(whole, **without), AS_OF)}
    assert found == set()


def test_a_source_of_merges_only_and_one_commit_only(alpha: Any, beta: Any, snapshot: Any) -> None:
    for row in alpha.commits:
        row |= {"merge": True, "lines_added": None, "lines_removed": None, "files": None}
    del beta.commits[1:], beta.messages[1:], beta.releases[1:]
    assert {row.check for row in assess(snapshot(alpha, beta), AS_OF)} == set()


def test_text_columns_give_the_same_as_categories(alpha: Any, beta: Any, snapshot: Any) -> None:
    for row in alpha.commits[-30:]:
        row["domain"] = "localhost"
    whole = snapshot(alpha, beta)
    plain = {
        name: getattr(whole, name).astype({"source": "str"})
        for name in ("commits", "messages", "issues", "releases")
    }
    plain["commits"] = plain["commits"].astype({"domain": "str"})
    rows = assess(whole, AS_OF)
    assert rows
    assert assess(dataclasses.replace(whole, **plain), AS_OF) == rows


def test_the_order_of_the_rows_says_nothing(alpha: Any, beta: Any, snapshot: Any) -> None:
    for mine, theirs in zip(alpha.commits[-40:], beta.commits[-40:], strict=True):
        mine |= {"commit": theirs["commit"], "domain": "localhost", "root": True}
    whole = snapshot(alpha, beta)
    turned = {
        name: getattr(whole, name).iloc[::-1].reset_index(drop=True)
        for name in ("commits", "messages", "releases")
    }
    rows = assess(whole, AS_OF)
    assert len(rows) >= 4
    assert assess(dataclasses.replace(whole, **turned), AS_OF) == rows


def test_what_was_left_out_of_an_otherwise_empty_source_is_reported(
    alpha: Any, beta: Any, snapshot: Any
) -> None:
    alpha.commits.clear()
    alpha.dropped = {"unreadable": 3}
    (row,) = assess(snapshot(alpha, beta), AS_OF)
    assert (row.source, row.check, row.value, row.n) == ("alpha", "left_out", 3, 3)


DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2024, 6, 30))


@given(
    commits=st.lists(
        st.fixed_dictionaries(
            {
                "committed": DAYS,
                "authored": DAYS,
                "person": st.integers(0, 2),
                "merge": st.booleans(),
                "root": st.booleans(),
                "domain": st.sampled_from(["", "localhost", "example.edu", "a\n.b", "."]),
                "lines_added": st.sampled_from([None, 0, 1, 2_000_000_000]),
                "lines_removed": st.sampled_from([None, 0, 2_000_000_000]),
            }
        ),
        max_size=30,
    ),
    sent=st.lists(DAYS, max_size=30),
    tags=st.lists(
        st.tuples(DAYS, st.sampled_from(["", "1.0", "10.2", "x", "1..", "9" * 30]), st.booleans()),
        max_size=30,
    ),
    as_of=DAYS,
)
def test_any_history_is_assessed_without_a_crash(
    commits: Any, sent: Any, tags: Any, as_of: dt.date, make_project: Any, snapshot: Any
) -> None:
    project = make_project()
    for row in commits:
        project.commit(**{"day": row["committed"], **row})
    for day in sent:
        project.thread(day)
    for number, (day, series, prerelease) in enumerate(tags):
        project.release(day, str(number), series=series, prerelease=prerelease)
    for row in assess(snapshot(project), as_of):
        assert pd.notna(row.value)
        assert row.n >= 1
        assert set(row.affects) <= set(LOOKS_BACK)
