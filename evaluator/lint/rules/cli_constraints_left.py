"""Constraints of a manual move are taken away again."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.registry import found, rule


@rule(
    "cli-constraints-left",
    severity=Severity.WARNING,
    rationale="Moving a resource by hand leaves a constraint; a ban keeps the resource from that "
    "node even when no other node is left.",
    remedy="crm_resource --clear --resource NAME (pcs resource clear, crm resource clear)",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """No constraint has the id that ``crm_resource --move`` and ``--ban`` give."""
    for location in cib.locations():
        if location.id.startswith(("cli-ban-", "cli-prefer-", "cli-standby-")):
            yield found(f"{location.id!r} is left from a manual move", location.where)
