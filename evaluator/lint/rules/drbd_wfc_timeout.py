"""A node that boots alone must not wait for its peer for ever."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources

TIMEOUTS = ("wfc-timeout", "degr-wfc-timeout", "outdated-wfc-timeout")


@rule(
    "drbd-wfc-timeout",
    severity=Severity.WARNING,
    rationale="Where the init script starts DRBD, as Heartbeat and keepalived need it, it waits "
    "for the peer; the default is without end, so after a power cut one node alone never gets up.",
    remedy="startup { wfc-timeout 60; degr-wfc-timeout 60; outdated-wfc-timeout 60; }",
    source="drbd-conf-man",
    formats=("haresources|keepalived",),
)
def check(configuration: Configuration, drbd: Entry) -> Iterator[Finding]:
    """All three timeouts are set and not 0, unless Pacemaker starts DRBD."""
    for resource in resources(drbd) if not configuration.cib else ():
        for timeout in TIMEOUTS:
            value = resource.text("startup", timeout)
            if value in ("", "0"):
                said = f"{timeout} is {value or 'not set'}"
                message = f"resource {resource.name!r}: {said}, which means for ever"
                yield found(message, resource.place("startup", timeout))
