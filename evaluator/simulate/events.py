"""What can happen to a cluster: the words of ``events.yml`` and of ``--event``.

Each event changes the state of a :class:`~evaluator.simulate.simulation.Simulator`; what the
cluster then does about it is the scheduler's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from lxml import etree

from evaluator.findings import EvaluationError, Finding, Where, allowed_values
from evaluator.simulate.cast import Cast
from evaluator.simulate.simulation import Simulator, State, set_pair, set_transient

WITHOUT, WHILE = " without quorum", " while fencing fails"
OPERATION = re.compile(r"(start|stop|promote|demote|monitor) (.+) on (.+)")


@dataclass(frozen=True)
class Event:
    """Something that happens; ``words`` are roles or the cluster's own names."""

    verb: str
    words: tuple[str, ...]
    where: Where | None = None
    fencing_fails: bool = False
    """The cluster plans, but its fencing never succeeds, so nothing that waits for it is done."""
    quorum_lost: bool = False
    """From now on this part of the cluster has no quorum."""

    def __str__(self) -> str:
        told = f"{self.verb} {', '.join(self.words)}"
        without = WITHOUT if self.quorum_lost else ""
        return f"{told}{without}{WHILE if self.fencing_fails else ''}"


def parse(text: str, where: Where | None = None) -> Event:
    """Read an event from words: ``lose first, voter``, ``… without quorum while fencing fails``.

    Raises
    ------
    EvaluationError
        ``unknown-event`` for a verb that there is not, exit code 2.
    """
    told = text.strip().removesuffix(WHILE)
    plain = told.removesuffix(WITHOUT)
    verb, _, words = plain.partition(" ")
    if verb not in VERBS:
        remedy = allowed_values(verb, VERBS, most=40)
        raise EvaluationError(Finding("unknown-event", f"unknown event {verb!r}", where, remedy))
    each = tuple(word.strip() for word in words.split(","))
    return Event(verb, each, where, told != text.strip(), plain != told)


SWITCHES = {"quorum": ("lost", "back"), "maintenance": ("on", "off")}

Apply = Callable[[Simulator, State, Cast, tuple[str, ...]], State]
VERBS: dict[str, tuple[str, Apply]] = {}


def verb(name: str, what: str) -> Callable[[Apply], Apply]:
    """Register what an event's verb does."""

    def register(function: Apply) -> Apply:
        VERBS[name] = (what, function)
        return function

    return register


def apply(simulator: Simulator, state: State, cast: Cast, event: Event) -> State:
    """The state after an event, before anybody reacts."""
    if event.quorum_lost:
        state = replace(state, quorum=False)
    return VERBS[event.verb][1](simulator, state, cast, event.words)


def check(event: Event, cast: Cast) -> None:
    """Refuse an event that speaks of what the cluster does not have.

    Raises
    ------
    EvaluationError
        ``unknown-event`` or ``unknown-part``, exit code 2.
    """
    for word in event.words:
        operation = OPERATION.fullmatch(word)
        parts = [operation[2], operation[3]] if operation else word.split(" on ")
        if event.verb in SWITCHES:
            if word not in SWITCHES[event.verb]:
                remedy = allowed_values(word, SWITCHES[event.verb])
                message = f"{event.verb} cannot be {word!r}"
                raise EvaluationError(Finding("unknown-event", message, event.where, remedy))
            continue
        for part in parts:
            name(cast, part, event.where)


def name(cast: Cast, word: str, where: Where | None = None) -> str:
    """What a role is called here; a name of the cluster stands for itself.

    Raises
    ------
    EvaluationError
        ``unknown-part`` for what is neither, exit code 2.
    """
    if word.startswith("device "):
        target = name(cast, word.removeprefix("device "), where)
        for device, targets in cast.devices:
            if target in targets:
                return device
    known = cast.names
    own = {*cast.nodes, *known.values(), *(device for device, _ in cast.devices)}
    if word in known:
        return known[word]
    if word in own:
        return word
    message = f"there is no {word!r} in this cluster"
    remedy = allowed_values(word, {*known, *own}, most=40)
    raise EvaluationError(Finding("unknown-part", message, where, remedy))


def _nodes(cast: Cast, words: tuple[str, ...]) -> list[str]:
    return [name(cast, word) for word in words]


@verb("start", "only these nodes are up when the cluster starts, as the first event")
@verb("join", "nodes come back, empty-handed after a reboot")
def _join(simulator: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return simulator.inject(state, *(f"--node-up={node}" for node in _nodes(cast, words)))


@verb("lose", "nodes are gone without a word: power, kernel or all links")
def _lose(simulator: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return simulator.inject(state, *(f"--node-fail={node}" for node in _nodes(cast, words)))


@verb("confirm", "an administrator confirms that nodes are off (stonith_admin --confirm)")
def _confirm(simulator: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return simulator.inject(state, *(f"--node-down={node}" for node in _nodes(cast, words)))


@verb("leave", "nodes shut down cleanly")
def _leave(simulator: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    root = etree.fromstring(state.cib)
    for node in root.iterfind("status/node_state"):
        if node.get("uname") in _nodes(cast, words):
            set_transient(node, "shutdown", "1")
    return replace(state, cib=etree.tostring(root))


@verb("standby", "an administrator sets nodes to standby")
def _standby(_: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return _set_standby(state, _nodes(cast, words), "on")


@verb("unstandby", "an administrator takes standby from nodes")
def _unstandby(_: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return _set_standby(state, _nodes(cast, words), "off")


@verb("maintenance", "maintenance mode is set on or off")
def _maintenance(_: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    root = etree.fromstring(state.cib)
    for properties in root.iterfind("configuration/crm_config"):
        value = "true" if words == ("on",) else "false"
        set_pair(properties, "cluster_property_set", "maintenance", "maintenance-mode", value)
    return replace(state, cib=etree.tostring(root))


@verb("quorum", "this part of the cluster has lost quorum, or has it back")
def _quorum(_: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return replace(state, quorum=words == ("back",))


@verb("fail", "a monitor finds a resource failed, as 'service' or 'service on first'")
def _fail(simulator: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return _monitored(simulator, state, cast, words, 1)


@verb("vanish", "a monitor finds that a resource does not run any more")
def _vanish(simulator: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return _monitored(simulator, state, cast, words, 7)


@verb("break", "an operation fails from now on, as 'start service on first'")
def _break(_: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return replace(state, broken=state.broken | _specs(cast, words))


@verb("mend", "an operation succeeds again")
def _mend(_: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return replace(state, broken=state.broken - _specs(cast, words))


@verb("outdate", "the copies of the data on nodes are not up to date any more")
def _outdate(_: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return replace(state, outdated=state.outdated | set(_nodes(cast, words)))


@verb("resync", "the copies of the data on nodes are up to date again")
def _resync(_: Simulator, state: State, cast: Cast, words: tuple[str, ...]) -> State:
    return replace(state, outdated=state.outdated - set(_nodes(cast, words)))


def _set_standby(state: State, nodes: list[str], value: str) -> State:
    root = etree.fromstring(state.cib)
    for node in root.iterfind("configuration/nodes/node"):
        if node.get("uname") in nodes:
            identity = f"standby-{node.get('id')}"
            set_pair(node, "instance_attributes", identity, "standby", value)
    return replace(state, cib=etree.tostring(root))


def _monitored(
    simulator: Simulator, state: State, cast: Cast, words: tuple[str, ...], code: int
) -> State:
    """Let the monitor of a resource answer with a code, where it runs or on a given node."""
    arguments = []
    for word in words:
        resource, _, node = word.partition(" on ")
        identity = name(cast, resource)
        status = simulator.look(state)
        promoted = status.nodes(identity, promoted=True)
        places = (name(cast, node),) if node else promoted or status.nodes(identity)
        for place in places:
            role = "Promoted" if place in promoted else "Unpromoted"
            interval = next(
                (ms for i, r, ms in cast.monitors if i == identity and ms and r in ("", role)), 0
            )
            arguments.append(f"--op-inject={identity}_monitor_{interval}@{place}={code}")
    return simulator.inject(state, *arguments)


def _specs(cast: Cast, words: tuple[str, ...]) -> set[str]:
    found = set()
    for word in words:
        match = OPERATION.fullmatch(word)
        if match is None:
            message = f"{word!r} is no operation"
            remedy = "write it as 'start service on first'"
            raise EvaluationError(Finding("unknown-event", message, None, remedy))
        found.add(f"{match[1]} {name(cast, match[2])} on {name(cast, match[3])}")
    return found
