"""A fencing policy needs somebody who fences."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources

CONSTRAINT, UNFENCE = "crm-fence-peer", "crm-unfence-peer"
UNDO = ("unfence-peer", "after-resync-target")


@rule(
    "drbd-fence-peer-handler",
    rationale="Without handler nobody marks the cut off peer as outdated: resource-and-stonith "
    "freezes all writes when the link breaks, resource-only lets both sides go on.  A constraint "
    "that is never taken away keeps the peer from being promoted.",
    remedy="write fence-peer into handlers: with Pacemaker crm-fence-peer.sh (and "
    "crm-unfence-peer.sh as unfence-peer or after-resync-target), else drbd-peer-outdater",
    source=("drbd-conf-man", "drbd-users-guide"),
)
def check(drbd: Entry) -> Iterator[Finding]:
    """``fencing`` and ``fence-peer`` stand together; a constraint is taken away again."""
    for resource in resources(drbd):
        fencing = resource.option("disk|net", "fencing")
        handler = resource.text("handlers", "fence-peer")
        fences = fencing is not None and fencing.value != "dont-care"
        said = f"resource {resource.name!r}"
        if fencing and fences and not handler:
            message = f"{said}: fencing is {fencing.value!r} without a fence-peer handler"
            yield found(message, fencing.where)
        where = resource.place("handlers", "fence-peer")
        if handler and not fences:
            yield found(f"{said}: fence-peer is never called without fencing", where)
        undo = (resource.text("handlers", name) for name in UNDO)
        if CONSTRAINT in handler and not any(UNFENCE in text for text in undo):
            yield found(f"{said}: nothing takes the constraint of fence-peer away again", where)
