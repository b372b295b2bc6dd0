"""Two nodes need a rule for the loss of one."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import is_set, two_votes
from evaluator.lint.registry import found, rule


@rule(
    "two-nodes-without-majority",
    rationale="Of two votes quorum is two: when either node dies the other loses quorum and stops "
    "every service, so two nodes fail more often than one.",
    remedy="add a quorum device (section quorum.device), or write two_node: 1",
    source="votequorum-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """Two nodes have a quorum device, ``two_node`` or a tie breaker."""
    if not two_votes(corosync):
        return
    rules = ("two_node", "auto_tie_breaker")
    if not any(is_set(corosync, "quorum", name) for name in rules):
        where = corosync.place("quorum")
        yield found("two nodes, no quorum device, and two_node is not on", where)
