"""Two ways for the heartbeats."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint import ha
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-two-paths",
    rationale="Over one path a pulled cable looks like a dead node: both nodes take the resources.",
    remedy="add a second bcast, ucast or mcast on another interface",
    source="heartbeat-docs",
)
def check(ha_cf: Entry) -> Iterator[Finding]:
    """Heartbeats go over two interfaces or serial ports at least."""
    paths = sorted(ha.paths(ha_cf))
    if len(paths) < 2:
        media = [e for e in ha_cf.children if set(paths) & set(e.values)]
        where = media[0].where if media else ha_cf.where
        yield found(f"heartbeats go over {', '.join(paths) or 'nothing'} only", where)
