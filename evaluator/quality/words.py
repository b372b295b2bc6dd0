"""Figures and dates as the sentences of checks spell them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

MOST_NAMED = 3
"""Longer lists end in how many more there are."""


def count(how_many: int, noun: str) -> str:
    """``1 commit``, ``8,050 commits``."""
    return f"{how_many:,} {noun}{'' if how_many == 1 else 's'}"


def percent(part: int, whole: int) -> str:
    """A share as percent, never rounded down to nothing or up to all."""
    share = 100 * part / whole
    if 0 < share < 1:
        return "less than 1 %"
    return f"{share:.0f} %" if part == whole or share < 99 else "99 %"


def days(dates: pd.Series) -> str:
    """``2004-06-24``, or ``2004-06-24 to 2012-07-27``."""
    first, last = dates.min().date(), dates.max().date()
    return f"{first}" if first == last else f"{first} to {last}"


def named(counts: Mapping[str, int]) -> str:
    """The first three, with their counts, and how many more there are."""
    shown = ", ".join(f"{name} {n:,}" for name, n in list(counts.items())[:MOST_NAMED])
    more = len(counts) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def largest(per_day: pd.Series) -> str:
    """The days with most items, with their counts; ``per_day`` is indexed by day."""
    ranked = per_day.sort_index().sort_values(ascending=False, kind="stable")
    names = pd.DatetimeIndex(ranked.index).strftime("%Y-%m-%d")
    return named(dict(zip(names, ranked.tolist(), strict=True)))
