"""The two-node rule and the automatic tie breaker exclude each other."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import is_set
from evaluator.lint.registry import found, rule


@rule(
    "two-node-xor-auto-tie-breaker",
    rationale="corosync then switches two_node off: the node with the higher id stops serving "
    "whenever the other one dies.",
    remedy="keep two_node: 1 and delete auto_tie_breaker",
    source=("votequorum-man", "corosync-repo"),
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``two_node`` and ``auto_tie_breaker`` are not both on."""
    if is_set(corosync, "quorum", "two_node") and is_set(corosync, "quorum", "auto_tie_breaker"):
        where = corosync.place("quorum", "auto_tie_breaker")
        yield found("two_node and auto_tie_breaker are both on", where)
