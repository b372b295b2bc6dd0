"""DRBD and the cluster call the nodes by the same names."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-hosts-are-nodes",
    rationale="DRBD looks for a section `on` with the name that `uname -n` gives; under another "
    "name the resource does not exist on that node, and it can never take over.",
    remedy="use the node's name, as `uname -n` prints it",
    source="drbd-conf-man",
    formats=("cib|ha_cf|corosync",),
)
def check(configuration: Configuration, drbd: Entry) -> Iterator[Finding]:
    """Every host of a resource is a node of the cluster."""
    nodes = configuration.nodes()
    for resource in resources(drbd) if nodes else ():
        for host, section in resource.hosts.items():
            if host not in nodes:
                message = f"resource {resource.name!r}: the cluster has no node {host!r}"
                yield found(message, section.where, allowed_values(host, nodes))
