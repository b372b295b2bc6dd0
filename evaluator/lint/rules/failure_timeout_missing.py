"""Failures are forgotten some day."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.units import score, seconds
from evaluator.lint.registry import found, rule


@rule(
    "failure-timeout-missing",
    severity=Severity.INFO,
    rationale="Without failure-timeout failures add up over months: the node is banned after the "
    "last of them until somebody cleans up, and then there is no node to fail over to.",
    remedy="set failure-timeout beside migration-threshold, for example 600s, or clean up by hand",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Where ``migration-threshold`` is written, ``failure-timeout`` is in force."""
    defaults = cib.rsc_defaults()
    owners = [defaults, *({**defaults, **cib.meta(r)} for r in cib.resources())]
    for meta in owners:
        threshold, forgotten = meta.get("migration-threshold"), meta.get("failure-timeout")
        counted = threshold is not None and 0 < score(threshold.value) < float("inf")
        if threshold and counted and not (forgotten and seconds(forgotten.value)):
            message = f"migration-threshold is {threshold.value!r} without failure-timeout"
            yield found(message, threshold.where)
