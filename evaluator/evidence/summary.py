"""Trials made into rows of a table: fault by cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from evaluator.evidence.availability import Interval, coverage, mean_outage
from evaluator.evidence.record import Record, grouped
from evaluator.evidence.values import LEAST


class Row(NamedTuple):
    """All trials of one fault on one cluster; times in seconds.

    ``outage`` is of the web front: median, smallest and largest of the longest gaps; None where it
    never answered.  ``mean`` and ``coverage`` (the share of trials in which every audit held) are
    with 95 % intervals; a mean needs :data:`~evaluator.evidence.values.LEAST` trials.
    """

    fault: str
    cluster: str
    trials: int
    outage: float | None
    shortest: float | None
    longest: float | None
    mean: Interval | None
    holders: int
    acknowledged: int
    lost: int
    doubled: int
    altered: int
    fenced: int
    redundant: float
    held: int
    coverage: Interval
    budget: float


def rows(records: Iterable[Record]) -> list[Row]:
    """A row for each fault and cluster, sorted."""
    return sorted(_row(fault, cluster, made) for (fault, cluster), made in grouped(records).items())


def _row(fault: str, cluster: str, made: list[Record]) -> Row:
    outages = [record.outage["http"] for record in made if "http" in record.outage]
    held = sum(record.held for record in made)
    return Row(
        fault=fault,
        cluster=cluster,
        trials=len(made),
        outage=float(np.median(outages)) if outages else None,
        shortest=min(outages, default=None),
        longest=max(outages, default=None),
        mean=mean_outage(outages) if len(outages) >= LEAST else None,
        holders=max(record.holders for record in made),
        acknowledged=sum(record.acknowledged for record in made),
        lost=sum(record.lost for record in made),
        doubled=sum(record.doubled for record in made),
        altered=sum(record.altered for record in made),
        fenced=sum(bool(record.fenced) for record in made),
        redundant=float(np.median([record.redundant for record in made])),
        held=held,
        coverage=coverage(held, len(made)),
        budget=max(record.budget for record in made),
    )


def breakdown(records: Iterable[Record]) -> dict[tuple[str, str], dict[str, float]]:
    """Median seconds of each phase of the failovers, by (fault, cluster)."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for key, made in grouped(r for r in records if r.phases).items():
        names = dict.fromkeys(name for record in made for name in record.phases)
        found[key] = {
            name: float(np.median([r.phases[name] for r in made if name in r.phases]))
            for name in names
        }
    return found
