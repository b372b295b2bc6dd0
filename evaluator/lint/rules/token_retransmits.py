"""A burst of lost packets is no dead node."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule

USUAL = 4
WANTED = 10


@rule(
    "token-retransmits",
    severity=Severity.INFO,
    rationale="The token is sent again so many times before a node is given up; the default is "
    "few for a network that is shared with anything else.",
    remedy="write token_retransmits_before_loss_const: 10 into totem",
    source=("corosync-conf-man", "trento-checks"),
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``token_retransmits_before_loss_const`` is at least 10; the default is 4."""
    path = ("totem", "token_retransmits_before_loss_const")
    entry = corosync.find(*path)
    number = corosync.number(*path) if entry else float(USUAL)
    if number is None or number < WANTED:
        typed = f"is {entry.value!r}" if entry else f"is not written and means {USUAL}"
        yield found(f"{path[-1]} {typed}", corosync.place(*path))
