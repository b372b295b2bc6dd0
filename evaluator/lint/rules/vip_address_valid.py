"""A virtual address is an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.lint.addresses import virtual
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "vip-address-valid",
    rationale="An address that is none cannot be set: the resource fails on every node, and with "
    "it all that is placed with it.",
    remedy="write an IPv4 or IPv6 address, such as 198.51.100.20",
    source=("resource-agents-repo", "keepalived-conf-man"),
    formats=("cib|haresources|keepalived",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """Every address that Pacemaker, Heartbeat or keepalived moves can be read as one."""
    for each in virtual(configuration):
        try:
            ipaddress.ip_address(each.address)
        except ValueError:
            # a variable that was not put in, or nothing, which is the matter of another rule
            if each.address and "$" not in each.address:
                yield found(f"{each.owner}: {each.address!r} is no address", each.where)
