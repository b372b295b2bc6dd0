"""When commits were written and when they entered: late, in bulk, or by a wrong clock."""

from __future__ import annotations

import numpy as np

from evaluator.quality.record import WHOLE, Record
from evaluator.quality.registry import FLOOR, NEWCOMERS, WHEN, Observation, check
from evaluator.quality.words import count, days, largest, named, percent

LATE_DAYS = 30
LATE_SHARE = 0.10
"""A tenth of the commits that entered a month after they were written (ours)."""

OLD_DAYS = 365
BULK_COMMITS = 20
"""So many commits in one day are more than a day's work (ours)."""

BULK_SHARE = 1 / 3
HALF_YEAR = 183


@check("late_commits", "Late commits", reads="commits", affects=(*WHEN, *NEWCOMERS))
def late_commits(record: Record) -> Observation | None:
    """A tenth of the non-merge commits entered more than 30 days after they were written, in the
    whole history or in a metric's window (the widest of them is reported).
    """
    dates = record.work["committed"]
    delay = (dates - record.work["authored"]).dt.days
    late = (delay > LATE_DAYS).to_numpy()
    within = record.where(late, dates, LATE_SHARE, FLOOR)
    if not within:
        return None
    months = WHOLE if WHOLE in within else max(within)
    inside = record.inside(months, dates)
    late = late & inside
    n, whole = int(late.sum()), int(inside.sum())
    window = f" of the last {months} months" if months else ""
    text = (
        f"{percent(n, whole)} of {count(whole, 'non-merge commit')}{window} entered more than "
        f"{LATE_DAYS} days after they were written, half of these after {delay[late].median():.0f} "
        f"days or more"
    )
    return Observation(n / whole, "share of commits", whole, text, within)


@check("import_days", "Import days", reads="commits", affects=(*WHEN, *NEWCOMERS))
def import_days(record: Record) -> Observation | None:
    """On one day 20 non-merge commits or more entered that were older than a year: an import, or
    a branch that was long kept apart.
    """
    old = record.work[(record.work["committed"] - record.work["authored"]).dt.days > OLD_DAYS]
    per_day = old["committed"].value_counts()
    found = per_day[per_day >= BULK_COMMITS]
    if found.empty:
        return None
    n = int(found.sum())
    text = (
        f"{count(n, 'commit')} older than a year entered on {count(len(found), 'day')} "
        f"({largest(found)})"
    )
    return Observation(
        n, "commits", len(record.work), text, record.holding(found.index.to_series())
    )


@check("bulk_days", "Bulk days", reads="commits", affects=WHEN)
def bulk_days(record: Record) -> Observation | None:
    """One day holds 20 non-merge commits or more and a third of the year around it: what was
    done over months entered at once.
    """
    per_day = record.work["committed"].value_counts().sort_index()
    at = per_day.index.to_numpy().astype("datetime64[D]").astype(int)
    total = np.concatenate([[0], np.cumsum(per_day.to_numpy())])
    year = (
        total[np.searchsorted(at, at + HALF_YEAR, side="right")]
        - total[np.searchsorted(at, at - HALF_YEAR, side="left")]
    )
    found = per_day[(per_day >= BULK_COMMITS) & (per_day >= BULK_SHARE * year)]
    if found.empty:
        return None
    n = int(found.sum())
    text = (
        f"{count(n, 'commit')} entered on {count(len(found), 'day')}, each with a third or more "
        f"of the commits of the year around it ({largest(found)})"
    )
    return Observation(
        n, "commits", len(record.work), text, record.holding(found.index.to_series())
    )


@check("wrong_clocks", "Wrong clocks", reads="commits", affects=NEWCOMERS, severity="note")
def wrong_clocks(record: Record) -> Observation | None:
    """Commits were written on a later day than they were committed; the commit date counts."""
    commits = record.commits
    wrong = commits["committed"][commits["authored"] > commits["committed"]]
    if wrong.empty:
        return None
    text = f"{count(len(wrong), 'commit')} written after being committed ({days(wrong)})"
    return Observation(len(wrong), "commits", len(commits), text, record.holding(wrong))


@check("left_out", "Left out in mining", reads="", affects=(), severity="note")
def left_out(record: Record) -> Observation | None:
    """Items were left out in mining: no date that can be, a Message-ID seen before, unreadable."""
    reasons = {k: n for k, n in record.left_out.items() if n and not k.startswith("tags ")}
    if not reasons:
        return None
    n = sum(reasons.values())
    items = len(record.commits) + len(record.messages) + len(record.issues)
    ranked = dict(sorted(reasons.items(), key=lambda r: (-r[1], r[0])))
    text = f"{count(n, 'item')} left out: {named(ranked)}"
    return Observation(n, "items", items + n, text, frozenset({WHOLE}))
