"""Init scripts are poor resource agents."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule


@rule(
    "lsb-agent",
    severity=Severity.WARNING,
    rationale="Many init scripts lack a status action or its exit codes, and know nothing between "
    "running and stopped: a half-failed service is taken for a stopped one and started elsewhere.",
    remedy="use an OCF agent or a systemd unit, or prove the script against the LSB's exit codes",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """No primitive is of class ``lsb``."""
    for primitive in cib.primitives():
        if cib.agent(primitive).startswith("lsb:"):
            message = f"{name(primitive)!r} is an init script ({cib.agent(primitive)})"
            yield found(message, cib.where(primitive))
