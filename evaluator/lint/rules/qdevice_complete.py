"""A quorum device must be one that can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import members, quorum_device
from evaluator.lint.registry import found, rule


@rule(
    "qdevice-complete",
    rationale="A quorum device that cannot be reached gives no vote, and the cluster finds out "
    "when the first node dies.",
    remedy="write model: net and net { host: ADDRESS } into quorum.device, totem.cluster_name, and "
    "a node list",
    source="corosync-qdevice-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """Model and host are named; the net model also needs a cluster name and a node list."""
    device = quorum_device(corosync)
    if device is None:
        return
    model = device.text("model")
    if model != "net":
        typed = f"model is {model!r}" if model else "there is no model"
        yield found(f"{typed}; allowed: net", device.place("model"), "write model: net")
    if not device.text("net", "host"):
        yield found("the host of the quorum device is missing", device.place("net"))
    if not corosync.text("totem", "cluster_name"):
        yield found("a quorum device needs totem.cluster_name, which is missing", device.where)
    if not members(corosync):
        yield found("a quorum device needs a node list, which is missing", device.where)
