"""Every node can be fenced."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import HELPERS, SBD, devices, enabled, self_fencing
from evaluator.lint.registry import found, rule


@rule(
    "fence-device-per-node",
    rationale="A lost node that nothing can switch off may still be writing: the cluster waits for "
    "its fencing for ever, and the service stays down.",
    remedy="add a fence device whose pcmk_host_list or pcmk_host_map names the node",
    source=("pacemaker-explained", "rhel-ha-docs"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """A device in use, SBD or the watchdog covers each node of the cluster."""
    real = [d for d in devices(cib) if d.agent not in HELPERS]
    if not enabled(cib) or self_fencing(cib) or any(d.agent in SBD for d in real):
        return
    for element in cib.root.iterfind("configuration/nodes/node"):
        node = element.get("uname", "")
        if node in cib.nodes() and not any(d.can_fence(node) for d in real):
            yield found(f"no fence device can switch {node!r}", cib.where(element))
