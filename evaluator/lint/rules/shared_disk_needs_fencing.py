"""A shared disk without fencing is mounted twice."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint import fencing
from evaluator.lint.agents import CLUSTER_FILESYSTEMS, FILESYSTEM, SHARED_FILESYSTEMS, STORAGE
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule

LOCAL = ("/dev/drbd", "/dev/loop")
NETWORK = SHARED_FILESYSTEMS - CLUSTER_FILESYSTEMS


@rule(
    "shared-disk-needs-fencing",
    rationale="A node that is cut off keeps its mount while the other one mounts the same disk: "
    "two writers destroy an ordinary file system within seconds.",
    remedy="stonith-enabled=true and a fence device for every node",
    source=("pacemaker-explained", "clusters-from-scratch"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """With fencing off or without devices no disk but DRBD's is mounted or activated."""
    if fencing.enabled(cib) and (fencing.devices(cib) or fencing.self_fencing(cib)):
        return
    for primitive in cib.primitives():
        parameters = {key: entry.value for key, entry in cib.parameters(primitive).items()}
        device = parameters.get("device", "")
        mounted = (
            cib.agent(primitive) == FILESYSTEM
            and parameters.get("fstype", "").lower() not in NETWORK
            and not device.startswith(LOCAL)
        )
        if mounted or cib.agent(primitive) in STORAGE - {FILESYSTEM}:
            what = device or cib.agent(primitive)
            yield found(f"{name(primitive)!r} takes {what}, and nothing is fenced",
                        cib.where(primitive))  # fmt: skip
