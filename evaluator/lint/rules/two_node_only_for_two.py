"""The two-node rule is for two nodes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import is_set, members
from evaluator.lint.registry import found, rule


@rule(
    "two-node-only-for-two",
    rationale="two_node makes a single vote a quorum; with more nodes it would let every one of "
    "them go on alone, and corosync drops it only after more than two have met.",
    remedy="delete two_node; three or more nodes have a majority by themselves",
    source="votequorum-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """Where ``two_node`` is on, the node list has two nodes."""
    count = len(members(corosync))
    if is_set(corosync, "quorum", "two_node") and count not in (0, 2):
        where = corosync.place("quorum", "two_node")
        yield found(f"two_node is on, but the node list has {count}", where)
