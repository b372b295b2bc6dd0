"""Only a file system made for it is mounted on several nodes at once."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.agents import FILESYSTEM, SHARED_FILESYSTEMS
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule


@rule(
    "clone-of-filesystem-needs-cluster-fs",
    rationale="Ext4, XFS and the like keep their state in memory: mounted by two nodes, each "
    "overwrites what the other wrote.",
    remedy="take it out of the clone, or use GFS2 or OCFS2",
    source="resource-agents-repo",
)
def check(cib: Cib) -> Iterator[Finding]:
    """A cloned Filesystem is a cluster or network file system, or mounted read-only."""
    for clone in cib.clones():
        for primitive in clone.iter("primitive"):
            parameters = {k: e.value for k, e in cib.parameters(primitive).items()}
            kind = parameters.get("fstype", "").lower()
            options = parameters.get("options", "").split(",")
            if cib.agent(primitive) != FILESYSTEM or kind in SHARED_FILESYSTEMS or "ro" in options:
                continue
            message = f"{name(primitive)!r} mounts {kind or 'a file system'} on several nodes"
            yield found(message, cib.where(primitive))
