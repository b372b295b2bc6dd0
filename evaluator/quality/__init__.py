"""Quality of the data: what in each source's history a reader of its metrics must know.

Snapshot and as-of date in, one row per source and observation out.  A check says nothing of a
project; it says what its records cannot tell, or tell in a misleading way.  Thresholds are ours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from evaluator.quality.record import records
from evaluator.quality.registry import Check, Observation, all_checks
from evaluator.result import QualityRow
from evaluator.snapshot import Snapshot

__all__ = ["Check", "Observation", "all_checks", "assess", "flags"]


def assess(snapshot: Snapshot, as_of: dt.date) -> list[QualityRow]:
    """Look at every source as of a date, with every check.

    Reads the snapshot's tables and, at the snapshot's own date, the counts of what was left out
    in mining.

    Returns
    -------
    list of QualityRow
        By source and check; a source without a row has none of the known flaws.
    """
    checks = all_checks().values()
    found = (check.row(record) for record in records(snapshot, as_of) for check in checks)
    return [row for row in found if row is not None]


def flags(rows: Sequence[QualityRow], sources: Collection[str], metric: str) -> list[str]:
    """Checks whose observations in any of these sources touch a metric, in alphabetical order."""
    return sorted({row.check for row in rows if row.source in sources and metric in row.affects})
