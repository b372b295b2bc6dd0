"""Networks that hosts can use, on cards that fail apart."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator

from evaluator.cluster.check.problem import Problem
from evaluator.cluster.declaration import Declaration

APART = (("ring", "ring"), ("replication", "ring"))
KINDS = ("loopback", "multicast", "link_local", "unspecified")


def ranges(site: Declaration) -> Iterator[Problem]:
    """No network of addresses that never leave a machine, or that no machine has."""
    for n in site.networks:
        first = ipaddress.ip_network(n.cidr).network_address
        kind = next((k for k in KINDS if getattr(first, f"is_{k}")), "")
        if kind or (first.version == 4 and first.is_reserved):
            yield Problem(
                "network-not-for-hosts",
                f"networks.{n.name}.cidr",
                f"{n.cidr} is {(kind or 'reserved').replace('_', '-')}",
                "use a range of ordinary addresses, private ones (RFC 1918, RFC 4193) or your own",
            )


def cards(site: Declaration) -> Iterator[Problem]:
    """No two rings, and no ring and the replication, on one card or its VLANs."""
    for one, other in itertools.combinations(site.networks, 2):
        card = one.interface.partition(".")[0]
        pair = tuple(sorted((one.purpose, other.purpose)))
        if card and card == other.interface.partition(".")[0] and pair in APART:
            yield Problem(
                "links-share-card",
                f"networks.{other.name}.interface",
                f"{other.interface!r} is the card of {one.name!r} ({one.interface}); both fail "
                "together, or one fills the other",
                "give each its own card; a VLAN does not separate cables",
            )
