"""What ``crm_simulate`` writes: the state of a cluster, and the graph of what it will do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

MOVES = ("start", "stop", "promote", "demote")


@dataclass(frozen=True)
class Running:
    """A resource that is active on a node."""

    resource: str
    node: str
    promoted: bool


@dataclass(frozen=True)
class Status:
    """The state of a cluster."""

    online: frozenset[str]
    unclean: frozenset[str]
    running: tuple[Running, ...]

    def nodes(self, resource: str, *, promoted: bool = False) -> tuple[str, ...]:
        """Where a resource is active (or promoted)."""
        found = (r for r in self.running if r.resource == resource)
        return tuple(r.node for r in found if r.promoted or not promoted)


@dataclass(frozen=True, order=True)
class Action:
    """A step of a transition; a fencing has no resource, its node is the target."""

    verb: str
    resource: str
    node: str

    def __str__(self) -> str:
        if self.verb == "fence":
            return f"fence {self.node}"
        return f"{self.verb} {self.resource} on {self.node}".replace("  on", " on")


@dataclass(frozen=True)
class Plan:
    """A transition: actions by their number in the graph, and all that each must wait for."""

    actions: dict[str, Action] = field(default_factory=dict)
    before: dict[str, frozenset[str]] = field(default_factory=dict)
    failing: frozenset[str] = frozenset()
    """Actions that fail when they are tried; what waits for them is not done."""

    def find(self, verb: str, resource: str = "", node: str = "") -> Iterator[tuple[str, Action]]:
        """Actions by verb and, where they are given, by resource and node."""
        for key, action in self.actions.items():
            if (
                action.verb == verb
                and resource in ("", action.resource)
                and node in ("", action.node)
            ):
                yield key, action

    def waits(self, later: str, earlier: Iterable[str]) -> bool:
        """Whether an action cannot begin before one of others has ended."""
        return not self.before[later].isdisjoint(earlier)

    def reached(self, key: str) -> bool:
        """Whether an action is tried at all."""
        return self.before[key].isdisjoint(self.failing)

    @property
    def idle(self) -> bool:
        """Whether nothing starts, stops or is fenced."""
        return not any(a.verb in (*MOVES, "fence") for a in self.actions.values())


def read_plan(content: bytes, broken: frozenset[str] = frozenset()) -> Plan:
    """Read a transition graph, as ``--save-graph`` writes it.

    ``broken`` are the actions that fail, by their words (``fence`` is every fencing).

    A step that Pacemaker only takes as done, such as a stop on a node that was fenced, is no
    action of the plan, but what waits through it is known to wait.
    """
    actions: dict[str, Action] = {}
    inputs: dict[str, set[str]] = {}
    for synapse in etree.fromstring(content).iter("synapse"):
        waited = {a.get("id", "") for a in synapse.iterfind("inputs/trigger/*")}
        for element in synapse.iterfind("action_set/*"):
            key = element.get("id", "")
            inputs[key] = waited
            if element.tag != "pseudo_event":
                actions[key] = _action(element)
    failing = {k for k, a in actions.items() if str(a) in broken or a.verb in broken}
    before = {key: _all_before(key, inputs) for key in actions}
    return Plan(actions, before, frozenset(failing))


def _action(element: etree._Element) -> Action:
    verb, primitive = element.get("operation", ""), element.find("primitive")
    attributes = element.find("attributes")
    interval = "0" if attributes is None else attributes.get("CRM_meta_interval", "0")
    if verb == "monitor":
        verb = "probe" if interval == "0" else "monitor"
    verb = {"stonith": "fence", "do_shutdown": "shutdown"}.get(verb, verb)
    resource = "" if primitive is None else primitive.get("id", "").partition(":")[0]
    return Action(verb, resource, element.get("on_node", ""))


def _all_before(key: str, inputs: dict[str, set[str]]) -> frozenset[str]:
    seen: set[str] = set()
    todo = [key]
    while todo:
        fresh = inputs.get(todo.pop(), set()) - seen
        seen |= fresh
        todo += fresh
    return frozenset(seen)


def read_status(parent: etree._Element) -> Status:
    """Read ``cluster_status`` or ``revised_cluster_status`` of ``--output-as=xml``."""
    nodes = list(parent.iterfind("nodes/node"))

    def those(attribute: str) -> frozenset[str]:
        return frozenset(n.get("name", "") for n in nodes if n.get(attribute) == "true")

    running = [
        Running(
            resource.get("id", "").partition(":")[0],
            node.get("name", ""),
            resource.get("role") == "Promoted",
        )
        for resource in parent.iterfind("resources//resource")
        for node in resource.iterfind("node")
        if resource.get("active") == "true"
    ]
    return Status(those("online"), those("unclean"), tuple(running))
