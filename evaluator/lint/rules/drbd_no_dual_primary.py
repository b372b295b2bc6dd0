"""Two primaries only below a cluster file system."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib, Element
from evaluator.formats.tree import Entry
from evaluator.lint.agents import CLUSTER_FILESYSTEMS
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import clones, is_on, resources, users


@rule(
    "drbd-no-dual-primary",
    rationale="With two primaries both nodes may mount the device; any file system but GFS2 and "
    "OCFS2 is destroyed by that.",
    remedy="remove allow-two-primaries, and leave promoted-max at 1",
    source="drbd-conf-man",
    formats=("drbd|cib",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """No resource allows two primaries, in DRBD or in Pacemaker, unless GFS2 or OCFS2 is on it."""
    drbd, shared = configuration.drbd, set()
    if cib := configuration.cib:
        for clone, primitive in clones(cib):
            most, name = cib.meta(clone).get("promoted-max"), cib.parameters(primitive)
            if _shared(cib, primitive, drbd):
                shared.add(name["drbd_resource"].value if "drbd_resource" in name else "")
            elif most and most.value != "1":
                yield found(f"clone {clone.get('id')!r}: {most.key} is {most.value!r}", most.where)
    for resource in resources(drbd) if drbd else ():
        entry = resource.option("net", "allow-two-primaries")
        if entry and is_on(entry) and resource.name not in shared:
            yield found(f"resource {resource.name!r} allows two primaries", entry.where)


def _shared(cib: Cib, primitive: Element, drbd: Entry | None) -> bool:
    """Whether the file systems on it are made for two primaries."""
    mounts = (cib.parameters(user) for user, _ in users(cib, primitive, drbd))
    types = {m["fstype"].value for m in mounts if "fstype" in m}
    return bool(types) and types <= CLUSTER_FILESYSTEMS
