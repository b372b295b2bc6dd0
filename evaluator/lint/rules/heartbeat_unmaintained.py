"""Heartbeat has no releases any more."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-unmaintained",
    severity=Severity.INFO,
    rationale="The last release is 3.0.6 of 9 February 2015, and the project sends readers to "
    "Pacemaker: nobody mends what is found in it.",
    remedy="plan the move to Corosync and Pacemaker",
    source=("heartbeat-repo", "linux-ha-wiki"),
    formats=("ha_cf|corosync|keepalived",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """There is no ha.cf."""
    if ha_cf := configuration.ha_cf:
        yield found("Heartbeat: last release 2015-02-09", ha_cf.where)
