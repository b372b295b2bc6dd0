"""The members are listed."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import links, members, name_of
from evaluator.lint.registry import found, rule


@rule(
    "node-list",
    rationale="Without a node list whoever answers is a member and nobody knows how many votes "
    "there should be, so both halves of a split cluster may go on; knet does not start.",
    remedy="list every node in nodelist, with name, nodeid and ring0_addr",
    source=("corosync-conf-man", "votequorum-man"),
)
def check(corosync: Entry) -> Iterator[Finding]:
    """There is a section ``nodelist``, and every node in it has ``ring0_addr``."""
    nodes = members(corosync)
    if not nodes:
        yield found("there is no node list", corosync.place("nodelist"))
    for node in nodes:
        if 0 not in links(node):
            yield found(f"{name_of(node)} has no ring0_addr", node.where)
