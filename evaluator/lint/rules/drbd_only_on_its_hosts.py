"""A node without a copy must not be asked to run DRBD."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib, Element
from evaluator.formats.tree import Entry
from evaluator.lint.locations import opt_in
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import clones, resources


@rule(
    "drbd-only-on-its-hosts",
    severity=Severity.WARNING,
    rationale="On a node that the DRBD resource does not name, its start and its probe fail; with "
    "a small clone-max that node may be chosen instead of one with a copy.",
    remedy="ban the clone from that node: a location of score -INFINITY",
    source="pacemaker-explained",
)
def check(drbd: Entry, cib: Cib) -> Iterator[Finding]:
    """Every node is a host of the resource, or banned from its clone."""
    if opt_in(cib):
        return
    known = {r.name: r for r in resources(drbd)}
    for clone, primitive in clones(cib):
        given = cib.parameters(primitive).get("drbd_resource")
        if not given or given.value not in known:
            continue
        for node in cib.nodes():
            hosts = known[given.value].hosts
            if hosts and node not in hosts and not _banned(cib, (clone, primitive), node):
                message = f"{name(clone)!r} may be started on {node!r}, which has no copy"
                yield found(message, cib.where(clone))


def _banned(cib: Cib, resources: tuple[Element, ...], node: str) -> bool:
    names = {name(resource) for resource in resources}
    for location in cib.locations():
        named = names & set(location.resources)
        if not named and location.pattern:
            try:
                named = {n for n in names if re.search(location.pattern, n)}
            except re.error:
                continue
        # a rule may tell nodes apart in ways that only the cluster can evaluate
        if named and (location.rules or (location.node == node and location.score == -math.inf)):
            return True
    return False
