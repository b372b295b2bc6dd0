"""Networks and addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from evaluator.cluster.check.problem import Problem
from evaluator.cluster.declaration import Declaration
from evaluator.cluster.networks import replication_networks, ring_networks
from evaluator.findings import allowed_values

INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}")


def networks(site: Declaration) -> Iterator[Problem]:
    """Two links, the replication apart from them, and no two networks on one range."""
    rings, replication = ring_networks(site), replication_networks(site)
    keepalived = site.stack.profile == "keepalived"
    if not 2 <= len(rings) <= 8 and not keepalived:
        yield Problem(
            "two-links",
            "networks",
            f"{len(rings)} networks of purpose 'ring'; one broken link must not split the cluster",
            "give two networks of purpose 'ring' (at most 8)",
        )
    if len(replication) != 1 and any(v.kind == "drbd" for v in site.volumes):
        yield Problem(
            "replication-apart",
            "networks",
            f"{len(replication)} networks of purpose 'replication'; exactly one is needed, so that "
            "a full link cannot delay the cluster transport",
            "give one network of purpose 'replication' of its own",
        )
    yield from _interfaces(site)
    nets = [(n.name, ipaddress.ip_network(n.cidr)) for n in site.networks]
    for i, (name, net) in enumerate(nets):
        for other, second in nets[i + 1 :]:
            if net.version == second.version and net.overlaps(second):
                yield Problem(
                    "networks-overlap",
                    f"networks.{name}.cidr",
                    f"{net} overlaps {second} of {other!r}; traffic would not stay apart",
                    "give every network a range of its own",
                )


def _interfaces(site: Declaration) -> Iterator[Problem]:
    """Cards are named where keepalived or Heartbeat must be told them, as the kernel names them."""
    wanted = {v.network for v in site.virtual_addresses}
    if site.stack.profile == "heartbeat":
        wanted |= {n.name for n in ring_networks(site)}
    for n in site.networks:
        at = f"networks.{n.name}.interface"
        if n.interface and not INTERFACE.fullmatch(n.interface):
            yield Problem(
                "unsafe-text",
                at,
                f"{n.interface!r} cannot be used",
                "allowed: at most 15 letters, digits and _ . -",
            )
        elif not n.interface and n.name in wanted and site.stack.profile != "pacemaker":
            yield Problem(
                "interface-missing",
                at,
                f"{site.stack.profile} must be told the card of network {n.name!r}",
                f"write interface: eth0 (its name on all nodes) at networks.{n.name}",
            )


def addresses(site: Declaration) -> Iterator[Problem]:
    """Every address is inside its network, a host's, and nobody else's."""
    networks = {n.name: ipaddress.ip_network(n.cidr) for n in site.networks}
    used = [
        (f"nodes.{n.name}.addresses.{net}", net, a)
        for n in site.nodes
        for net, a in n.addresses.items()
    ]
    used += [(f"virtual_addresses.{v.name}", v.network, v.address) for v in site.virtual_addresses]
    used += [(f"fence_devices.{d.name}", d.network, d.address) for d in site.fence_devices]
    taken: dict[ipaddress.IPv4Address | ipaddress.IPv6Address, str] = {}
    for place, network, text in used:
        address = ipaddress.ip_address(text)
        cidr = networks.get(network)
        if cidr is None:
            yield Problem(
                "unknown-network",
                place,
                f"no network {network!r}",
                allowed_values(network, networks),
            )
        elif address not in cidr:
            yield Problem(
                "address-outside-network",
                place,
                f"{address} is not in {cidr} of {network!r}",
                f"use an address of {cidr}",
            )
        elif address in (cidr.network_address, cidr.broadcast_address) and cidr.num_addresses > 2:
            yield Problem(
                "address-not-of-a-host",
                place,
                f"{address} is the network's own or its broadcast address",
                f"use another address of {cidr}",
            )
        first = taken.setdefault(address, place)
        # two fence devices may be outlets of one power switch; nothing else shares an address
        if first != place and {place[:6], first[:6]} != {"fence_"}:
            yield Problem(
                "duplicate-address", place, f"{address} is taken by {first}", "change one"
            )
