"""Clones that depend on one another do so node by node."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.placement import flag
from evaluator.lint.registry import found, rule


@rule(
    "clone-interleave",
    severity=Severity.WARNING,
    rationale="Without interleave an instance waits for every instance of the other clone: when "
    "one node stops or fails, the clone restarts on all of them.",
    remedy="interleave=true on both clones",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """A clone that is ordered after another clone has ``interleave``."""
    clones = {clone.get("id", ""): clone for clone in cib.clones()}
    told = set()
    for order in cib.orders():
        if order.first in clones and order.then in clones and order.kind == "Mandatory":
            then = clones[order.then]
            if order.then not in told and not flag(cib, then, "interleave", default=False):
                told.add(order.then)
                message = f"clone {order.then!r} waits for all of {order.first!r}"
                yield found(message, cib.where(then))
