"""corosync and Pacemaker name the same nodes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.lint.membership import members
from evaluator.lint.registry import found, rule


@rule(
    "nodes-agree",
    rationale="A node that one file spells differently is a stranger to the other: what is set for "
    "it is never used, and a node that does not exist is fenced at every start.",
    remedy="name every node as its own 'uname -n' does, in both files",
    source=("corosync-conf-man", "pacemaker-explained"),
)
def check(corosync: Entry, cib: Cib) -> Iterator[Finding]:
    """The CIB's nodes are those of corosync's node list, with their numbers."""
    listed = {name: n for n in members(corosync) if (name := n.text("name"))}
    if listed and cib.nodes():
        for element in cib.root.iterfind("configuration/nodes/node"):
            name, id = element.get("uname", ""), element.get("id", "")
            if name not in cib.nodes():
                continue
            if name not in listed:
                message = f"{name!r} is not in corosync's node list; {allowed_values(name, listed)}"
                yield found(message, cib.where(element))
            elif id.isdecimal() and (number := listed[name].text("nodeid")) not in ("", id):
                message = f"{name!r} has id {id!r}, but nodeid {number!r} in corosync's node list"
                yield found(message, cib.where(element))
        for name, node in listed.items():
            if name not in cib.nodes():
                message = f"{name!r} is not among the CIB's nodes; "
                yield found(message + allowed_values(name, cib.nodes()), node.place("name"))
