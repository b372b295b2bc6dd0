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
    found = slope_test(series)
    slope, error, p = found.slope, found.error, found.p
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
    found = slope_test(np.array(counts, dtype=float))
    assert (found.slope, found.error, found.p) == pytest.approx((slope, 0, p))


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


def test_months_that_repeat_each_other_are_no_evidence_of_their_own():
    """Santer et al. (2000): n (1 - r) / (1 + r) observations, here worked out by hand."""
    counts = np.repeat([5.0, 1.0, 3.0, 6.0, 2.0, 4.0, 1.0, 5.0], 6) + np.tile([0.0, 2.0], 24)
    x = np.arange(48.0)
    fitted = scipy.stats.linregress(x, counts)
    residual = counts - fitted.intercept - fitted.slope * x
    r = (residual[1:] * residual[:-1]).sum() / (residual**2).sum()
    degrees = 48 * (1 - r) / (1 + r) - 2
    error = np.sqrt((residual**2).sum() / degrees / ((x - x.mean()) ** 2).sum())
    found = slope_test(counts, correlated=True)
    assert r > 0.2
    assert degrees > 1
    assert found.degrees == pytest.approx(degrees)
    assert found.error == pytest.approx(error)
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(abs(found.slope) / error, degrees))
    assert found.p > fitted.pvalue


def test_alternating_months_are_not_made_more_than_they_are():
    counts = np.tile([0.0, 4.0], 24)
    assert slope_test(counts, correlated=True) == slope_test(counts)


def monthly(per_month, end=AS_OF):
    """One message for each newcomer, mid-month, the last month being that before ``end``."""
    messages, person = [], 100
    for back, count in enumerate(reversed(per_month)):
        day = (np.datetime64(end, "M") - back).astype(dt.date).replace(day=15)
        for _ in range(count):
            person += 1
            messages.append({"person": person, "sent": dt.datetime.combine(day, dt.time(9))})
    return messages


def test_new_addresses_are_counted_by_month_and_leave_out_the_archive_s_first_years(found):
    """Old hands look new in an archive that begins in the middle of a project's life."""
    old_hands = [{"person": p, "sent": dt.datetime(2017, 1, 5)} for p in range(50)]
    slope = found([], [*old_hands, *monthly([1] * 36 + [2] * 18)])("new_mail_participants_slope")
    # 54 whole months from 2020-01 on, three years after the archive begins
    assert slope.note.startswith("newcomers by month over 53 months, 12 in the first twelve and 24")
    assert slope.detail["periods"] == 53
    assert slope.value > 0
    assert slope.n == 35 + 18 * 2


def test_an_archive_of_less_than_four_years_has_no_slope(found):
    old_hands = [{"person": p, "sent": dt.datetime(2018, 1, 5)} for p in range(50)]
    slope = found([], [*old_hands, *monthly([1] * 40)])("new_mail_participants_slope")
    assert slope.outcome == "not_available"
    assert slope.note == "41 months of history, 48 are needed"


def test_months_after_the_archive_s_end_are_left_out_and_silence_counts_by_month(found):
    old_hands = [{"person": p, "sent": dt.datetime(2012, 1, 5)} for p in range(50)]
    ended = dt.date(2023, 12, 31)
    last = {"person": 0, "sent": dt.datetime(2023, 12, 20)}
    messages = [*old_hands, *monthly([1] * 60 + [0] * 18, ended), last]
    slope = found([], messages)("new_mail_participants_slope")
    # from 2015-02, three years after the archive begins, to 2023-11: it ends within 2023-12
    assert slope.detail["periods"] == 106
    assert slope.detail["silent_years"] == pytest.approx(17 / 12)
