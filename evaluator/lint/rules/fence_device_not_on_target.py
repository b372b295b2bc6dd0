"""A fence device is not run by the node that it is to switch off."""

from __future__ import annotations

import math
from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.configuration import Configuration
from evaluator.lint.fencing import SBD, devices
from evaluator.lint.registry import found, rule


@rule(
    "fence-device-not-on-target",
    severity=Severity.WARNING,
    rationale="A device that is monitored from the very node it switches is only known to work "
    "from there; that another node can reach it shows when it is too late.",
    remedy='add <rsc_location rsc="DEVICE" node="NODE" score="-INFINITY"/>',
    source="pacemaker-explained",
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """A device of one node is banned from it by a location of -INFINITY."""
    banned = {
        (resource, place.node)
        for place in cib.locations()
        for resource in place.resources
        if place.score == -math.inf
    }
    for device in devices(cib):
        if device.targets is None or len(device.targets) != 1 or device.agent in SBD:
            continue
        (node,) = device.targets
        if configuration.is_node(node) and (device.id, node) not in banned:
            yield found(
                f"{device.id} may run on its own target {node!r}", cib.where(device.element)
            )
