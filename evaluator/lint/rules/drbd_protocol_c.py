"""A write must be on both disks before it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-protocol-c",
    rationale="Protocol A acknowledges a write that is still in the local send buffer, protocol B "
    "one that is in the peer's memory: a failover then loses acknowledged data.",
    remedy="protocol C; (it is also the default)",
    source="drbd-conf-man",
)
def check(drbd: Entry) -> Iterator[Finding]:
    """Protocol A or B is written nowhere."""
    for resource in resources(drbd):
        for entry in resource.options("net|resource|common", "protocol"):
            if entry.value.upper() != "C":
                yield found(f"resource {resource.name!r}: protocol {entry.value}", entry.where)
