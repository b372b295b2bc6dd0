"""Releases as tags tell them: series side by side, tags made afterwards, tags kept elsewhere."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from evaluator.quality.record import Record
from evaluator.quality.registry import RELEASES, Observation, check
from evaluator.quality.words import count, days, largest, named

FEWEST = 3
"""One or two may be slips of a tag (ours)."""

BULK_TAGS = 5
PRERELEASES_PER_FINAL = 3
UNTAGGED_MONTHS = 36
UNTAGGED_COMMITS = 20


@check("parallel_series", "Parallel release series", reads="releases", affects=RELEASES)
def parallel_series(record: Record) -> Observation | None:
    """Three final releases or more came after one of a higher series: several series are kept
    up at once, and releases per year add them up.
    """
    finals = record.finals
    numbers = [tuple(int(d) for d in re.findall(r"\d+", s)) for s in finals["series"]]
    highest: tuple[int, ...] = ()
    older = np.zeros(len(numbers), dtype=bool)
    for at, number in enumerate(numbers):
        older[at] = number < highest
        highest = max(highest, number)
    if older.sum() < FEWEST:
        return None
    behind = finals[older]
    text = (
        f"{len(behind)} of {count(len(finals), 'final release')} are of a series older than the "
        f"newest of their day, the last {behind['version'].iloc[-1]} on "
        f"{behind['released'].iloc[-1].date()}"
    )
    within = record.holding(behind["released"])
    return Observation(len(behind), "releases", len(finals), text, within)


@check("bulk_tags", "Tagged in bulk", reads="releases", affects=RELEASES)
def bulk_tags(record: Record) -> Observation | None:
    """Five tags or more are of one day: made afterwards, so that their dates are no release's."""
    per_day = record.releases["released"].value_counts()
    found = per_day[per_day >= BULK_TAGS]
    if found.empty:
        return None
    n = int(found.sum())
    text = f"{n} of {count(len(record.releases), 'tag')} were made in bulk ({largest(found)})"
    within = record.holding(found.index.to_series())
    return Observation(n, "tags", len(record.releases), text, within)


@check("development_tags", "Development tags", reads="releases", affects=RELEASES)
def development_tags(record: Record) -> Observation | None:
    """Each of the newest three series or more has one final release only, amid three times as
    many pre-releases: later releases of these series are tagged elsewhere, or there are none.
    """
    finals = record.finals
    series = pd.factorize(finals["series"])[0]
    several = np.flatnonzero(np.bincount(series, minlength=1)[series] > 1)
    single = finals.iloc[(int(several[-1]) + 1 if len(several) else 0) :]
    if len(single) < FEWEST:
        return None
    since = record.releases[record.releases["released"] > single["released"].iloc[0]]
    before = int(since["prerelease"].sum())
    if before < PRERELEASES_PER_FINAL * len(single):
        return None
    text = (
        f"the newest {len(single)} series ({days(single['released'])}) have one final release "
        f"each, amid {count(before, 'pre-release')}: their upkeep is not tagged here"
    )
    within = record.everywhere()
    return Observation(len(single), "series", len(record.releases), text, within)


@check("shared_releases", "Shared releases", reads="releases", affects=RELEASES)
def shared_releases(record: Record) -> Observation | None:
    """Three tags or more, of the same name and day, are in another source too: one project's
    releases, or one repository split in two.
    """
    shared = record.shared.get("releases")
    if shared is None or shared.mask.sum() < FEWEST:
        return None
    n, dates = int(shared.mask.sum()), record.releases["released"]
    text = (
        f"{n} of {count(len(dates), 'tag')} ({days(dates[shared.mask])}) are in other sources "
        f"too: {named(shared.others)}"
    )
    return Observation(n, "tags", len(dates), text, record.holding(dates[shared.mask]))


@check("untagged", "Work without a release", reads="releases", affects=RELEASES)
def untagged(record: Record) -> Observation | None:
    """20 non-merge commits or more entered in the 36 months or more since the last final
    release: releases are not tagged any more, or not made.
    """
    if record.finals.empty:
        return None
    last = record.finals["released"].iloc[-1]
    since = int((record.work["committed"] > last).sum())
    if last >= record.starts[UNTAGGED_MONTHS] or since < UNTAGGED_COMMITS:
        return None
    text = f"{count(since, 'non-merge commit')} since the last tagged release, on {last.date()}"
    within = record.everywhere()
    return Observation(since, "commits", len(record.work), text, within)
