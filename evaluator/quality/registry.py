"""Checks register themselves: a decorated function in any module of this package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from evaluator.quality.record import Record
from evaluator.result import QualityRow, QualitySeverity

LOOKS_BACK: Mapping[str, int] = {
    "active_contributors_12m": 12,
    "active_weeks_share": 24,
    "age_years": 0,
    "answered_share": 24,
    "burstiness": 24,
    "commits_12m": 12,
    "commits_total": 0,
    "contributor_absence_factor": 24,
    "elephant_factor": 24,
    "inactive_contributors_12m": 24,
    "mail_participants_12m": 12,
    "median_lines_changed": 12,
    "messages_12m": 12,
    "months_since_last_commit": 12,
    "months_since_last_release": 12,
    "new_committers_slope": 120,
    "new_contributors_12m": 12,
    "new_mail_participants_slope": 120,
    "new_non_code_slope": 120,
    "occasional_contributors_share": 24,
    "organizational_diversity": 24,
    "release_frequency": 36,
    "release_series": 24,
    "retention": 24,
    "threads_12m": 12,
    "time_to_first_response": 24,
}
"""Months before the as-of date that a metric reads, 0 for the whole history.

What is older than its window does not touch a metric.  A metric that says how long ago something
last happened is touched by the newest 12 months (ours).
"""

WHEN = ("commits_12m", "active_weeks_share", "burstiness")
"""Metrics of when commits entered."""

NEWCOMERS = ("new_contributors_12m", "new_committers_slope", "new_non_code_slope")
"""Metrics of when persons came."""

PEOPLE = (
    *NEWCOMERS,
    "active_contributors_12m",
    "contributor_absence_factor",
    "inactive_contributors_12m",
    "occasional_contributors_share",
    "retention",
)
"""Metrics of who committed."""

ORGANISATIONS = ("elephant_factor", "organizational_diversity")
ORIGIN = ("age_years", "commits_total")
REPOSITORY = (
    *WHEN,
    *PEOPLE,
    *ORGANISATIONS,
    *ORIGIN,
    "median_lines_changed",
    "months_since_last_commit",
)
"""All metrics of commits."""

LIST_VOLUME = ("mail_participants_12m", "messages_12m", "threads_12m")
RESPONSES = ("answered_share", "time_to_first_response")
LIST = (*LIST_VOLUME, *RESPONSES, "new_mail_participants_slope")
"""All metrics of mailing lists."""

RELEASES = ("months_since_last_release", "release_frequency", "release_series")


FLOOR = 20
"""Smallest number of items of which a share is looked at (ours)."""

Reads = Literal["commits", "messages", "issues", "releases", ""]


@dataclass(frozen=True)
class Observation:
    """What a check found in one source.

    ``within`` holds the windows (months before the as-of date, 0 for the whole history) in which
    it shows; ``n`` counts the items that were looked at.
    """

    value: float
    unit: str
    n: int
    text: str
    within: frozenset[int]


@dataclass(frozen=True)
class Check:
    """A registered check with what a reader must know of it."""

    id: str
    name: str
    reads: Reads
    """Table without whose rows there is nothing to look at; empty when there is no such table."""
    severity: QualitySeverity
    affects: tuple[str, ...]
    meaning: str
    function: Callable[[Record], Observation | None]

    def row(self, record: Record) -> QualityRow | None:
        """Look at a source; what touches no metric of the as-of date is no more than a note."""
        if self.reads and getattr(record, self.reads).empty:
            return None
        found = self.function(record)
        if found is None:
            return None
        touched = sorted(m for m in self.affects if LOOKS_BACK[m] in found.within)
        return QualityRow(
            source=record.source,
            check=self.id,
            name=self.name,
            severity=self.severity if touched else "note",
            value=found.value,
            n=found.n,
            unit=found.unit,
            text=found.text,
            affects=touched,
        )


_CHECKS: dict[str, Check] = {}


def check(
    id: str,
    name: str,
    *,
    reads: Reads,
    affects: tuple[str, ...],
    severity: QualitySeverity = "caution",
) -> Callable[[Callable[[Record], Observation | None]], Callable[[Record], Observation | None]]:
    """Register a check; what it looks for is the first paragraph of the docstring.

    ``affects`` names metrics; ``note`` is the severity of what metrics already allow for.
    """

    def register(
        function: Callable[[Record], Observation | None],
    ) -> Callable[[Record], Observation | None]:
        if id in _CHECKS:
            raise ValueError(f"check {id!r} is registered twice")
        meaning = " ".join((function.__doc__ or "").split("\n\n")[0].split())
        if not meaning:
            raise ValueError(f"check {id!r} has no docstring to say what it looks for")
        _CHECKS[id] = Check(id, name, reads, severity, affects, meaning, function)
        return function

    return register


def all_checks() -> Mapping[str, Check]:
    """Every check of the modules of this package, by identifier, in alphabetical order."""
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
    return dict(sorted(_CHECKS.items()))
