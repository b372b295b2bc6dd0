"""Who contributes: persons, their concentration, arrival and staying."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluator.metrics.history import History
from evaluator.metrics.registry import FLOOR, Measure, metric, not_available, ratio


def smallest_half(counts: pd.Series) -> int:
    """Smallest number of largest counts that reach half of the sum (0 when the sum is 0)."""
    ordered = np.sort(counts.to_numpy())[::-1]
    if not len(ordered) or ordered.sum() == 0:
        return 0
    return int(np.searchsorted(np.cumsum(ordered), ordered.sum() / 2) + 1)


def arrivals(frame: pd.DataFrame, column: str) -> pd.Series:
    """First date of each person, indexed by person."""
    return frame.groupby("person", observed=True)[column].min()


@metric(
    "active_contributors_12m",
    "Contributors: active",
    unit="persons",
    window="12 months",
    direction="max",
)
def active_contributors_12m(history: History) -> Measure:
    """Persons with at least one non-merge commit."""
    recent = history.window(history.work, "committed", 12)
    return Measure(recent["person"].nunique(), len(recent))


@metric(
    "contributors_total",
    "Contributors, whole history",
    unit="persons",
    window="whole history",
    direction="max",
)
def contributors_total(history: History) -> Measure:
    """Persons with at least one non-merge commit; a placeholder address hides who stands behind."""
    return Measure(history.work["person"].nunique(), len(history.work))


@metric(
    "new_contributors_12m", "New Contributors", unit="persons", window="12 months", direction="max"
)
def new_contributors_12m(history: History) -> Measure:
    """Persons whose first commit lies in the window."""
    first = arrivals(history.work, "born").to_frame("born")
    return Measure(len(history.window(first, "born", 12)), len(first))


@metric(
    "inactive_contributors_12m",
    "Inactive Contributors",
    unit="persons",
    window="12 months",
    direction="min",
)
def inactive_contributors_12m(history: History) -> Measure:
    """Persons who committed in the 12 months before, and not in the last 12 months."""
    before = set(history.window(history.work, "committed", 12, end=12)["person"])
    now = set(history.window(history.work, "committed", 12)["person"])
    return Measure(len(before - now), len(before))


@metric(
    "occasional_contributors_share",
    "Occasional Contributors",
    unit="share",
    window="24 months",
    direction="min",
)
def occasional_contributors_share(history: History) -> Measure:
    """Persons with one commit in the window / persons with any."""
    counts = history.window(history.work, "committed", 24)["person"].value_counts()
    return ratio(int((counts == 1).sum()), len(counts))


@metric(
    "retention",
    "Contributor Retention",
    unit="share",
    window="12 months against the 12 before",
    direction="max",
    source="ours",
)
def retention(history: History) -> Measure:
    """Persons of the 12 months before who committed again in the last 12 / those persons."""
    before = set(history.window(history.work, "committed", 12, end=12)["person"])
    now = set(history.window(history.work, "committed", 12)["person"])
    return ratio(len(before & now), len(before), floor=5)


@metric(
    "contributor_absence_factor",
    "Contributor Absence Factor",
    unit="persons",
    window="24 months",
    direction="max",
)
def contributor_absence_factor(history: History) -> Measure:
    """Smallest number of persons whose commits reach 50 % of the window's."""
    recent = history.window(history.work, "committed", 24)
    if recent.empty:
        return Measure(0, 0, note="no commit in the window: nobody carries it")
    if len(recent) < FLOOR:
        return not_available(f"n = {len(recent)} is below the floor of {FLOOR}", len(recent))
    return Measure(smallest_half(recent["person"].value_counts()), len(recent))
