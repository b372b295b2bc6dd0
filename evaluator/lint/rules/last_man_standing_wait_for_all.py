"""A shrinking quorum needs every node to have met once."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import is_set
from evaluator.lint.registry import found, rule


@rule(
    "last-man-standing-wait-for-all",
    rationale="last_man_standing lowers the expected votes step by step; without wait_for_all "
    "nodes that start apart from each other can each become quorate.",
    remedy="write wait_for_all: 1 beside last_man_standing, or delete last_man_standing",
    source="votequorum-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """Where ``last_man_standing`` is on, ``wait_for_all`` is on."""
    if is_set(corosync, "quorum", "last_man_standing") and not is_set(
        corosync, "quorum", "wait_for_all"
    ):
        where = corosync.place("quorum", "last_man_standing")
        yield found("last_man_standing is on without wait_for_all: 1", where)
