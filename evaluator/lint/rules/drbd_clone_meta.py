"""DRBD must be a promotable clone with notifications."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib, Element
from evaluator.formats.units import truth
from evaluator.lint.agents import DRBD
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import flag, name
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import clones, resources


@rule(
    "drbd-clone-meta",
    rationale="Without promotable nobody makes a copy the primary; without notify the agent does "
    "not learn that its peer is gone; with a wrong clone-max a copy is not started at all.",
    remedy="promotable=true notify=true clone-max=NUMBER OF COPIES clone-node-max=1 promoted-max=1",
    source=("drbd-users-guide", "pacemaker-explained"),
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """Clones of DRBD have the meta attributes that its agent needs; no DRBD is outside a clone.

    Their two monitors are the matter of ``promotable-two-monitors``.
    """
    copies = {}
    if configuration.drbd:
        copies = {r.name: len(r.hosts) for r in resources(configuration.drbd) if r.hosts}
    cloned = set()
    for clone, primitive in clones(cib):
        cloned.add(name(primitive))
        given = cib.parameters(primitive).get("drbd_resource")
        for message in _wrong(cib, clone, copies.get(given.value if given else "", 0)):
            yield found(f"clone {name(clone)!r}: {message}", cib.where(clone))
        silent = cib.parameters(primitive).get("ignore_missing_notifications")
        if silent and truth(silent.value):
            yield found(f"{name(primitive)!r} does without notifications", silent.where)
    for primitive in cib.primitives():
        if cib.agent(primitive) in DRBD and name(primitive) not in cloned:
            yield found(f"DRBD {name(primitive)!r} is not a clone", cib.where(primitive))


def _wrong(cib: Cib, clone: Element, copies: int) -> Iterator[str]:
    meta = cib.meta(clone)
    if not cib.promotable(clone):
        yield "it is not promotable"
    if not flag(cib, clone, "notify", default=False):
        yield "notify is not true"
    most = meta["clone-max"].value if "clone-max" in meta else ""
    nodes = len(cib.nodes())
    if copies and (most or str(nodes)) != str(copies) and (most or nodes):
        yield f"clone-max is {most or f'not set, so {nodes}'}, DRBD has {copies} copies"
    elif most == "1":
        yield "clone-max is 1, so there is no second copy"
    each = meta.get("clone-node-max")
    if each and each.value != "1":
        yield f"clone-node-max is {each.value!r}"
