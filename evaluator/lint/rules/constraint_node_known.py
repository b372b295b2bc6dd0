"""A constraint is about nodes that there are."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity, allowed_values
from evaluator.formats.cib import Cib
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "constraint-node-known",
    severity=Severity.WARNING,
    rationale="A preference or ban for a node that does not exist is not in force: the resource "
    "runs where it was not meant to.",
    remedy="correct the name, or remove the constraint",
    source="pacemaker-explained",
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """Every node that a location names is one of the cluster's."""
    nodes = configuration.nodes()
    for element in cib.root.iterfind("configuration/constraints//*"):
        node = element.get("node") if element.tag == "rsc_location" else None
        if element.get("attribute") == "#uname" and element.get("operation") == "eq":
            node = element.get("value")
        if node and not configuration.is_node(node):
            message = f"{node!r} is no node of the cluster; {allowed_values(node, nodes)}"
            yield found(message, cib.where(element))
