"""What starts before what, and what is placed with what, by groups and constraints together.

Only what binds counts: mandatory orderings that hold for stopping too, and colocations of score
INFINITY (Pacemaker Explained, "Resource Constraints", "Groups").
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping

from evaluator.formats.cib import Cib, Element
from evaluator.formats.units import truth

Step = tuple[str, str]
"""A primitive's id and an action, or its id and a role."""


def name(resource: Element) -> str:
    """The id of a resource."""
    return resource.get("id", "")


def flag(cib: Cib, resource: Element, option: str, default: bool) -> bool:
    """A truth value among a resource's own meta attributes."""
    entry = cib.meta(resource).get(option)
    return default if entry is None else truth(entry.value) is True


def follows(cib: Cib) -> Mapping[Step, frozenset[Step]]:
    """For every (primitive, action) all that must wait for it, near and far."""
    edges: dict[Step, set[Step]] = {}
    for primitive in map(name, cib.primitives()):
        edges[primitive, "start"] = {(primitive, "promote")}
    for group in cib.groups():
        if flag(cib, group, "ordered", default=True):
            _chain(edges, [(name(p), "start") for p in group.iterfind("primitive")])
    for order in cib.orders():
        if order.kind == "Mandatory" and order.symmetrical:
            for first in cib.members(order.first):
                after = {(name(then), order.then_action) for then in cib.members(order.then)}
                edges.setdefault((name(first), order.first_action), set()).update(after)
    return _closed(edges)


def placed_with(cib: Cib) -> Mapping[Step, frozenset[Step]]:
    """For every primitive, as (id, ''), all (primitive, role) that it must be beside."""
    edges: dict[Step, set[Step]] = {}
    for group in cib.groups():
        if flag(cib, group, "collocated", default=True):
            members = [(name(p), "") for p in group.iterfind("primitive")]
            _chain(edges, members)
            _chain(edges, members[::-1])
    for each in cib.colocations():
        if each.score == math.inf:
            role = "" if each.with_role == "Started" else each.with_role
            beside = {(name(other), role) for other in cib.members(each.with_resource)}
            for member in cib.members(each.resource):
                edges.setdefault((name(member), ""), set()).update(beside)
    return _closed(edges)


def outermost(resource: Element) -> Element:
    """The group, clone or bundle that a resource stands in, or itself."""
    while (parent := resource.getparent()) is not None and parent.tag != "resources":
        resource = parent
    return resource


def _chain(edges: dict[Step, set[Step]], steps: Iterable[Step]) -> None:
    for one, next_one in itertools.pairwise(steps):
        edges.setdefault(one, set()).add(next_one)


def _closed(edges: Mapping[Step, set[Step]]) -> Mapping[Step, frozenset[Step]]:
    found = {}
    for start in edges:
        seen: set[Step] = set()
        waiting = [start]
        while waiting:
            fresh = edges.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        found[start] = frozenset(seen)
    return found
