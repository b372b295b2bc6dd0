"""The wiring: one namespace for the switches, one for the client, one for each running node."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from evaluator.findings import EvaluationError
from evaluator.lab.command import in_namespace, must
from evaluator.lab.spec import LabSpec

_NAMESPACES = Path("/run/netns")


def switch(prefix: str) -> str:
    """Name of the namespace of the switches, which is also the operator's seat."""
    return f"{prefix}-switch"


def client(prefix: str) -> str:
    return f"{prefix}-client"


def make(prefix: str, spec: LabSpec) -> None:
    """Make the switches, the operator's and the controllers' addresses, and the client."""
    here, there = switch(prefix), client(prefix)
    must("ip", "netns", "add", here)
    must("ip", "netns", "add", there)
    lines = ["link set lo up"]
    for network in spec.networks:
        bridge = spec.interface(network)
        # with an address of its own: else it has the lowest of its ports', which changes when a
        # node is unplugged, and who knows the controllers by the old one waits for many seconds
        mac = spec.hardware_address("the switch", network)
        options = "forward_delay 0 stp_state 0 mcast_snooping 0"
        lines.append(f"link add {bridge} address {mac} type bridge {options}")
        lines.append(f"link set {bridge} up")
    for network, address in spec.operator.items():
        lines.append(_add(spec, network, address))
    for outlet in spec.outlets:
        lines.append(_add(spec, spec.outlet_network(outlet), outlet.address))
    for number, network in enumerate(spec.client):
        card = spec.interface(network)
        lines.append(f"link add client.{number} type veth peer name {card} netns {there}")
        lines.append(f"link set client.{number} master {card} up")
    _batch(here, lines)
    _batch(
        there,
        ["link set lo up"]
        + [f"link set {spec.interface(network)} up" for network in spec.client]
        + [_add(spec, network, address) for network, address in spec.client.items()],
    )


def plug_in(prefix: str, spec: LabSpec, node: str, cut: dict[str, bool]) -> str:
    """Give a node a fresh namespace with its cards, and return its name.

    It must be fresh: addresses and packet filters of the kernel would outlive a power cut.
    """
    name = f"{prefix}-{node}"
    if node not in spec.guests:  # those have no namespace: their cards are their machine's
        must("ip", "netns", "add", name)
    lines = []
    for network in spec.nodes[node]:
        end = port(spec, node, network)
        if node in spec.guests:
            lines.append(f"tuntap add mode tap name {end}")
        else:
            card, mac = spec.interface(network), spec.hardware_address(node, network)
            peer = f"peer name {card} address {mac} netns {name}"
            lines.append(f"link add {end} type veth {peer}")
        lines.append(_attach(spec, node, network, cut.get(network)))
    _batch(switch(prefix), lines)
    return name


def unplug(prefix: str, spec: LabSpec, node: str) -> None:
    """Remove what :func:`plug_in` made, if it is there.

    The ports are deleted by name, since those of a deleted namespace linger on for a moment.
    """
    lines = [f"link del {port(spec, node, network)}" for network in spec.nodes[node]]
    with suppress(EvaluationError):
        _batch(switch(prefix), lines, "-force")
    with suppress(EvaluationError):
        must("ip", "netns", "del", f"{prefix}-{node}")


def silence(prefix: str, spec: LabSpec, node: str) -> None:
    """Take all ports of a node down."""
    _batch(
        switch(prefix),
        [f"link set {port(spec, node, network)} down" for network in spec.nodes[node]],
    )


def rewire(prefix: str, spec: LabSpec, node: str, network: str, cut: bool | None) -> None:
    """Cut a node's port off, with (True) or without (False) carrier, or heal it (None)."""
    _batch(switch(prefix), [_attach(spec, node, network, cut)])


def part(prefix: str, spec: LabSpec, node: str, others: Iterable[str], network: str) -> None:
    """Keep a node's port apart from those of others, also when they are plugged in anew.

    Nothing else is: all reach whoever else is on the network, as with a switch's isolated ports.
    """
    own = port(spec, node, network)
    theirs = ", ".join(f'"{port(spec, other, network)}"' for other in others)
    rules = f"""\
table bridge {_apart(own)} {{
    chain forward {{
        type filter hook forward priority 0
        iifname "{own}" oifname {{ {theirs} }} drop
        oifname "{own}" iifname {{ {theirs} }} drop
    }}
}}
"""
    must(*in_namespace(switch(prefix), ["nft", "-f", "-"]), input=rules)


def join(prefix: str, spec: LabSpec, node: str, network: str) -> None:
    """Undo :func:`part`."""
    table = _apart(port(spec, node, network))
    must(*in_namespace(switch(prefix), ["nft", "delete", "table", "bridge", table]))


def join_all(prefix: str) -> None:
    """Undo every :func:`part` of a laboratory."""
    must(*in_namespace(switch(prefix), ["nft", "flush", "ruleset"]))


def _apart(own: str) -> str:
    return f"apart_{own.replace('.', '_')}"


def namespaces(prefix: str) -> list[str]:
    """Names of the namespaces of one laboratory that are there."""
    if not _NAMESPACES.is_dir():
        return []
    return sorted(path.name for path in _NAMESPACES.glob(f"{prefix}-*"))


def dismantle(prefix: str, timeout: float = 10) -> None:
    """Kill every process that lives in the namespaces of a laboratory, then remove them.

    The kernel's own list of a namespace's processes cannot mistake another program for ours, as a
    recorded number could.
    """
    until = time.monotonic() + timeout
    while (pids := list(_inhabitants(prefix))) and time.monotonic() < until:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    for name in namespaces(prefix):
        _if_there(name, "del")


def _inhabitants(prefix: str) -> Iterable[int]:
    for name in namespaces(prefix):
        yield from map(int, _if_there(name, "pids").split())


def _if_there(name: str, verb: str) -> str:
    """Ask about a namespace that the power daemon, which ends by itself, may just have removed."""
    try:
        return must("ip", "netns", verb, name)
    except EvaluationError:
        if Path(_NAMESPACES, name).exists():
            raise
        return ""


def port(spec: LabSpec, node: str, network: str) -> str:
    """Name of the switch's end of a node's cable."""
    return f"p{list(spec.nodes).index(node)}.{list(spec.networks).index(network)}"


def _attach(spec: LabSpec, node: str, network: str, cut: bool | None) -> str:
    master = "nomaster" if cut else f"master {spec.interface(network)}"
    return f"link set {port(spec, node, network)} {master} {'down' if cut is False else 'up'}"


def _add(spec: LabSpec, network: str, address: str) -> str:
    # an IPv6 address could not be bound before its duplicate address detection has ended
    flag = " nodad" if ":" in address else ""
    return f"addr add {spec.with_length(network, address)} dev {spec.interface(network)}{flag}"


def _batch(namespace: str, lines: Iterable[str], *options: str) -> None:
    must("ip", "-n", namespace, *options, "-batch", "-", input="\n".join(lines) + "\n")
