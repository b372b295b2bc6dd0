"""Priority 255 overrules every check."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances


@rule(
    "keepalived-priority-255",
    severity=Severity.WARNING,
    rationale="255 means the owner of the address: checks cannot lower it, and the instance takes "
    "the address at once when it starts.",
    remedy="use a priority of 1 to 254",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """No instance has priority 255."""
    for instance in instances(keepalived):
        if instance.priority == 255:
            message = f"vrrp_instance {instance.name!r} has priority 255"
            yield found(message, instance.entry.place("priority"))
