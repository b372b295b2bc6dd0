"""What trials say of a cluster: the values that criteria read, and the availability they promise.

Measured are outage and coverage; availability is modelled from them, never guaranteed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from evaluator.evidence.availability import (
    MINUTES_A_YEAR,
    Interval,
    Reliability,
    coverage,
    downtime,
    mean_outage,
    single,
    unavailability,
)
from evaluator.evidence.record import Record

FAILOVER = "power-cut-active"
"""The fault that stands for a failover: the node that serves loses its power (ours)."""

LOSSES = (FAILOVER, "isolated-silent")
"""Faults by which the node that serves is lost, by its power or to everybody; how many of them
are survived is what a model of failing nodes asks (ours)."""

LEAST = 3
"""Outages from which a mean can be told with an interval (ours)."""

ASSUMED = (0.90, 0.99, 0.999)
"""Coverages for which availability is told beside the measured one (ours)."""


class Value(NamedTuple):
    """What a criterion can read of the trials of a cluster; ``estimate`` takes those that count.

    There must be at least ``least`` of them.
    """

    unit: str
    counts: Callable[[Record], bool]
    estimate: Callable[[Sequence[Record]], Interval]
    least: int = 1


VALUES: Mapping[str, Value] = {
    # mean outage of the web front
    "failover": Value(
        "s",
        lambda record: record.fault == FAILOVER and "http" in record.outage,
        lambda made: mean_outage([record.outage["http"] for record in made]),
        LEAST,
    ),
    # share of the trials in which every audit held
    "coverage": Value(
        "share",
        lambda record: True,
        lambda made: coverage(sum(record.held for record in made), len(made)),
    ),
    # share of the trials in which never two nodes had the address
    "single_holder": Value(
        "share",
        lambda record: True,
        lambda made: coverage(sum(record.holders < 2 for record in made), len(made)),
    ),
}
"""The values by name; each is estimated with a 95 % interval."""


class Measured(NamedTuple):
    """A value of a cluster, and how many trials of how many faults it is from."""

    interval: Interval
    trials: int
    faults: int


def comparable(records: Iterable[Record], clusters: Iterable[str]) -> list[Record]:
    """Trials of these clusters, of those faults that every one of them was tried with.

    A cluster that was spared the hard ones must not seem to survive more.
    """
    tried: dict[str, set[str]] = {}
    wanted = set(clusters)
    made = [record for record in records if record.cluster in wanted]
    for record in made:
        tried.setdefault(record.cluster, set()).add(record.fault)
    common = set.intersection(*tried.values()) if tried else set()
    return [record for record in made if record.fault in common]


def measured(
    value: str, records: Iterable[Record], cluster: str, beside: Iterable[str] = ()
) -> Measured | None:
    """A value of :data:`VALUES` from the records of a cluster; None where no trial counts.

    It is to be compared with the clusters ``beside``, so only :func:`comparable` trials count, and
    only what the laboratory saw.
    """
    known = VALUES[value]
    counted = comparable(
        (record for record in records if record.seen and known.counts(record)), {cluster, *beside}
    )
    made = [record for record in counted if record.cluster == cluster]
    if len(made) < known.least:
        return None
    return Measured(known.estimate(made), len(made), len({record.fault for record in made}))


class Forecast(NamedTuple):
    """What a cluster's trials promise at a site.

    ``outage`` (seconds) and ``coverage`` are measured, in ``failovers`` and ``trials`` trials;
    ``downtime``, ``starting`` (with the time that the site leaves a start of the service added to
    each outage) and ``assumed``, by coverage, are modelled minutes without service a year.
    """

    cluster: str
    trials: int
    failovers: int
    outage: Interval
    coverage: Interval
    downtime: Interval
    starting: Interval
    assumed: Mapping[float, float]

    def against(self, allowed: float) -> str:
        """Whether that many minutes a year are kept: by all that is modelled, by none, or open."""
        if self.starting.high <= allowed:
            return "kept"
        return "missed" if self.downtime.low > allowed else "open"


def forecasts(records: Iterable[Record], node: Reliability, start: float) -> list[Forecast]:
    """A forecast for each cluster whose active node lost its power at least :data:`LEAST` times.

    Coverage is of :data:`LOSSES`, of those that all these clusters were tried with that are set to
    notice a loss within the same time; mail apart: lost mail is no minute.  The outage is that of
    failovers that worked, or of all where none did.  ``start`` is in seconds: the laboratory's
    stand-in starts sooner than the service.
    """
    every = [record.without_mail() for record in records if record.fault in LOSSES]
    budgets = {record.cluster: record.budget for record in every if record.fault == FAILOVER}
    found = []
    for cluster, budget in sorted(budgets.items()):
        own = [record for record in every if record.cluster == cluster]
        outage = measured("failover", [r for r in own if r.held], cluster)
        outage = outage or measured("failover", own, cluster)
        alike = [other for other in budgets if budgets[other] == budget]
        covered = measured("coverage", every, cluster, alike)
        if outage and covered:
            seconds, share = outage.interval, covered.interval
            model = {c: MINUTES_A_YEAR * unavailability(node, seconds.estimate, c) for c in ASSUMED}
            later = Interval(*(second + start for second in seconds))
            down, longer = (downtime(node, each, share) for each in (seconds, later))
            row = (covered.trials, outage.trials, seconds, share, down, longer, model)
            found.append(Forecast(cluster, *row))
    return found


def alone(node: Reliability) -> float:
    """Modelled minutes a year without service of one node."""
    return MINUTES_A_YEAR * single(node)


def allowed(availability_percent: float) -> float:
    """Minutes a year that a service level leaves."""
    return MINUTES_A_YEAR * (1 - availability_percent / 100)
