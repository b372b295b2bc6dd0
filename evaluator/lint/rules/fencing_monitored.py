"""Fence devices are tried before they are needed."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import SBD, devices
from evaluator.lint.registry import found, rule


@rule(
    "fencing-monitored",
    severity=Severity.WARNING,
    rationale="A controller that has lost its network or its password is found out only by the "
    "failover that needs it, unless the cluster asks it now and then.",
    remedy="give the fence device a recurring monitor, for example every 300 s",
    source=("pacemaker-explained", "crmsh-docs"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """Every fence device has a recurring monitor; SBD watches its disks by itself."""
    for device in devices(cib):
        operations = cib.operations(device.element)
        if device.agent in SBD or any(o.name == "monitor" and o.interval > 0 for o in operations):
            continue
        yield found(f"{device.id} has no recurring monitor", cib.where(device.element))
