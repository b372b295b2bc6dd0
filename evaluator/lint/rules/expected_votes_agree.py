"""The votes that are expected are those that the nodes have."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import members, quorum_device
from evaluator.lint.registry import found, rule


@rule(
    "expected-votes-agree",
    rationale="quorum.expected_votes overrides what the node list adds up to: too low a number "
    "makes both halves of a split cluster quorate, too high a one stops healthy nodes.",
    remedy="delete expected_votes; corosync adds up the node list",
    source="votequorum-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``expected_votes``, where written beside a node list, is the sum of its votes."""
    nodes = members(corosync)
    entry = corosync.find("quorum", "expected_votes")
    if not entry or not nodes:
        return
    votes = sum(v if (v := node.number("quorum_votes")) is not None else 1 for node in nodes)
    if device := quorum_device(corosync):
        votes += v if (v := device.number("votes")) is not None else votes - 1
    if corosync.number("quorum", "expected_votes") != votes:
        yield found(f"expected_votes is {entry.value!r}, but the nodes have {votes:g}", entry.where)
