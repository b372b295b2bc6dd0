"""The fence-peer handler must outwait fencing, and Pacemaker the handler."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.formats.units import seconds
from evaluator.lint import fencing
from evaluator.lint.agents import DEFAULT_TIMEOUT
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import Resource, clones, resources

HANDLER_SECONDS, COORDINATOR_SECONDS, STONITH_SECONDS = 90.0, 20.0, 60.0
"""Defaults of the handler's --timeout and --dc-timeout, and of stonith-timeout."""


@rule(
    "drbd-handler-timeouts",
    severity=Severity.WARNING,
    rationale="crm-fence-peer waits for the peer to be fenced; if it gives up first, writes stay "
    "frozen until somebody resumes them, and if Pacemaker cuts it off, the promotion fails.",
    remedy="--timeout above stonith-timeout, --dc-timeout above --timeout, and a promote timeout "
    "of the DRBD resource above --dc-timeout",
    source="drbd-utils-repo",
)
def check(drbd: Entry, cib: Cib) -> Iterator[Finding]:
    """stonith-timeout < --timeout < --dc-timeout ≤ timeout of promote, where the handler fences."""
    if not fencing.enabled(cib):
        return
    for resource in resources(drbd):
        handler = resource.option("handlers", "fence-peer")
        policy = resource.text("disk|net", "fencing")
        if handler and "crm-fence-peer" in handler.value and policy == "resource-and-stonith":
            for message in _short(resource, handler.value, cib):
                yield found(f"resource {resource.name!r}: {message}", handler.where)


def _short(resource: Resource, command: str, cib: Cib) -> Iterator[str]:
    timeout = _option(command, "timeout|t", HANDLER_SECONDS)
    coordinator = _option(command, "dc-timeout|d", COORDINATOR_SECONDS)
    entry = cib.property("stonith-timeout")
    stonith = (seconds(entry.value) if entry else None) or STONITH_SECONDS
    if timeout <= stonith:
        yield f"the handler waits {timeout:g} s, fencing may take {stonith:g} s"
    if coordinator <= timeout:
        yield f"--dc-timeout {coordinator:g} s is not above --timeout {timeout:g} s"
    for _, primitive in clones(cib):
        given = cib.parameters(primitive).get("drbd_resource")
        if given and given.value == resource.name:
            operations = [o for o in cib.operations(primitive) if o.name == "promote"]
            promote = (operations[0].timeout if operations else None) or DEFAULT_TIMEOUT
            if promote < max(timeout, coordinator):
                yield f"its promotion may take {promote:g} s only, shorter than the handler"


def _option(command: str, names: str, default: float) -> float:
    match = re.search(rf"(?<!\S)--?(?:{names})[ =](\d{{1,9}})(?!\S)", command)
    return float(match[1]) if match else default
