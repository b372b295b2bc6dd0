"""Replication does not share the cluster's links."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.membership import addresses, name_of
from evaluator.lint.registry import found, rule


@rule(
    "replication-apart",
    severity=Severity.WARNING,
    rationale="A resynchronisation fills its network for hours; where the token travels on it too, "
    "healthy nodes are declared dead, and one cut takes replication and membership together.",
    remedy="give DRBD's address lines addresses of a network that is no link of corosync's",
    source=("drbd-users-guide", "ours"),
)
def check(corosync: Entry, drbd: Entry) -> Iterator[Finding]:
    """No DRBD address is the address of a link, or in the network that corosync is bound to."""
    taken = {e.value: f"{name_of(node)}'s {e.key}" for node, e in addresses(corosync)}
    interfaces = corosync.all("totem", "interface", "bindnetaddr")
    bound = {interface.value for interface in interfaces}
    for entry in drbd.walk():
        for word in entry.values if entry.key in ("address", "host") else ():
            address = host_of(word)
            network = f"{address.rpartition('.')[0]}.0"
            if address in taken:
                yield found(f"DRBD replicates over {taken[address]} ({address})", entry.where)
            elif network in bound:
                message = f"DRBD replicates over corosync's bindnetaddr {network} ({address})"
                yield found(message, entry.where)


def host_of(word: str) -> str:
    """The host of ``HOST:PORT`` or ``[HOST]:PORT``."""
    return word[1:].partition("]")[0] if word.startswith("[") else word.rpartition(":")[0] or word
