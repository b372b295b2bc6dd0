"""Checksums of every write are for trials."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-data-integrity-alg",
    severity=Severity.INFO,
    rationale="data-integrity-alg also fires on writes that a program changes while they travel, "
    "and each time it disconnects the peer; LINBIT suggests it before production only.",
    remedy="remove data-integrity-alg, and use verify-alg",
    source="drbd-conf-man",
)
def check(drbd: Entry) -> Iterator[Finding]:
    """``data-integrity-alg`` is not set."""
    for resource in resources(drbd):
        for entry in resource.options("net", "data-integrity-alg"):
            if entry.value:
                message = f"resource {resource.name!r}: data-integrity-alg {entry.value}"
                yield found(message, entry.where)
