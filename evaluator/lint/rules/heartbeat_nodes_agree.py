"""ha.cf and haresources name the same nodes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.tree import Entry
from evaluator.lint import ha
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-nodes-agree",
    rationale="Resources of a node that ha.cf does not know are started nowhere; files that differ "
    "between nodes start them twice; with autojoin any machine with the key is a member.",
    remedy="name every node in ha.cf as `uname -n` prints it, keep the files the same on all "
    "nodes, autojoin none",
    source="heartbeat-docs",
)
def check(configuration: Configuration, ha_cf: Entry) -> Iterator[Finding]:
    """Nodes of haresources are in ha.cf, which names two; copies of haresources are the same."""
    nodes = [name for entry in ha_cf.all("node") for name in entry.values]
    for entry in ha_cf.all("autojoin"):
        if entry.value != "none":
            yield found(f"autojoin is {entry.value!r}", entry.where)
    if len(set(nodes)) < 2:
        yield found(f"ha.cf names {len(set(nodes))} nodes", ha_cf.place("node"))
    for node in configuration.haresources.children if configuration.haresources else ():
        if ha.manages(ha_cf) and node.key not in nodes:
            message = f"ha.cf has no node {node.key!r}"
            yield found(message, node.where, allowed_values(node.key, nodes))
