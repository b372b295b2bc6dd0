"""What is not monitored is not recovered."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.formats.units import truth
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule


@rule(
    "monitor-on-every-primitive",
    rationale="Pacemaker starts and stops a resource without a recurring monitor, and never "
    "notices that it died.",
    remedy="add an operation: monitor interval=20s timeout=…",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Every primitive but fence devices (``fencing-monitored``) has a monitor with an interval."""
    for primitive in cib.primitives():
        recurring = any(
            o.name == "monitor" and o.interval > 0 and truth(o.values.get("enabled", "true"))
            for o in cib.operations(primitive)
        )
        if not recurring and not cib.agent(primitive).startswith("stonith:"):
            message = f"{name(primitive)!r} ({cib.agent(primitive)}) has no recurring monitor"
            yield found(message, cib.where(primitive))
