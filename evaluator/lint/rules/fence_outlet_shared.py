"""Each node has an outlet of its own."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.cluster.power import outlet
from evaluator.findings import Finding, Where
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import MANAGEMENT_CONTROLLER, Device, devices, mapped
from evaluator.lint.registry import found, rule

PLUGS = ("plug", "port")


@rule(
    "fence-outlet-shared",
    rationale="To fence one node through the outlet of another kills the healthy node and reports "
    "the lost one as off: both sides then hold the data.",
    remedy="write the outlet of each node into pcmk_host_map, or into plug of its own device",
    source=("pacemaker-explained", "fence-agents-repo"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """No outlet of one address is that of two nodes."""
    owners: dict[tuple[str, ...], tuple[str, str]] = {}
    for device in devices(cib):
        address = device.address.value if device.address else ""
        # fence-device-names-its-node looks after controllers
        if not address or MANAGEMENT_CONTROLLER.fullmatch(device.agent):
            continue
        options = {name: entry.value for name, entry in device.parameters.items()}
        for node, plug, where in _plugs(device):
            own = outlet(device.agent, address, plug, options)
            first, id = owners.setdefault(own, (node, device.id))
            if first != node:
                message = f"{node!r} has outlet {plug!r} of {address}, and so has {first!r} ({id})"
                yield found(message, where)


def _plugs(device: Device) -> Iterator[tuple[str, str, Where]]:
    """Nodes and their outlets, each with its place."""
    given = device.parameters
    table = given.get("pcmk_host_map")
    outlets = mapped(table.value) if table else {}
    plug = next((given[name] for name in PLUGS if name in given), None)
    for node in sorted(device.targets or ()):
        if table:
            for each in filter(None, outlets.get(node, "").split(",")):
                yield node, each, table.where
        elif plug:
            yield node, plug.value, plug.where
