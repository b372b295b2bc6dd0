"""What must be together is not forbidden to be."""

from __future__ import annotations

import math
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib, Colocation
from evaluator.lint.registry import found, rule


@rule(
    "contradictory-colocations",
    rationale="Of two resources that must and must not be on the same node one never runs, and "
    "no validator says why.",
    remedy="remove one of the two constraints",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """No pair of resources has a colocation of INFINITY and one of -INFINITY."""
    together: dict[frozenset[str], list[Colocation]] = {}
    for each in cib.colocations():
        if each.score == math.inf:
            together.setdefault(frozenset((each.resource, each.with_resource)), []).append(each)
    for apart in cib.colocations():
        pair = frozenset((apart.resource, apart.with_resource))
        for other in together.get(pair, ()) if apart.score == -math.inf else ():
            if _meet(_roles(apart), _roles(other)):
                message = f"{apart.id!r} keeps {apart.resource!r} off {apart.with_resource!r}, "
                yield found(message + f"{other.id!r} puts them together", apart.where)
                break


def _roles(each: Colocation) -> dict[str, str]:
    return {each.resource: each.role, each.with_resource: each.with_role}


def _meet(apart: dict[str, str], together: dict[str, str]) -> bool:
    """Whether the instances that must be together are among those that must not."""
    return all(role in ("", "Started", together[id]) for id, role in apart.items())
