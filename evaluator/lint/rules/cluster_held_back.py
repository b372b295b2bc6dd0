"""The cluster may start, stop and look after its resources."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.units import truth
from evaluator.lint.registry import found, rule

HOLDING = {
    "stop-all-resources": True,
    "is-managed-default": False,
    "enable-startup-probes": False,
}


@rule(
    "cluster-held-back",
    severity=Severity.WARNING,
    rationale="These properties keep the cluster from running resources, or from finding out at "
    "its start that one runs already: the next failure is an outage.",
    remedy="delete the property",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Resources may run, are managed, and are looked for at the start."""
    for name, bad in HOLDING.items():
        entry = cib.property(name)
        if entry and truth(entry.value) is bad:
            yield found(f"{name} is {entry.value!r}", entry.where)
