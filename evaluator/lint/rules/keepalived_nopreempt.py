"""A returning node does not take the service back by itself."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances


@rule(
    "keepalived-nopreempt",
    severity=Severity.WARNING,
    rationale="The node of higher priority takes the address as soon as it is back: one more "
    "interruption, and again and again if the node is sick.",
    remedy="nopreempt with state BACKUP on every node",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """Every instance with addresses has ``nopreempt``."""
    for instance in instances(keepalived):
        if instance.addresses and not instance.entry.get("nopreempt"):
            message = f"vrrp_instance {instance.name!r} preempts"
            yield found(message, instance.entry.where)
