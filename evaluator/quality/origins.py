"""Where a history comes from: joined, imported, converted, or shared with another source."""

from __future__ import annotations

import numpy as np

from evaluator.quality.record import Record
from evaluator.quality.registry import NEWCOMERS, ORIGIN, PEOPLE, REPOSITORY, Observation, check
from evaluator.quality.words import count, days, named, percent

IMPORTED_LINES = 10_000
"""Lines of a first commit that nobody writes in one go (ours)."""

ONE_DATE_COMMITS = 100
"""Commits by others than the most active person, all without a date of their own (ours)."""

ONE_DATE_EXCEPTIONS = 3
"""So many commits with two dates are taken for slips of a conversion (ours)."""

SHARED_SHARE = 0.01
"""Share of shared commits below which they may be chance or single back-ports (ours)."""


@check("several_roots", "Several roots", reads="commits", affects=(*ORIGIN, *NEWCOMERS))
def several_roots(record: Record) -> Observation | None:
    """More than one commit has no parent: histories that began apart were joined."""
    roots = record.commits[record.commits["root"]].sort_values("committed")
    if len(roots) < 2:
        return None
    begun = days(roots["committed"])
    text = f"{len(roots)} histories that began apart were joined; they begin {begun}"
    within = record.holding(roots["committed"].iloc[1:])
    return Observation(len(roots), "roots", len(record.commits), text, within)


@check("imported_base", "Imported code base", reads="commits", affects=(*ORIGIN, *NEWCOMERS))
def imported_base(record: Record) -> Observation | None:
    """A commit without a parent brings 10,000 lines or more: older work is not recorded."""
    roots = record.commits[record.commits["root"]]
    large = roots[roots["lines_added"].fillna(0) >= IMPORTED_LINES]
    if large.empty:
        return None
    lines = int(large["lines_added"].sum())
    text = (
        f"{count(lines, 'line')} entered with the first commit of a history "
        f"({days(large['committed'])}); who wrote them before, and when, is not recorded"
    )
    return Observation(lines, "lines", len(roots), text, record.holding(large["committed"]))


@check("no_author_dates", "No author dates", reads="commits", affects=PEOPLE)
def no_author_dates(record: Record) -> Observation | None:
    """The history begins with 100 commits or more, beside those of the most active person, that
    were all committed on the day they were written: a central system or a conversion kept the
    date and name of who committed, not of who wrote.
    """
    commits = record.commits
    order = np.lexsort((commits["commit"], commits["committed"]))
    delay = (commits["committed"].to_numpy() - commits["authored"].to_numpy())[order]
    apart = np.flatnonzero(np.abs(delay) > np.timedelta64(1, "D"))
    end = int(apart[ONE_DATE_EXCEPTIONS - 1]) if len(apart) >= ONE_DATE_EXCEPTIONS else len(order)
    if end < ONE_DATE_COMMITS:
        return None
    begun = commits.iloc[order[:end]]
    if end - int(begun["person"].value_counts().iloc[0]) < ONE_DATE_COMMITS:
        return None
    dates = begun["committed"]
    text = (
        f"the first {count(end, 'commit')} ({days(dates)}) have one date only: "
        "patches of others may count for who committed them"
    )
    within = record.holding(dates)
    return Observation(end / len(order), "share of commits", len(order), text, within)


@check("shared_history", "Shared history", reads="commits", affects=REPOSITORY)
def shared_history(record: Record) -> Observation | None:
    """At least 1 % of the commits are in another source too: the two are not independent.

    Within one candidate such a commit counts once; of two candidates each has it.
    """
    shared = record.shared.get("commits")
    if shared is None or shared.mask.mean() < SHARED_SHARE:
        return None
    n = int(shared.mask.sum())
    dates = record.commits["committed"]
    text = (
        f"{percent(n, len(dates))} of {count(len(dates), 'commit')} are in other sources too "
        f"({days(dates[shared.mask])}): {named(shared.others)}"
    )
    within = record.where(shared.mask, dates, SHARED_SHARE)
    return Observation(n / len(dates), "share of commits", len(dates), text, within)
