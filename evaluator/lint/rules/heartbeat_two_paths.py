"""Two ways for the heartbeats."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.lint import ha
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-two-paths",
    rationale="Over one path a pulled cable looks like a dead node: both nodes take the resources.",
    remedy="add a second bcast, ucast or mcast on another interface",
    source="heartbeat-docs",
    formats=("ha_cf",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """Heartbeats go over two interfaces or serial ports at least."""
    assert configuration.ha_cf
    paths = sorted(ha.paths(configuration.ha_cf))
    if len(paths) < 2:
        media = [e for e in configuration.ha_cf.children if set(paths) & set(e.values)]
        where = media[0].where if media else configuration.ha_cf.where
        yield found(f"heartbeats go over {', '.join(paths) or 'nothing'} only", where)
