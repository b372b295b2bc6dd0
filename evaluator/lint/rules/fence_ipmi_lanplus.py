"""IPMI is spoken in version 2."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.units import truth
from evaluator.lint.fencing import devices
from evaluator.lint.registry import found, rule

VERSION_1_5 = frozenset({"fence_ipmilan"})
"""The other names of this agent (fence_idrac, fence_ilo3 and later, fence_imm) imply lanplus."""


@rule(
    "fence-ipmi-lanplus",
    severity=Severity.WARNING,
    rationale="IPMI 1.5 sends commands unencrypted, and many controllers have it switched off: the "
    "device then fails to fence.",
    remedy="write lanplus=1 into the fence device",
    source=("fence-agents-repo", "rhel-ha-docs"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """``fence_ipmilan`` has ``lanplus``; its default is off."""
    for device in devices(cib):
        entry = device.parameters.get("lanplus")
        if device.agent in VERSION_1_5 and not (entry and truth(entry.value) is True):
            typed = f"lanplus is {entry.value!r}" if entry else "there is no lanplus"
            yield found(
                f"{device.id}: {typed}", entry.where if entry else cib.where(device.element)
            )
