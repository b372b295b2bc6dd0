"""What the cluster mounts, nothing else mounts."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.lint.agents import FILESYSTEM
from evaluator.lint.registry import found, rule


@rule(
    "filesystem-not-in-fstab",
    rationale="A file system that is mounted at boot as well is mounted on a node that the cluster "
    "did not choose, perhaps while the other node uses it.",
    remedy="remove the line from /etc/fstab, or give it the option noauto",
    source="resource-agents-repo",
)
def check(cib: Cib, fstab: tuple[Entry, ...]) -> Iterator[Finding]:
    """No line of fstab without ``noauto`` has the device or the directory of a Filesystem."""
    ours = {}
    for primitive in cib.primitives():
        if cib.agent(primitive) == FILESYSTEM:
            parameters = cib.parameters(primitive)
            for key in ("device", "directory"):
                if key in parameters:
                    ours[parameters[key].value.rstrip("/")] = primitive.get("id", "")
    for tree in fstab:
        for entry in tree.children:
            directory, _, options = (*entry.values, "", "", "")[:3]
            mounted = {entry.key.rstrip("/"), directory.rstrip("/")} & ours.keys()
            if mounted and "noauto" not in options.split(","):
                owner = ours[min(mounted)]
                yield found(f"{entry.key} is mounted at boot and by {owner!r}", entry.where)
