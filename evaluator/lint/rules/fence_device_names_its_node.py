"""A management controller is told whose it is."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import MANAGEMENT_CONTROLLER, devices
from evaluator.lint.registry import found, rule


@rule(
    "fence-device-names-its-node",
    rationale="A controller switches the server that it sits in, whatever node it is asked for. "
    "One that claims other nodes too kills the healthy node and reports the lost one as off.",
    remedy="write pcmk_host_list with exactly the node that the controller sits in",
    source=("pacemaker-explained", "rhel-ha-docs"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """A controller's device lists one node, and no other controller's address is the same."""
    owners: dict[str, str] = {}
    for device in devices(cib):
        if not MANAGEMENT_CONTROLLER.fullmatch(device.agent):
            continue
        where = cib.where(device.element)
        if device.targets is None:
            yield found(f"{device.id} ({device.agent}) does not say which node it switches", where)
        elif len(device.targets) != 1:
            names = ", ".join(sorted(device.targets))
            yield found(f"{device.id} ({device.agent}) claims several nodes: {names}", where)
        address = device.address
        if address and "ipport" not in device.parameters:
            first = owners.setdefault(address.value, device.id)
            if first != device.id:
                yield found(f"{device.id} has the address of {first}", address.where)
