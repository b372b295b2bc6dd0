"""Availability of a service on two nodes: modelled from what trials measured and the site states.

The model is a continuous-time Markov chain of five states (Trivedi and Bobbio 2017, *Reliability
and Availability Engineering*, chapter 9, for the method; these five states are ours).
What comes out is modelled, never guaranteed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MINUTES_A_YEAR = 365.25 * 24 * 60
SHORTEST_SECONDS = 0.001
"""What clients could tell from no outage at all (ours)."""


class Reliability(NamedTuple):
    """What a site states of one node, in hours.

    ``manual`` is the time until somebody has recovered by hand what the cluster did not.
    """

    mtbf: float
    mttr: float
    manual: float


class Interval(NamedTuple):
    """An estimate with the ends of its confidence interval."""

    low: float
    estimate: float
    high: float


def single(node: Reliability) -> float:
    """Unavailability of one node alone, as a fraction: MTTR / (MTBF + MTTR)."""
    return node.mttr / (node.mtbf + node.mttr)


def unavailability(node: Reliability, failover_seconds: float, coverage: float) -> float:
    """Fraction of time without service on two nodes, in the long run.

    States: both up; failing over; one up; waiting for a person; both down.  Each node fails at
    1/MTBF, one repairer mends one node after the other.

    Parameters
    ----------
    node
        Both nodes are alike.
    failover_seconds
        Mean outage of a failover that works.
    coverage
        Probability that it does: that detection, fencing and promotion all work.
    """
    fail, mend = 1 / node.mtbf, 1 / node.mttr
    # an outage of nothing would be an endless rate
    over, by_hand = 3600 / max(failover_seconds, SHORTEST_SECONDS), 1 / node.manual
    both, failing_over, one, waiting, none = range(5)
    rates = np.zeros((5, 5))
    rates[both, failing_over] = fail * coverage
    rates[both, waiting] = fail * (1 - coverage)
    rates[both, one] = fail  # the passive node: nobody notices
    rates[failing_over, one] = over
    rates[waiting, one] = by_hand
    rates[one, both] = mend
    rates[one, none] = fail
    rates[none, one] = mend
    np.fill_diagonal(rates, -rates.sum(axis=1))
    # the stationary distribution: its flows balance, and it sums to one
    balance = np.vstack([rates.T[:-1], np.ones(5)])
    share = np.linalg.solve(balance, [0, 0, 0, 0, 1])
    return float(share[failing_over] + share[waiting] + share[none])


def coverage(worked: int, trials: int, confidence: float = 0.95) -> Interval:
    """Share of failovers that worked, with Wilson's score interval (Wilson 1927).

    Raises
    ------
    ValueError
        Without a trial there is nothing to estimate.
    """
    if trials < 1:
        raise ValueError("coverage needs at least one trial")
    from scipy import stats

    test = stats.binomtest(worked, trials)
    ends = test.proportion_ci(confidence, method="wilson")
    return Interval(float(ends.low), worked / trials, float(ends.high))


def mean_outage(seconds: Sequence[float], confidence: float = 0.95, seed: int = 0) -> Interval:
    """Mean of the measured outages, with a bootstrap interval (bias-corrected, accelerated).

    Equal values have no spread to resample: the interval is then that value, also for a single one,
    of which nothing can be told.
    """
    values = np.asarray(seconds, dtype=float)
    mean = float(values.mean())
    if np.ptp(values) == 0:
        return Interval(mean, mean, mean)
    from scipy import stats

    done = stats.bootstrap(
        (values,), np.mean, confidence_level=confidence, rng=np.random.default_rng(seed)
    )
    ends = done.confidence_interval
    return Interval(float(ends.low), mean, float(ends.high))


def ratio_of_medians(
    seconds: Sequence[float], beside: Sequence[float], confidence: float = 0.95, seed: int = 0
) -> Interval:
    """How many times as long the one takes as the other, with a bootstrap interval (percentiles).

    Raises
    ------
    ValueError
        Where the other takes no time in the middle, there is no ratio.
    """
    ours, theirs = (np.asarray(each, dtype=float) for each in (seconds, beside))
    if np.median(theirs) == 0:
        raise ValueError("the median to compare with is 0")
    rng, draws = np.random.default_rng(seed), 10_000
    over, under = (
        np.median(rng.choice(each, (draws, len(each))), axis=1) for each in (ours, theirs)
    )
    found = np.full(draws, np.inf)
    np.divide(over, under, out=found, where=under > 0)
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(np.median(ours) / np.median(theirs)), float(high))


def downtime(node: Reliability, outage: Interval, covered: Interval) -> Interval:
    """Minutes without service a year; its ends join the better and the worse ends of both.

    That is wider than a joint interval of the same confidence, on purpose.
    """
    low, mid, high = (
        MINUTES_A_YEAR * unavailability(node, seconds, share)
        for seconds, share in zip(outage, reversed(covered), strict=True)
    )
    return Interval(low, mid, high)
