"""Two nodes must wait for each other once before either starts alone."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.formats.units import truth
from evaluator.lint.membership import is_set
from evaluator.lint.registry import found, rule


@rule(
    "two-node-wait-for-all",
    rationale="A node that boots alone while the link is cut is quorate at once under two_node: it "
    "fences the healthy other one, which does the same when it is back, for ever.",
    remedy="delete wait_for_all: 0 (two_node switches it on) or write wait_for_all: 1",
    source="votequorum-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``two_node`` switches ``wait_for_all`` on unless it is written as 0."""
    entry = corosync.find("quorum", "wait_for_all")
    if not entry or not is_set(corosync, "quorum", "two_node"):
        return
    if truth(entry.value) is not True:
        yield found(f"two_node is on, but wait_for_all is {entry.value!r}", entry.where)
