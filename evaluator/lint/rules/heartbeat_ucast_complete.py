"""Every path leads to every node."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-ucast-complete",
    severity=Severity.WARNING,
    rationale="A node whose address is missing on a path gets no heartbeats over it: the second "
    "path is there in one direction only, and missing when it is needed.",
    remedy="on every interface a ucast for each node (lines to the node itself are ignored), or on "
    "each only for the other one",
    source="heartbeat-docs",
)
def check(ha_cf: Entry) -> Iterator[Finding]:
    """Interfaces with ``ucast`` have the same number of addresses."""
    lines = (*ha_cf.all("ucast"), *ha_cf.all("ucast6"))
    paths: dict[str, set[str]] = {}
    for entry in lines:
        if len(entry.values) > 1:
            paths.setdefault(entry.values[0], set()).add(entry.values[1])
    most = max(map(len, paths.values()), default=0)
    for interface, addresses in paths.items():
        if len(addresses) < most:
            where = next(e.where for e in lines if e.values[:1] == (interface,))
            message = f"{interface} has {len(addresses)} addresses, another interface {most}"
            yield found(message, where)
