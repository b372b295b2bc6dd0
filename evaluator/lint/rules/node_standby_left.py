"""No node is left in standby."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.units import truth
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "node-standby-left",
    severity=Severity.WARNING,
    rationale="A node in standby runs nothing: when the other one fails, the service has nowhere "
    "to go.",
    remedy="pcs node unstandby NODE, crm node online NODE",
    source="pacemaker-explained",
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """No node has the attribute ``standby``."""
    for node in cib.root.iterfind("configuration/nodes/node"):
        for pair in cib.pairs(node):
            if pair.key == "standby" and truth(pair.value):
                yield found(f"node {node.get('uname')!r} is in standby", pair.where)
