"""What commits change: moves that look like work, and commits that change nothing."""

from __future__ import annotations

import numpy as np

from evaluator.quality.record import Record
from evaluator.quality.registry import FLOOR, WHEN, Observation, check
from evaluator.quality.words import count, percent

MOVED_LINES = 1_000
MOVED_BALANCE = 0.1
"""Lines added and removed that differ by no more than this look like a move (ours)."""

MOVED_SHARE = 1 / 3
EMPTY_SHARE = 0.02
"""Share of commits without a line; a few tags, modes and binaries are in every history (ours)."""


@check(
    "mass_moves",
    "Mass moves",
    reads="commits",
    affects=("median_lines_changed",),
    severity="note",
)
def mass_moves(record: Record) -> Observation | None:
    """Commits that remove and add 1,000 lines or more in equal measure (moved, renamed or
    reformatted, not written) hold a third of all lines changed.
    """
    added = record.work["lines_added"].fillna(0).to_numpy(dtype=np.int64)
    removed = record.work["lines_removed"].fillna(0).to_numpy(dtype=np.int64)
    moves = (np.minimum(added, removed) >= MOVED_LINES) & (
        np.abs(added - removed) <= MOVED_BALANCE * np.maximum(added, removed)
    )
    changed = added + removed
    lines, whole = int(changed[moves].sum()), int(changed.sum())
    if not lines or lines < MOVED_SHARE * whole:
        return None
    text = (
        f"{count(int(moves.sum()), 'commit')} that remove as many lines as they add hold "
        f"{percent(lines, whole)} of {count(whole, 'line')} changed"
    )
    within = record.holding(record.work["committed"][moves])
    return Observation(lines / whole, "share of lines", len(moves), text, within)


@check(
    "empty_commits",
    "Commits without lines",
    reads="commits",
    affects=(*WHEN, "commits_total", "median_lines_changed"),
)
def empty_commits(record: Record) -> Observation | None:
    """At least 2 % of the non-merge commits change no line: tags and branches of a converted
    system, modes, binaries.
    """
    counted = record.work[record.work["lines_added"].notna() & record.work["lines_removed"].notna()]
    empty = (counted["lines_added"] + counted["lines_removed"] == 0).to_numpy(dtype=bool)
    n, whole = int(empty.sum()), len(empty)
    if n < max(FLOOR, EMPTY_SHARE * whole):
        return None
    text = f"{percent(n, whole)} of {count(whole, 'non-merge commit')} change no line"
    within = record.where(empty, counted["committed"], EMPTY_SHARE)
    return Observation(n / whole, "share of commits", whole, text, within)
