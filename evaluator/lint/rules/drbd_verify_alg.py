"""Copies must be comparable while they are in use."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-verify-alg",
    severity=Severity.INFO,
    rationale="Without an algorithm `drbdadm verify` cannot run, and copies that differ by a fault "
    "of a disk or a network card are found only after a failover.",
    remedy="net { verify-alg sha256; } and `drbdadm verify RESOURCE` once a month",
    source="drbd-conf-man",
)
def check(drbd: Entry) -> Iterator[Finding]:
    """Every resource has a ``verify-alg``."""
    for resource in resources(drbd):
        if not resource.text("net|syncer", "verify-alg"):
            yield found(f"resource {resource.name!r} has no verify-alg", resource.entry.where)
