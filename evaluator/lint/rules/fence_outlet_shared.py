"""Each node has an outlet of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.cluster.power import outlet
from evaluator.findings import Finding, Where
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.lint.fencing import MANAGEMENT_CONTROLLER, Device, devices
from evaluator.lint.registry import found, rule

PLUGS = ("plug", "port")
ADDRESSES = ("ip", "ipaddr")


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
        given = device.parameters
        address = next((given[name].value for name in ADDRESSES if name in given), "")
        # fence-device-names-its-node looks after controllers
        if not address or MANAGEMENT_CONTROLLER.fullmatch(device.agent):
            continue
        options = {name: entry.value for name, entry in given.items()}
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
    mapped = dict(_pairs(table)) if table else {}
    plug = next((given[name] for name in PLUGS if name in given), None)
    for node in sorted(device.targets or ()):
        if table and node in mapped:
            for each in mapped[node].split(","):
                yield node, each, table.where
        elif plug and not table:
            yield node, plug.value, plug.where


def _pairs(table: Entry) -> Iterator[tuple[str, str]]:
    for part in re.split(r"[;\s]+", table.value):
        node, colon, plug = part.partition(":")
        if colon and plug:
            yield node, plug
