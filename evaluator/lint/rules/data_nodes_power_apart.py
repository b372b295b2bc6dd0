"""One fuse does not take both nodes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.cluster import Declaration
from evaluator.findings import Finding, Severity, Where
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "data-nodes-power-apart",
    severity=Severity.WARNING,
    rationale="Where all nodes that carry the service hang on one supply, its loss is the loss of "
    "the service: the second node protects from everything but that.",
    remedy="feed the nodes from different supplies",
    source="ours",
)
def check(declaration: Declaration, configuration: Configuration) -> Iterator[Finding]:
    """Not all data nodes are on one supply."""
    where = next((Where(path) for path in configuration.paths("declaration")), None)
    data = [node for node in declaration.nodes if node.role == "data"]
    if len(data) > 1 and len({node.power for node in data}) == 1:
        names = ", ".join(node.name for node in data)
        yield found(f"all nodes with the service hang on {data[0].power!r}: {names}", where)
