"""A fence device switches nodes that there are."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.cib import Cib
from evaluator.lint.configuration import Configuration
from evaluator.lint.fencing import TARGETS, devices
from evaluator.lint.registry import found, rule


@rule(
    "fence-device-target-known",
    rationale="A device that lists a misspelt node is never asked for the real one: that node "
    "cannot be fenced, and what it ran is not recovered.",
    remedy="write the node's name as 'crm_node -n' gives it there",
    source="pacemaker-explained",
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """Every node that a device lists or maps is one of the cluster's."""
    nodes = configuration.nodes()
    for device in devices(cib):
        for node in sorted(device.targets or ()):
            if not configuration.is_node(node):
                entries = (device.parameters[name] for name in TARGETS if name in device.parameters)
                where = next((e.where for e in entries if node in e.value), None)
                message = f"{device.id} is to switch {node!r}, which is no node of the cluster; "
                message += allowed_values(node, nodes)
                yield found(message, where or cib.where(device.element))
