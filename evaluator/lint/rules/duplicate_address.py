"""No address is given twice."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Where
from evaluator.lint.configuration import Configuration
from evaluator.lint.membership import addresses, name_of, quorum_device
from evaluator.lint.registry import found, rule


@rule(
    "duplicate-address",
    rationale="Of two machines with one address only one is heard at a time: links flap, and the "
    "service's clients reach the wrong machine.",
    remedy="give each node, link and service an address of its own",
    source=("corosync-conf-man", "ours"),
    formats=("corosync|cib",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """Addresses of links, of the quorum device, and of the service differ from each other."""
    taken: dict[str, str] = {}
    for address, owner, where in _used(configuration):
        if address in taken:
            yield found(f"{address} of {owner} is taken by {taken[address]}", where)
        taken.setdefault(address, owner)


def _used(configuration: Configuration) -> Iterator[tuple[str, str, Where]]:
    if corosync := configuration.corosync:
        for node, entry in addresses(corosync):
            yield entry.value, f"{name_of(node)} ({entry.key})", entry.where
        device = quorum_device(corosync)
        host = device.find("net", "host") if device else None
        if host:
            yield host.value, "the quorum device", host.where
    if cib := configuration.cib:
        for primitive in cib.primitives():
            if cib.agent(primitive) in ("ocf:heartbeat:IPaddr2", "ocf:heartbeat:IPaddr"):
                ip = cib.parameters(primitive).get("ip")
                if ip:
                    yield ip.value, str(primitive.get("id")), ip.where
