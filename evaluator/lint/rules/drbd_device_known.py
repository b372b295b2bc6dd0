"""What is mounted is a device that DRBD has."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.lint.agents import FILESYSTEM
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-device-known",
    rationale="A device that no resource of DRBD has is not there: the mount fails on every node, "
    "at the latest when the service moves.",
    remedy="write the device of the resource, or its name below /dev/drbd/by-res",
    source=("drbd-conf-man", "resource-agents-repo"),
)
def check(cib: Cib, drbd: Entry) -> Iterator[Finding]:
    """A file system on DRBD is on a device of one of its resources."""
    every = resources(drbd)
    if not every or not all(resource.devices for resource in every):
        return  # a resource may say its device in a way that is not read
    for primitive in cib.primitives():
        device = cib.parameters(primitive).get("device")
        if cib.agent(primitive) != FILESYSTEM or device is None:
            continue
        path = device.value.strip()
        ours = path.startswith("/dev/drbd") and not path.startswith("/dev/drbd/by-disk/")
        if ours and not any(resource.owns(path) for resource in every):
            known = ", ".join(sorted(d for resource in every for d in resource.devices))
            yield found(f"no resource of DRBD has {path!r}; there are {known}", device.where)
