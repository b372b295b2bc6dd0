"""``nopreempt`` works only in an instance that begins as BACKUP."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances


@rule(
    "keepalived-nopreempt-state-backup",
    severity=Severity.WARNING,
    rationale="keepalived ignores nopreempt and preempt_delay where the initial state is MASTER: "
    "the address jumps back as soon as the node returns.",
    remedy="state BACKUP on every node; the priority decides",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """An instance with ``nopreempt`` or ``preempt_delay`` has not ``state MASTER``."""
    for instance in instances(keepalived):
        option = instance.entry.get("nopreempt") or instance.entry.get("preempt_delay")
        state = instance.entry.get("state")
        if option and state and state.value.upper() == "MASTER":
            message = f"vrrp_instance {instance.name!r}: {option.key} with state MASTER"
            yield found(message, state.where)
