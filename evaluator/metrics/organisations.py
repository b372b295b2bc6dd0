"""Which organisations carry a project, as far as the study and mail domains can tell.

What the study says of a person, address or domain at a date outranks all else; ``unknown`` is an
answer too.  Else a domain counts as an organisation when the catalogue lists it, or when at least
two persons of the window use it and the catalogue does not call it personal (ours); everything
else is unknown, and the unknown share becomes the width of the interval.
"""

from __future__ import annotations

import pandas as pd

from evaluator.metrics.contributors import smallest_half
from evaluator.metrics.history import History
from evaluator.metrics.registry import FLOOR, Measure, metric, not_available

MOST_UNKNOWN = 0.8
UNKNOWN = "unknown"
"""What the study calls an organisation of which it knows that the domain does not tell it."""


def organisation_of(history: History, rows: pd.DataFrame) -> pd.Series:
    """Organisation of each commit; missing where it is unknown."""
    domains = rows["domain"].astype("str")
    persons = rows.groupby(domains)["person"].nunique()
    listed = set(history.organisations.names.values())
    names: dict[str, str | None] = {}
    for domain, people in persons.items():
        name = history.organisations.organisation(str(domain))
        names[str(domain)] = name if name in listed or people >= 2 else None
    stated = rows["organisation"].astype("str")
    known = stated.where(stated.str.casefold() != UNKNOWN)
    return known.where(stated != "", domains.map(names))


@metric(
    "elephant_factor", "Elephant Factor", unit="organisations", window="24 months", direction="max"
)
def elephant_factor(history: History) -> Measure:
    """Smallest number of organisations whose commits reach 50 % of those with a known one.

    The interval: ``low`` gives all unknown commits to the largest organisation, ``high`` makes
    every unknown person an organisation of one's own.
    """
    recent = history.window(history.work, "committed", 24)
    if recent.empty:
        return Measure(0, 0, note="no commit in the window")
    if len(recent) < FLOOR:
        return not_available(f"n = {len(recent)} is below the floor of {FLOOR}", len(recent))
    names = organisation_of(history, recent)
    known = names.dropna().value_counts()
    unknown = recent[names.isna()]
    share = len(unknown) / len(recent)
    note = f"{share:.0%} of commits without a known organisation"
    if known.empty or share > MOST_UNKNOWN:
        return not_available(note, len(recent))
    favoured = known.copy()
    favoured.iloc[0] += len(unknown)
    alone = unknown["person"].value_counts()
    low = smallest_half(favoured)
    high = smallest_half(pd.concat([known, alone]))
    value = smallest_half(known)
    return Measure(value, len(recent), low=min(low, value), high=max(high, value), note=note)


@metric(
    "organizational_diversity",
    "Organizational Diversity",
    unit="organisations",
    window="24 months",
    direction="max",
)
def organizational_diversity(history: History) -> Measure:
    """Number of organisations with at least one commit.

    The interval's ``high`` adds the unknown persons as organisations of their own.
    """
    recent = history.window(history.work, "committed", 24)
    if recent.empty:
        return Measure(0, 0, note="no commit in the window")
    names = organisation_of(history, recent)
    count = names.nunique()
    unknown = recent.loc[names.isna(), "person"].nunique()
    share = float(names.isna().mean())
    note = f"{share:.0%} of commits without a known organisation"
    return Measure(count, len(recent), low=count, high=count + unknown, note=note)
