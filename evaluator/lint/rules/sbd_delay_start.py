"""A node that was reset waits until the others know it."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.formats.units import seconds, truth
from evaluator.lint.registry import found, rule


@rule(
    "sbd-delay-start",
    severity=Severity.INFO,
    rationale="A node that boots faster than its fencing is confirmed comes back in the middle of "
    "it, is taken for the old one, and stops itself again.",
    remedy="write SBD_DELAY_START=yes (msgwait), or a number of seconds",
    source=("sbd-man", "sle-ha-docs"),
)
def check(sbd: Entry) -> Iterator[Finding]:
    """``SBD_DELAY_START`` is on, or a time."""
    value = sbd.text("SBD_DELAY_START", default="no")
    if truth(value) is not True and not seconds(value):
        yield found(f"SBD_DELAY_START is {value!r}", sbd.place("SBD_DELAY_START"))
