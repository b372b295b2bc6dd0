"""The cluster may act on what it runs."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.formats.units import truth
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule

HOLDING = {
    "maintenance-mode": True,
    "maintenance": True,
    "stop-all-resources": True,
    "is-managed": False,
    "is-managed-default": False,
    "enable-startup-probes": False,
}
"""Options by the value with which they take something out of the cluster's hands."""


@rule(
    "is-managed",
    severity=Severity.WARNING,
    rationale="What is unmanaged or in maintenance is neither restarted nor moved when it fails; "
    "left over from an intervention it shows in the next failure.",
    remedy="end the maintenance: delete the option",
    source="pacemaker-explained",
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """Neither the cluster, nor a node, nor a resource is taken out of management."""
    groups: list[tuple[str, list[Entry]]] = [
        ("cluster", [*cib.properties().values()]),
        ("rsc_defaults", [*cib.rsc_defaults().values()]),
    ]
    for node in cib.root.iterfind("configuration/nodes/node"):
        groups.append((f"node {node.get('uname')!r}", [*cib.pairs(node)]))
    for top in cib.resources():
        for element in top.iter("primitive", "group", "clone", "master", "bundle"):
            groups.append((repr(name(element)), [*cib.meta(element).values()]))
    for owner, entries in groups:
        for entry in entries:
            if entry.key in HOLDING and truth(entry.value) is HOLDING[entry.key]:
                yield found(f"{owner}: {entry.key} is {entry.value!r}", entry.where)
