"""keepalived must notice when its interface is down."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances


@rule(
    "keepalived-track-interface",
    severity=Severity.WARNING,
    rationale="With dont_track_primary an instance stays master while its interface is down, and "
    "two masters meet when the cable is back.",
    remedy="remove dont_track_primary",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """No instance has ``dont_track_primary``."""
    for instance in instances(keepalived):
        if entry := instance.switch("dont_track_primary"):
            message = f"vrrp_instance {instance.name!r} does not track its interface"
            yield found(message, entry.where)
