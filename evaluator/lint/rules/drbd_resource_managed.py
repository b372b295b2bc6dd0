"""What DRBD replicates is promoted by the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import clones, resources


@rule(
    "drbd-resource-managed",
    severity=Severity.WARNING,
    rationale="A DRBD resource that the cluster does not promote stays secondary after a failover, "
    "or is promoted by hand on both nodes.",
    remedy="add a promotable clone of ocf:linbit:drbd with drbd_resource=NAME",
    source=("drbd-users-guide", "ours"),
)
def check(cib: Cib, drbd: Entry) -> Iterator[Finding]:
    """Each resource of DRBD's files is the ``drbd_resource`` of a clone in the CIB."""
    managed = {
        given["drbd_resource"].value
        for _, primitive in clones(cib)
        if "drbd_resource" in (given := cib.parameters(primitive))
    }
    for resource in resources(drbd):
        if resource.name not in managed:
            yield found(f"no clone manages DRBD's {resource.name!r}", resource.entry.where)
