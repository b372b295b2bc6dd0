"""Two operations of one name and interval are one."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.units import seconds
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule


@rule(
    "operation-unique",
    severity=Severity.WARNING,
    rationale="Pacemaker knows an operation by its name and interval; of two that share them one "
    "is never run, as a deep check beside a shallow one.",
    remedy="give each its own interval",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Name and interval differ among the operations of a primitive."""
    for primitive in cib.primitives():
        seen = set()
        for op in primitive.iterfind("operations/op"):
            key = op.get("name"), seconds(op.get("interval", "0"))
            if key in seen:
                message = f"{name(primitive)!r} has {key[0]} with interval {key[1] or 0:g} s twice"
                yield found(message, cib.where(op))
            seen.add(key)
