"""Slopes of newcomers (CM-SRA-2, CM-SRA-3) against scipy and by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from evaluator.metrics import measure
from evaluator.metrics.trends import slope_test

AS_OF = dt.date(2024, 6, 30)


@given(st.lists(st.integers(0, 60), min_size=4, max_size=10))
def test_slope_is_ordinary_least_squares(counts):
    series = np.array(counts, dtype=float)
    slope, error, p = slope_test(series)
    expected = scipy.stats.linregress(np.arange(len(series)), series)
    assert slope == pytest.approx(expected.slope, abs=1e-9)
    if np.ptp(series) > 0:  # scipy has no error and no p for a constant series
        assert error == pytest.approx(expected.stderr, abs=1e-7)
    if error > 1e-6:
        assert p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("counts", "slope", "p"), [([3, 3, 3, 3], 0, 1), ([0, 0, 0, 0], 0, 1), ([1, 2, 3, 4], 1, 0)]
)
def test_exact_lines(counts, slope, p):
    assert slope_test(np.array(counts, dtype=float)) == pytest.approx((slope, 0, p))


def arrivals(per_period, **more):
    """One commit for each newcomer; periods end at the as-of date, oldest first."""
    rows, person = [], 0
    for back, count in enumerate(reversed(per_period)):
        for _ in range(count):
            person += 1
            rows.append({"person": person, "committed": dt.date(2023 - back, 9, 15), **more})
    return rows


@pytest.fixture
def found(synthetic_snapshot, synthetic_study):
    def run(commits=(), messages=()):
        snapshot = synthetic_snapshot(commits, messages, as_of=AS_OF)
        table = measure(synthetic_study(), snapshot, AS_OF)
        return lambda metric: table.get("alpha", metric)

    return run


def test_new_committers_by_period(found):
    founder = {"person": 900, "committed": dt.date(2018, 1, 1)}
    slope = found([founder, *arrivals([1, 2, 3, 4, 5])])("new_committers_slope")
    assert slope.note.startswith("newcomers per year: 0, 1, 2, 3, 4, 5;")
    assert slope.value == pytest.approx(1)
    assert slope.n == 15
    assert slope.detail["silent_years"] == 0


def test_silent_years_are_counted_to_the_as_of_date(found):
    founder = {"person": 900, "committed": dt.date(2014, 1, 1)}
    slope = found([founder, *arrivals([5, 0, 2, 0, 0, 0])])("new_committers_slope")
    assert slope.detail["silent_years"] == 3
    nobody = found([founder, {"person": 900, "committed": AS_OF}])("new_committers_slope")
    assert nobody.detail["silent_years"] == 10
    assert (nobody.value, nobody.n) == (0, 0)


def test_a_young_project_has_no_slope_yet(found):
    slope = found([{"person": 1, "committed": dt.date(2021, 1, 1)}])("new_committers_slope")
    assert slope.outcome == "not_available"
    assert slope.value is None
    assert "3 whole years" in slope.note


def test_newcomers_of_the_founding_year_do_not_count_before_it_is_whole(found):
    """The period in which the first commit lies is cut off, so it is left out."""
    founders = [{"person": p, "committed": dt.date(2018, 1, 1)} for p in range(900, 950)]
    slope = found([*founders, *arrivals([2, 2, 2, 2])])("new_committers_slope")
    assert slope.note.startswith("newcomers per year: 0, 0, 2, 2, 2, 2;")


def test_non_code_commits_only(found):
    founder = {"person": 900, "committed": dt.date(2018, 1, 1)}
    code = arrivals([5, 4, 3, 2, 1])
    prose = [
        {**row, "person": row["person"] + 100, "files": 2, "files_code": 1}
        for row in arrivals([1, 1, 1, 1, 1])
    ]
    get = found([founder, *code, *prose])
    assert get("new_non_code_slope").note.startswith("newcomers per year: 0, 1, 1, 1, 1, 1;")
    assert get("new_committers_slope").note.startswith("newcomers per year: 0, 6, 5, 4, 3, 2;")
    assert found([founder, *code])("new_non_code_slope").outcome == "not_available"


def test_new_addresses_on_the_list_leave_out_the_archive_s_first_years(found):
    """Old hands look new in an archive that begins in the middle of a project's life."""
    messages = [{"person": p, "sent": dt.datetime(2017, 1, 5)} for p in range(50)]
    for i, row in enumerate(arrivals([1, 2, 3, 4])):
        sent = dt.datetime.combine(row["committed"], dt.time(9))
        messages.append({"person": 100 + i, "sent": sent})
    messages.append({"person": 300, "sent": dt.datetime(2024, 6, 30, 22)})  # on the very day
    slope = found([], messages)("new_mail_participants_slope")
    assert slope.note.startswith("newcomers per year: 1, 2, 3, 5;")
