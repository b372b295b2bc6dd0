"""Fencing is more than the promise of the node itself."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import devices
from evaluator.lint.registry import found, rule

PRETENDERS = {
    "external/ssh": "asks the node itself, which a dead or cut off node does not hear",
    "ssh": "asks the node itself, which a dead or cut off node does not hear",
    "suicide": "asks the node itself, which a dead or cut off node does not hear",
    "null": "does nothing and reports success",
    "external/null": "does nothing and reports success",
    "fence_dummy": "does nothing and reports success",
    "meatware": "waits for a person to confirm",
}


@rule(
    "fence-agent-for-tests",
    rationale="Agents of this kind report success without a node being off, or cannot reach a dead "
    "one: either the service runs twice, or nothing is ever recovered.",
    remedy="use the agent of an out-of-band switch: fence_ipmilan, fence_apc_snmp, a hypervisor's, "
    "or SBD",
    source=("pacemaker-explained", "fence-agents-repo", "crmsh-docs"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """No device is of an agent that is made for tests."""
    for device in devices(cib):
        if device.agent in PRETENDERS:
            message = f"{device.id} is of {device.agent}, which {PRETENDERS[device.agent]}"
            yield found(message, cib.where(device.element))
