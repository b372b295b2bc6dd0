"""Every host of a DRBD resource has an address of its own, and a fixed one."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.addresses import plain, virtual
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-same-address",
    rationale="A host that has its peer's address, loopback or a virtual address never reaches the "
    "peer: nothing is replicated, and the copy is missing when it is needed.",
    remedy="give every host its own fixed address on the replication network",
    source="drbd-conf-man",
)
def check(configuration: Configuration, drbd: Entry) -> Iterator[Finding]:
    """Addresses of the hosts differ, and none is loopback or virtual."""
    moving = {v.address for v in virtual(configuration)}
    for resource in resources(drbd):
        taken: dict[str, str] = {}
        for host, section in resource.hosts.items():
            for entry in section.all("address"):
                socket = entry.values[-1] if entry.values else ""
                address, _, port = socket.rpartition(":")
                said = f"resource {resource.name!r}: {host!r} has {socket!r}"
                number = plain(address.strip("[]"))
                if (first := taken.setdefault(f"{number}:{port}", host)) != host:
                    yield found(f"{said}, as {first!r}", entry.where)
                elif number in moving:
                    yield found(f"{said}, a virtual address", entry.where)
                elif number == "::1" or number.startswith("127."):
                    yield found(f"{said}, which is loopback", entry.where)
