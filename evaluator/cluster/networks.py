"""Which network of a site does what."""

from __future__ import annotations

import ipaddress

from evaluator.study.site import Network, Topology

REACHABLE_BY_ALL = ("management", "service", "ring")
"""Purposes over which a node is reached from outside the cluster, best first."""


def ring_networks(site: Topology) -> list[Network]:
    """Networks of the cluster transport, in the order of the site file."""
    return [n for n in site.networks if n.purpose == "ring"]


def replication_networks(site: Topology) -> list[Network]:
    """Networks that carry the replication; exactly one is wanted."""
    return [n for n in site.networks if n.purpose == "replication"]


def witness_network(site: Topology) -> Network | None:
    """Network over which every node reaches the witness: management before service before ring."""
    for purpose in REACHABLE_BY_ALL:
        for network in site.networks:
            if network.purpose == purpose and all(network.name in n.addresses for n in site.nodes):
                return network
    return None


def loopback(address: str) -> str:
    """Loopback address of the family of an address."""
    return "127.0.0.1" if ipaddress.ip_address(address).version == 4 else "::1"
