"""What uses a DRBD device starts after its promotion, on the node that promoted it."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import follows, name, outermost, placed_with
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import clones, users


@rule(
    "drbd-order-and-colocation",
    rationale="Only the primary can be mounted: without the colocation the file system is started "
    "on the wrong node, without the ordering before the promotion, and both fail.",
    remedy="order: promote CLONE then start RESOURCE (write then-action=start: without it the "
    "action is promote, and the start waits for nothing); colocation: RESOURCE with CLONE in role "
    "Promoted, score INFINITY",
    source=("pacemaker-explained", "drbd-users-guide"),
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """Every resource on a DRBD device has both, itself or by its group."""
    order, beside = follows(cib), placed_with(cib)
    for clone, primitive in clones(cib):
        promotion, promoted = (name(primitive), "promote"), (name(primitive), "Promoted")
        later = order.after(promotion)
        for user, parameter in users(cib, primitive, configuration.drbd):
            if outermost(user) is clone:
                continue
            said = f"{name(user)!r} uses {parameter.value} and is not"
            if (name(user), "start") not in later:
                yield found(f"{said} ordered after the promotion of {name(clone)!r}",
                            cib.where(user))  # fmt: skip
            if promoted not in beside.after((name(user), "")):
                yield found(f"{said} colocated with the promoted {name(clone)!r}", cib.where(user))
