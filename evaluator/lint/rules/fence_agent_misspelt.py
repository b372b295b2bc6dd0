"""A fence agent exists."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import devices, misspelt
from evaluator.lint.registry import found, rule


@rule(
    "fence-agent-misspelt",
    severity=Severity.WARNING,
    rationale="A device whose agent does not exist never starts: a lost node cannot be fenced, "
    "and what it ran is not recovered.",
    remedy="write the name of an agent as 'stonith_admin --list-installed' gives it",
    source="fence-agents-repo",
)
def check(cib: Cib) -> Iterator[Finding]:
    """No agent's name looks like a misspelling of a known one; other names may be your own."""
    for device in devices(cib):
        if known := misspelt(device.agent):
            message = f"{device.id} is of {device.agent}, which is none of Debian 12"
            yield found(message, cib.where(device.element), f"did you mean {known!r}?")
