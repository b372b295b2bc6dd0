"""Every node has a number and a name of its own."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import members, name_of, transport
from evaluator.lint.registry import found, rule


@rule(
    "unique-node-ids",
    rationale="Two nodes with one number take each other's place in the membership; with knet a "
    "node without number, or a node that is not in the list by its name, does not start.",
    remedy="give each node a nodeid from 1 on and its host name as name",
    source="corosync-conf-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``nodeid`` is a number from 1 on, written (knet) and different; so is ``name``."""
    seen: dict[tuple[str, str], str] = {}
    for node in members(corosync):
        for key in ("nodeid", "name"):
            entry = node.get(key)
            if entry is None or not entry.value:
                if transport(corosync) == "knet":
                    yield found(f"{name_of(node)} has no {key}", node.where)
                continue
            if key == "nodeid" and not (entry.value.isdecimal() and int(entry.value)):
                yield found(f"nodeid is {entry.value!r}; allowed: a number from 1 on", entry.where)
            if first := seen.get((key, entry.value)):
                yield found(f"{key} {entry.value!r} is taken by {first}", entry.where)
            seen.setdefault((key, entry.value), name_of(node))
