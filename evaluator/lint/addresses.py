"""Addresses that move between nodes, whoever moves them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.findings import Where
from evaluator.formats.tree import Entry
from evaluator.lint.agents import ADDRESSES
from evaluator.lint.configuration import Configuration


@dataclass(frozen=True)
class VirtualAddress:
    """A virtual address and who moves it: a resource, or ``keepalived`` or ``Heartbeat``."""

    address: str
    owner: str
    manager: str
    where: Where


def plain(text: str) -> str:
    """An address in its shortest form, without prefix length; as it is if it is none."""
    try:
        return str(ipaddress.ip_interface(text.strip()).ip)
    except ValueError:
        return text.strip()


def virtual(configuration: Configuration) -> Iterator[VirtualAddress]:
    """Every virtual address of Pacemaker, Heartbeat and keepalived, with its place."""
    cib = configuration.cib
    for primitive in cib.primitives() if cib else ():
        parameters = cib.parameters(primitive) if cib else {}
        if cib and cib.agent(primitive) in ADDRESSES:
            for key in ("ip", "ipv6addr"):
                if key in parameters:
                    entry = parameters[key]
                    owner = f"resource {primitive.get('id', '')!r}"
                    yield VirtualAddress(plain(entry.value), owner, "Pacemaker", entry.where)
    for node in configuration.haresources.children if configuration.haresources else ():
        for entry in node.children:
            if entry.key in ("IPaddr", "IPaddr2", "IPv6addr") and entry.values:
                address = plain(entry.values[0].split("/")[0])
                yield VirtualAddress(address, f"node {node.key!r}", "Heartbeat", entry.where)
    for tree in configuration.keepalived:
        for instance in tree.all("vrrp_instance"):
            for entry in instance_addresses(instance):
                owner = f"vrrp_instance {instance.value!r}"
                yield VirtualAddress(plain(entry.key), owner, "keepalived", entry.where)


def instance_addresses(instance: Entry) -> tuple[Entry, ...]:
    """The addresses of a VRRP instance; each is the key of its entry."""
    blocks = (*instance.all("virtual_ipaddress"), *instance.all("virtual_ipaddress_excluded"))
    return tuple(entry for block in blocks for entry in block.children)
