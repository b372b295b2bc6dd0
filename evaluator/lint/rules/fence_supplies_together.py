"""A node with two supplies loses both at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from evaluator.cluster.power import STRIP
from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import devices
from evaluator.lint.registry import found, rule


@rule(
    "fence-supplies-together",
    rationale="A node that hangs on two switched strips has two supplies: one strip alone reports "
    "success while the other feeds the node.",
    remedy='write one fencing-level of the node with both: devices="ONE,OTHER"',
    source=("rhel-ha-docs", "pacemaker-explained"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """Two strips that feed a node are always in the same level of it."""
    levels = [level for level in cib.levels() if level.kind == "node"]
    if len(levels) < len(cib.levels()):
        return  # which nodes a pattern or an attribute means is not asked
    strips = [d for d in devices(cib) if STRIP.fullmatch(d.agent)]
    for node in cib.nodes():
        mine = [set(level.devices) for level in levels if level.target == node]
        feeding = [d for d in strips if d.targets and node in d.targets]
        for one, other in itertools.combinations(feeding, 2):
            if len({d.address.value if d.address else "" for d in (one, other)}) == 1:
                continue
            pair = {one.id, other.id}
            if not mine or any(len(pair & level) == 1 for level in mine):
                message = f"{node!r} hangs on {one.id} and {other.id}, which are not used together"
                yield found(message, cib.where(other.element))
