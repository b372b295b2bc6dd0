"""A fence device does not die with its node."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.cluster import Declaration
from evaluator.findings import Finding, Where
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "fence-device-not-on-own-power",
    rationale="A controller that hangs on its node's own supply is dead when the node has lost "
    "power: the cluster cannot confirm the fencing and waits for it for ever.",
    remedy="feed the device from another supply, or add a second device (a switched power strip)",
    source=("pacemaker-explained", "ours"),
)
def check(declaration: Declaration, configuration: Configuration) -> Iterator[Finding]:
    """For each node that has devices: one of them is on another supply than the node."""
    where = next((Where(path) for path in configuration.paths("declaration")), None)
    for node in declaration.nodes:
        devices = [d for d in declaration.fence_devices if node.name in d.plugs]
        if devices and all(d.power == node.power for d in devices):
            names = ", ".join(d.name for d in devices)
            yield found(
                f"{names} and {node.name}, which it switches, hang on {node.power!r}", where
            )
