"""Where location constraints let a resource run (Pacemaker Explained, "Resource Constraints")."""

from __future__ import annotations

import math

from evaluator.formats.cib import Cib
from evaluator.formats.units import truth


def opt_in(cib: Cib) -> bool:
    """Whether a resource runs only where a constraint allows it (``symmetric-cluster=false``)."""
    entry = cib.property("symmetric-cluster")
    return entry is not None and truth(entry.value) is False


def may_run_on(cib: Cib, id: str) -> tuple[str, ...]:
    """Nodes that a resource may run on, by its own constraints.

    A constraint with rules, or for all names of a pattern, may allow any node, so it counts as if
    it did; those for one role do not keep a resource from a node.
    """
    everywhere = not opt_in(cib)
    mine = [each for each in cib.locations() if id in each.resources and not each.role]
    unread = any(each.rules for each in mine) or any(each.pattern for each in cib.locations())
    allowed = []
    for node in cib.nodes():
        scores = [each.score for each in mine if each.node.casefold() == node.casefold()]
        if -math.inf not in scores and (everywhere or scores or unread):
            allowed.append(node)
    return tuple(allowed)
