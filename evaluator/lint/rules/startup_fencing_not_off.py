"""A node that was never seen is fenced at the start."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.formats.units import truth
from evaluator.lint.registry import found, rule


@rule(
    "startup-fencing-not-off",
    rationale="A node that has not been seen since the cluster started may be running the service "
    "all the same; without fencing it first the service is started twice.",
    remedy="delete startup-fencing (its default is true)",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """``startup-fencing`` is not switched off."""
    entry = cib.property("startup-fencing")
    if entry and truth(entry.value) is not True:
        yield found(f"startup-fencing is {entry.value!r}", entry.where)
