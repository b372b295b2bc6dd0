"""What is learnt of a node's links decides where resources are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.findings import Finding
from evaluator.formats.cib import Cib, Element
from evaluator.lint.placement import name, outermost
from evaluator.lint.registry import found, rule

WRITERS: Mapping[str, str] = {
    "ocf:heartbeat:ethmonitor": "ethmonitor-{interface}",
    "ocf:pacemaker:ping": "pingd",
    "ocf:heartbeat:pingd": "pingd",
}
"""Agents that write what they see to an attribute of the node, and how they call it unless told."""
PREFIXES = ("ethmonitor-", "pingd")


@rule(
    "connectivity-heeded",
    rationale="An address stays 'started' on a card whose cable is out. Agents that watch links "
    "only write an attribute of their node; without a rule that reads it, or with a rule whose "
    "attribute nobody writes, the service stays where no client reaches it.",
    remedy="clone the agent, and give the service a location rule on the agent's attribute",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Agents that watch links run on every node, and rules read just what they write."""
    read = {
        e.get("attribute", ""): e
        for e in cib.root.iterfind("configuration/constraints/rsc_location//expression")
    }
    written: set[str] = set()
    for watcher in cib.primitives():
        usual = WRITERS.get(cib.agent(watcher))
        if usual is None:
            continue
        attribute = _attribute(cib, watcher, usual)
        written.add(attribute)
        if attribute not in read:
            message = f"no rule reads {attribute!r}, which {name(watcher)!r} writes"
            yield found(message, cib.where(watcher))
        if outermost(watcher).tag != "clone" and len(cib.nodes()) > 1:
            message = f"{name(watcher)!r} watches one node only"
            yield found(message, cib.where(watcher))
    for attribute, expression in read.items():
        if attribute.startswith(PREFIXES) and attribute not in written:
            yield found(f"nothing writes {attribute!r}, which a rule reads", cib.where(expression))


def _attribute(cib: Cib, watcher: Element, usual: str) -> str:
    parameters = cib.parameters(watcher)
    own = parameters.get("name")
    interface = parameters.get("interface")
    return own.value if own else usual.format(interface=interface.value if interface else "")
