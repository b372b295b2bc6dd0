"""The peer must not fall behind when the network is slow."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-no-pull-ahead",
    rationale="With pull-ahead DRBD stops replicating when its queue is full and goes on writing "
    "locally; what was acknowledged since then is lost in a failover.",
    remedy="remove on-congestion (the default blocks)",
    source="drbd-conf-man",
    formats=("drbd",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """``on-congestion`` is not ``pull-ahead``."""
    assert configuration.drbd
    for resource in resources(configuration.drbd):
        for entry in resource.options("net", "on-congestion"):
            if entry.value == "pull-ahead":
                yield found(f"resource {resource.name!r} pulls ahead of its peer", entry.where)
