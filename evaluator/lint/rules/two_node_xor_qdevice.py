"""The two-node rule and a quorum device exclude each other."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import is_set, quorum_device
from evaluator.lint.registry import found, rule


@rule(
    "two-node-xor-qdevice",
    rationale="Under two_node one vote is quorum, so both halves of a split cluster are quorate "
    "and the device decides nothing; corosync refuses the pair or drops one of them.",
    remedy="delete two_node (and wait_for_all) where there is a quorum device",
    source=("votequorum-man", "corosync-qdevice-man"),
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``two_node`` stands only where there is no section ``quorum.device``."""
    if quorum_device(corosync) and is_set(corosync, "quorum", "two_node"):
        where = corosync.place("quorum", "two_node")
        yield found("two_node is on and there is a quorum device", where)
