"""Events one after another, and what the cluster does about each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evaluator.simulate.cast import Cast
from evaluator.simulate.events import Event, apply, check, name
from evaluator.simulate.plan import MOVES, Action, Plan, Status
from evaluator.simulate.simulation import Simulator, State, Transition, prepared

MAINTENANCE = b'name="maintenance-mode" value="true"'


@dataclass(frozen=True)
class Episode:
    """An event, and the transitions after it until the cluster rests."""

    event: Event
    nodes: frozenset[str]
    """Nodes that the event is about."""
    transitions: tuple[Transition, ...]
    maintenance: bool = False

    @property
    def before(self) -> Status:
        """The state in which the event has just happened."""
        return self.transitions[0].before

    @property
    def end(self) -> Status:
        """The state in which the cluster rests."""
        last = self.transitions[-1]
        return last.before if self.event.fencing_fails else last.after

    @property
    def rests(self) -> bool:
        """Whether nothing is left to do."""
        return self.event.fencing_fails or self.transitions[-1].plan.idle

    def steps(self, resources: frozenset[str]) -> Iterator[tuple[Plan, str, Action]]:
        """What is tried with some resources, and fencing, in an order that the graphs allow."""
        for transition in self.transitions:
            plan = transition.plan
            for key in sorted(plan.actions, key=lambda k: (len(plan.before[k]), plan.actions[k])):
                action = plan.actions[key]
                of_note = action.verb in MOVES and action.resource in resources
                if plan.reached(key) and (of_note or action.verb == "fence"):
                    yield plan, key, action


def begin(
    simulator: Simulator, cib: bytes, cast: Cast, event: Event | None = None
) -> tuple[Cast, State, Episode]:
    """Start the cluster with all nodes, or those of an event; tells who is first by its place."""
    up = event or Event("start", cast.nodes)
    state, episode = happen(simulator, State(prepared(cib)), cast, up)
    place = episode.end.nodes(cast.chain[-1][1])
    return replace(cast, first=place[0] if place else ""), state, episode


def happen(simulator: Simulator, state: State, cast: Cast, event: Event) -> tuple[State, Episode]:
    """Let an event happen and the cluster react until it rests.

    Where fencing fails, the cluster's plan is not carried out: what does not wait for the fencing
    would be, and shows among the steps.
    """
    check(event, cast)
    state = apply(simulator, state, cast, event)
    nodes = frozenset(name(cast, w.rpartition(" on ")[2]) for w in _about_nodes(event, cast))
    transitions: Sequence[Transition]
    if event.fencing_fails:
        _, transition = simulator.react(replace(state, broken=state.broken | {"fence"}))
        transitions = [transition]
    else:
        state, transitions = simulator.settle(state)
    if event.verb == "leave":
        state = simulator.inject(state, *(f"--node-down={node}" for node in sorted(nodes)))
        state, last = simulator.settle(state)
        transitions = [*transitions, *last]
    return state, Episode(event, nodes, tuple(transitions), MAINTENANCE in state.cib)


def _about_nodes(event: Event, cast: Cast) -> list[str]:
    known = {*cast.nodes, *(role for role, n in cast.names.items() if n in cast.nodes)}
    return [w for w in event.words if w.rpartition(" on ")[2] in known]
