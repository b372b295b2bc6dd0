"""Agreeing takes longer than losing the token."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import members, token_ms
from evaluator.lint.registry import found, rule

FACTOR = 1.2
JOIN_MS = 50


@rule(
    "consensus-longer-than-token",
    rationale="With a consensus timeout below 1.2 times the token timeout a new membership is "
    "started before the old attempt is over: healthy nodes drop out and are fenced.",
    remedy="delete consensus; it is then 1.2 times the token",
    source="corosync-conf-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``consensus`` is at least 1.2 × token; with two nodes longer than ``join``."""
    entry = corosync.find("totem", "consensus")
    if entry is None:
        return
    consensus = corosync.number("totem", "consensus") or 0.0
    join = corosync.number("totem", "join")
    least = FACTOR * token_ms(corosync)
    if len(members(corosync)) == 2:
        least = (JOIN_MS if join is None else join) + 1
    if round(consensus - least, 6) < 0:
        yield found(f"consensus is {entry.value!r} ms; at least {least:g} ms here", entry.where)
