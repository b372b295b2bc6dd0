"""A fence device has a node that may use it."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import HELPERS, devices
from evaluator.lint.locations import may_run_on
from evaluator.lint.registry import found, rule


@rule(
    "fence-device-placeable",
    rationale="A node uses a fence device only where constraints let the device run there; one "
    "that no other node may use never fences its target.",
    remedy="keep the device from its target alone (score -INFINITY), and delete the other bans",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Each device may run on a node that is not the only one it fences."""
    nodes = cib.nodes()
    for device in devices(cib):
        if device.agent in HELPERS or len(nodes) < 2:
            continue
        where = may_run_on(cib, device.id)
        for target in sorted((device.targets or frozenset(nodes)) & frozenset(nodes)):
            if not any(node != target for node in where):
                message = f"no node but {target!r} may use {device.id}, which is to fence it"
                yield found(message, cib.where(device.element))
