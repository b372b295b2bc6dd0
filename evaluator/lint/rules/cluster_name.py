"""The cluster has one name."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "cluster-name",
    severity=Severity.WARNING,
    rationale="The name keeps clusters apart: multicast addresses, the quorum device's list and "
    "the name that DLM and GFS2 write on disk come from it.",
    remedy="write cluster_name into totem, the same as Pacemaker's cluster-name",
    source=("corosync-conf-man", "corosync-qdevice-man"),
)
def check(corosync: Entry, configuration: Configuration) -> Iterator[Finding]:
    """``totem.cluster_name`` is there and is that of the CIB."""
    name = corosync.text("totem", "cluster_name")
    if not name:
        yield found("there is no cluster_name", corosync.place("totem"))
    theirs = configuration.cib.property("cluster-name") if configuration.cib else None
    if name and theirs and theirs.value != name:
        yield found(f"cluster-name is {theirs.value!r}, but corosync's is {name!r}", theirs.where)
