"""A mount that cannot be read any more still looks mounted."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.agents import FILESYSTEM
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule


@rule(
    "filesystem-read-check",
    severity=Severity.INFO,
    rationale="The monitor of Filesystem only looks whether something is mounted; with "
    "OCF_CHECK_LEVEL 10 it reads, with 20 it also writes, and notices a disk that is gone.",
    remedy="a second monitor: interval=120s timeout=60s OCF_CHECK_LEVEL=20",
    source="resource-agents-repo",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Every mount of a block device has a monitor of level 10 or 20."""
    for primitive in cib.primitives():
        device = cib.parameters(primitive).get("device")
        if cib.agent(primitive) == FILESYSTEM and device and device.value.startswith("/dev/"):
            recurring = (o for o in cib.operations(primitive) if o.interval > 0)
            levels = {o.values.get("OCF_CHECK_LEVEL", "0") for o in recurring}
            if not levels & {"10", "20"}:
                yield found(f"{name(primitive)!r} is never read", cib.where(primitive))
