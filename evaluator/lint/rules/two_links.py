"""No single cable splits the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.membership import links, members, name_of
from evaluator.lint.registry import found, rule


@rule(
    "two-links",
    severity=Severity.WARNING,
    rationale="With one link a single broken cable or switch splits the cluster, and a healthy "
    "node is fenced for it.",
    remedy="give every node an address on a second network (ring1_addr) and a link for it",
    source=("corosync-conf-man", "rhel-ha-docs", "trento-checks"),
)
def check(corosync: Entry) -> Iterator[Finding]:
    """Every node has at least two addresses, on the same links as the others."""
    nodes = members(corosync)
    every = {number for node in nodes for number in links(node)}
    for node in nodes:
        mine = set(links(node))
        if len(mine) < 2:
            yield found(f"{name_of(node)} has {len(mine)} link", node.where)
        elif mine != every:
            missing = ", ".join(f"ring{n}_addr" for n in sorted(every - mine))
            yield found(f"{name_of(node)} has no {missing}, which others have", node.where)
    if not nodes and not corosync.all("totem", "interface")[1:]:
        where = corosync.place("totem", "interface")
        yield found("there is no more than one interface", where)
