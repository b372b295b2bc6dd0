"""Without a disk SBD knows from quorum alone who must die."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.membership import members, quorum_device
from evaluator.lint.registry import found, rule
from evaluator.lint.watchdog import disks


@rule(
    "sbd-diskless-needs-3",
    rationale="A node of two never loses quorum under two_node, so its watchdog never strikes: the "
    "other one takes over after the timeout while it is still running.",
    remedy="add a third node or a quorum device, or give SBD a shared disk",
    source=("sbd-man", "sle-ha-docs"),
    formats=("corosync|cib",),
)
def check(sbd: Entry, configuration: Configuration) -> Iterator[Finding]:
    """SBD without ``SBD_DEVICE`` has three votes."""
    corosync = configuration.corosync
    if disks(sbd) or (corosync and quorum_device(corosync)):
        return
    count = len(members(corosync)) if corosync else 0
    count = count or len(configuration.nodes())
    if 0 < count < 3:
        where = sbd.place("SBD_DEVICE")
        yield found(f"SBD has no disk, and the cluster {count} nodes and no quorum device", where)
