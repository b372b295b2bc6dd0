"""The model against figures worked out by hand, its approximation and its limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.evidence.availability import (
    MINUTES_A_YEAR,
    Interval,
    Reliability,
    coverage,
    downtime,
    mean_outage,
    ratio_of_medians,
    single,
    unavailability,
)

NODE = Reliability(mtbf=4380, mttr=4, manual=4)


def test_one_node_alone() -> None:
    assert single(NODE) * MINUTES_A_YEAR == pytest.approx(480, abs=1)


@pytest.mark.parametrize(
    ("share", "seconds", "minutes"),
    [(1, 60, 2.9), (0.99, 60, 7.6), (0.90, 60, 50.6), (0.99, 300, 15.6)],
)
def test_two_nodes(share: float, seconds: float, minutes: float) -> None:
    found = unavailability(NODE, seconds, share) * MINUTES_A_YEAR
    assert round(found, 1) == minutes
    assert found == pytest.approx(_first_order(NODE, seconds, share) * MINUTES_A_YEAR, rel=0.002)


def _first_order(node: Reliability, seconds: float, share: float) -> float:
    """U = (c t + (1 - c) t_manual) / MTBF + 2 (MTTR/MTBF)^2."""
    away = share * seconds / 3600 + (1 - share) * node.manual
    return away / node.mtbf + 2 * (node.mttr / node.mtbf) ** 2


@given(
    share=st.floats(0.5, 1),
    seconds=st.floats(1, 600),
    mtbf=st.floats(2000, 50_000),
    mttr=st.floats(1, 12),
)
def test_the_chain_is_its_first_order_over_the_weight_of_all_states(
    share: float, seconds: float, mtbf: float, mttr: float
) -> None:
    """Solved by hand: relative to both up, one up is 2 MTTR/MTBF and away is the first order."""
    node = Reliability(mtbf, mttr, manual=4)
    away = _first_order(node, seconds, share)
    assert unavailability(node, seconds, share) == pytest.approx(
        away / (1 + 2 * mttr / mtbf + away), rel=1e-9
    )


@pytest.mark.parametrize(
    ("worked", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilsons_interval_as_published(worked: int, trials: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I, method 3."""
    found = coverage(worked, trials)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_wilsons_interval() -> None:
    # ten of ten do not make a certainty: z^2 / (n + z^2) with z = 1.96
    low, estimate, high = coverage(10, 10)
    assert [low, estimate, high] == pytest.approx([0.7225, 1, 1], abs=1e-4)
    with pytest.raises(ValueError, match="at least one trial"):
        coverage(0, 0)


def test_the_mean_outage_lies_in_its_interval_and_repeats() -> None:
    measured = [2.9, 3.2, 3.0, 4.1, 2.8]
    found = mean_outage(measured)
    assert found.low < found.estimate < found.high
    assert found.estimate == pytest.approx(3.2)
    assert found == mean_outage(measured)
    assert mean_outage([2.0]) == Interval(2, 2, 2)


def test_downtime_joins_the_worse_ends() -> None:
    found = downtime(NODE, Interval(30, 60, 90), Interval(0.9, 0.99, 1))
    assert found.low == pytest.approx(unavailability(NODE, 30, 1) * MINUTES_A_YEAR)
    assert found.estimate == pytest.approx(7.6, rel=0.01)
    assert found.high == pytest.approx(unavailability(NODE, 90, 0.9) * MINUTES_A_YEAR)
    assert found.low < found.estimate < found.high


def test_a_ratio_of_medians_has_the_interval_of_both() -> None:
    low, ratio, high = ratio_of_medians([7.0, 7.5, 7.5, 8.0, 9.0], [5.0, 5.5, 6.0, 6.0, 7.0])
    assert ratio == 1.25
    assert 1.0 < low < 1.25 < high < 1.8
    assert ratio_of_medians([6.0] * 3, [3.0] * 3) == (2, 2, 2)
    # as wide the one, as wide the other way round
    mirrored = ratio_of_medians([5.0, 5.5, 6.0, 6.0, 7.0], [7.0, 7.5, 7.5, 8.0, 9.0])
    assert mirrored.high == pytest.approx(1 / low, rel=0.05)
    with pytest.raises(ValueError, match="median to compare with is 0"):
        ratio_of_medians([1.0], [0.0, 0.0, 3.0])
