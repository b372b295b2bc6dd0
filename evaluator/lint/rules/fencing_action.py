"""What fencing does to a node."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity, allowed_values
from evaluator.formats.cib import Cib
from evaluator.lint.registry import found, rule

ALLOWED = ("reboot", "off")


@rule(
    "fencing-action",
    severity=Severity.INFO,
    rationale="A node that is switched off stays off until somebody comes; until then the cluster "
    "has no spare.  That may be what is wanted, where a broken node must not come back.",
    remedy="delete stonith-action (its default is reboot), if nobody is there to switch it on",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """``stonith-action`` is ``reboot``."""
    entry = cib.property("stonith-action")
    if entry and entry.value != "reboot":
        message = f"{entry.key} is {entry.value!r}; {allowed_values(entry.value, ALLOWED)}"
        yield found(message, entry.where)
