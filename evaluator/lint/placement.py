"""What starts before what, and what is placed with what, by groups and constraints together.

Only what binds counts: mandatory orderings that hold for stopping too, and colocations of score
INFINITY (Pacemaker Explained, "Resource Constraints", "Groups").
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from evaluator.findings import Finding
from evaluator.formats.cib import Cib, Element
from evaluator.formats.units import truth
from evaluator.lint.agents import ADDRESSES
from evaluator.lint.registry import found

Step = tuple[str, str]
"""A primitive's id and an action, or its id and a role."""


@dataclass(frozen=True)
class Relation:
    """Pairs of steps; asked for what they come to over any number of pairs."""

    pairs: tuple[tuple[Step, Step], ...]

    @cached_property
    def _ahead(self) -> dict[Step, list[Step]]:
        return _grouped(self.pairs)

    @cached_property
    def _back(self) -> dict[Step, list[Step]]:
        return _grouped((b, a) for a, b in self.pairs)

    def after(self, step: Step) -> set[Step]:
        """All that is related to a step, near and far."""
        return _reached(self._ahead, step)

    def before(self, step: Step) -> set[Step]:
        """All that a step is related to, near and far."""
        return _reached(self._back, step)


def name(resource: Element) -> str:
    """The id of a resource."""
    return resource.get("id", "")


def flag(cib: Cib, resource: Element, option: str, default: bool) -> bool:
    """A truth value among a resource's own meta attributes."""
    entry = cib.meta(resource).get(option)
    return default if entry is None else truth(entry.value) is True


def follows(cib: Cib) -> Relation:
    """From each (primitive, action) to what must wait for it."""
    pairs = [((p, "start"), (p, "promote")) for p in map(name, cib.primitives())]
    for group in cib.groups():
        if flag(cib, group, "ordered", default=True):
            pairs += itertools.pairwise((name(p), "start") for p in group.iterfind("primitive"))
    for order in cib.orders():
        if order.kind == "Mandatory" and order.symmetrical:
            firsts = [(name(p), order.first_action) for p in cib.members(order.first)]
            thens = [(name(p), order.then_action) for p in cib.members(order.then)]
            pairs += itertools.product(firsts, thens)
    return Relation(tuple(pairs))


def placed_with(cib: Cib) -> Relation:
    """From each primitive, as (id, ''), to the (primitive, role) that it must be beside."""
    pairs: list[tuple[Step, Step]] = []
    for group in cib.groups():
        if flag(cib, group, "collocated", default=True):
            members = [(name(p), "") for p in group.iterfind("primitive")]
            pairs += itertools.pairwise(members)
            pairs += itertools.pairwise(members[::-1])
    for each in cib.colocations():
        if each.score == math.inf:
            role = "" if each.with_role == "Started" else each.with_role
            ours = [(name(p), "") for p in cib.members(each.resource)]
            theirs = [(name(p), role) for p in cib.members(each.with_resource)]
            pairs += itertools.product(ours, theirs)
    return Relation(tuple(pairs))


def outermost(resource: Element) -> Element:
    """The group, clone or bundle that a resource stands in, or itself."""
    while (parent := resource.getparent()) is not None and parent.tag != "resources":
        resource = parent
    return resource


def not_awaited(cib: Cib, agents: Callable[[str], bool]) -> Iterator[Finding]:
    """Virtual addresses with which something of some agents is placed that may start after them.

    Cloned addresses are on every node and not meant.
    """
    order, place = follows(cib), placed_with(cib)
    others = [name(p) for p in cib.primitives() if agents(cib.agent(p))]
    for address in cib.primitives():
        if cib.agent(address) not in ADDRESSES or outermost(address).tag == "clone":
            continue
        here = (name(address), "")
        near = {step[0] for step in place.after(here) | place.before(here)}
        awaited = order.before((name(address), "start"))
        early = [o for o in others if o in near and (o, "start") not in awaited]
        if early:
            message = f"{name(address)!r} does not wait for {', '.join(map(repr, early))}"
            yield found(message, cib.where(address))


def _grouped(pairs: Iterable[tuple[Step, Step]]) -> dict[Step, list[Step]]:
    found: dict[Step, list[Step]] = {}
    for one, other in pairs:
        found.setdefault(one, []).append(other)
    return found


def _reached(edges: Mapping[Step, list[Step]], start: Step) -> set[Step]:
    seen: set[Step] = set()
    waiting = [start]
    while waiting:
        fresh = [step for step in edges.get(waiting.pop(), ()) if step not in seen]
        seen.update(fresh)
        waiting += fresh
    return seen
