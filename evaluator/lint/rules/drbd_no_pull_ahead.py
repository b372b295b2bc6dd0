"""The peer must not fall behind when the network is slow."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-no-pull-ahead",
    rationale="With pull-ahead DRBD stops replicating when its queue is full and goes on writing "
    "locally; what was acknowledged since then is lost in a failover.",
    remedy="remove on-congestion (the default blocks)",
    source="drbd-conf-man",
)
def check(drbd: Entry) -> Iterator[Finding]:
    """``on-congestion`` is not ``pull-ahead``."""
    for resource in resources(drbd):
        for entry in resource.options("net", "on-congestion"):
            if entry.value == "pull-ahead":
                yield found(f"resource {resource.name!r} pulls ahead of its peer", entry.where)
