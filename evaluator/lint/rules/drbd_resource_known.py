"""A DRBD resource that the cluster names must be in DRBD's files."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import clones, resources


@rule(
    "drbd-resource-known",
    rationale="The agent cannot start a resource that DRBD's files do not define: nothing that "
    "stands on it ever starts.",
    remedy="use the name of a resource in /etc/drbd.d",
    source="drbd-users-guide",
)
def check(drbd: Entry, cib: Cib) -> Iterator[Finding]:
    """``drbd_resource`` of every DRBD primitive is there."""
    known = [r.name for r in resources(drbd)]
    for _, primitive in clones(cib):
        given = cib.parameters(primitive).get("drbd_resource")
        if given and given.value not in known:
            message = f"{primitive.get('id')!r}: DRBD has no resource {given.value!r}"
            yield found(message, given.where, allowed_values(given.value, known))
