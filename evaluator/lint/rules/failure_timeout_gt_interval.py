"""Failures are remembered long enough to be counted."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.units import score, seconds
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule


@rule(
    "failure-timeout-gt-interval",
    severity=Severity.WARNING,
    rationale="A failure that is forgotten before the next monitor is never counted together with "
    "the next one: the migration-threshold is not reached, and a sick service stays.",
    remedy="failure-timeout well above monitor interval + timeout + restart, times the threshold",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """failure-timeout > interval + timeout of each monitor, where a threshold above 1 counts."""
    for primitive in cib.primitives():
        meta = cib.effective_meta(primitive)
        limit, threshold = meta.get("failure-timeout"), meta.get("migration-threshold")
        forgotten = seconds(limit.value) if limit else None
        if not limit or not forgotten or not threshold or not 1 < score(threshold.value) < 1e9:
            continue
        for operation in cib.operations(primitive):
            slowest = operation.interval + (operation.timeout or 0)
            if operation.name == "monitor" and operation.interval and forgotten <= slowest:
                message = (
                    f"{name(primitive)!r}: failures are forgotten after {forgotten:g} s, a "
                    f"monitor may take {slowest:g} s to tell the next one"
                )
                yield found(message, limit.where)
                break
