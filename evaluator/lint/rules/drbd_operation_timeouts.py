"""DRBD is given the time to change its role."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.agents import DEFAULT_TIMEOUT
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import clones

ADVISED = {"promote": 90.0, "demote": 90.0, "notify": 90.0}
"""Timeouts in seconds that the agent's metadata advise (drbd-utils 9.22)."""


@rule(
    "drbd-operation-timeouts",
    severity=Severity.WARNING,
    rationale="A demotion that is cut off counts as failed, and the node is fenced for it; one of "
    "a promotion or a notification leaves the service down.",
    remedy="write operations promote, demote and notify with a timeout of at least 90 s",
    source="drbd-utils-repo",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Promote, demote and notify of ``ocf:linbit:drbd`` have the advised timeouts."""
    for _, primitive in clones(cib):
        written = {o.name: o for o in cib.operations(primitive)}
        for name, least in ADVISED.items():
            operation = written.get(name)
            given = operation.timeout if operation else None
            if given is None:
                default = cib.op_defaults().get("timeout")
                given = DEFAULT_TIMEOUT if default is None else least
            if given < least:
                where = operation.where if operation else cib.where(primitive)
                message = f"{primitive.get('id')}: {name} has {given:g} s; at least {least:g} s"
                yield found(message, where)
