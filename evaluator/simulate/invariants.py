"""What must hold in every transition of every scenario.

Each invariant is a generator of what breaks it.  Order is a path in the transition's graph, so an
order that merely happens to come out right does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from evaluator.simulate.cast import Cast
from evaluator.simulate.plan import MOVES, Action, Plan
from evaluator.simulate.simulation import Transition
from evaluator.simulate.story import Episode

Broken = Iterator[str]
Check = Callable[[Episode, Cast], Broken]


@dataclass(frozen=True)
class Invariant:
    """A rule with its code, and how to mend what breaks it."""

    code: str
    remedy: str
    check: Check


INVARIANTS: dict[str, Invariant] = {}


def invariant(code: str, remedy: str) -> Callable[[Check], Check]:
    """Register a rule."""

    def register(check: Check) -> Check:
        INVARIANTS[code] = Invariant(code, remedy, check)
        return check

    return register


def _begins(plan: Plan, cast: Cast, resource: str) -> Iterator[tuple[str, Action]]:
    """Actions that put a resource to use; of data that is its promotion."""
    return plan.find("promote" if resource == cast.data else "start", resource)


def _used(transition: Transition, cast: Cast, resource: str) -> tuple[str, ...]:
    """Nodes on which a resource is in use."""
    return transition.before.nodes(resource, promoted=resource == cast.data)


def _lost(episode: Episode, cast: Cast) -> Iterator[tuple[Transition, frozenset[str]]]:
    """With each transition the nodes of which nobody knows what they do, as we know it.

    Pacemaker minds only those that it calls unclean; without fencing it calls none so.
    """
    absent = frozenset(cast.nodes) - episode.nodes
    told = {"lose": episode.nodes, "start": absent}.get(episode.event.verb, frozenset())
    for transition in episode.transitions:
        yield transition, transition.before.unclean | told
        told -= {action.node for _, action in transition.plan.find("fence")}


@invariant("lost-node-is-fenced", "set stonith-enabled to true, with a fence device for each node")
def _lost_node_is_fenced(episode: Episode, cast: Cast) -> Broken:
    for transition, lost in _lost(episode, cast):
        targets = {a.node for _, a in transition.plan.find("fence")}
        for node in sorted(lost - targets):
            if transition.quorum and not episode.maintenance:
                yield f"{node} is lost and is not fenced"


@invariant("fence-before-recovery", "leave requires at its default, and stonith-enabled at true")
def _fence_before_recovery(episode: Episode, cast: Cast) -> Broken:
    for transition, lost in _lost(episode, cast):
        for node in sorted(lost):
            fences = [key for key, _ in transition.plan.find("fence", node=node)]
            for _, resource in cast.chain:
                unknown = (resource, node) not in transition.known and node in cast.carriers
                if node not in transition.before.nodes(resource) and not unknown:
                    continue
                for key, action in _begins(transition.plan, cast, resource):
                    if not transition.plan.waits(key, fences):
                        yield f"'{action}' does not wait until {node} is fenced"


@invariant("start-in-order", "group the resources in order, and order promote before the group")
def _start_in_order(episode: Episode, cast: Cast) -> Broken:
    for transition in episode.transitions:
        plan = transition.plan
        for (_, earlier), (_, later) in combinations(cast.chain, 2):
            firsts = {key: a.node for key, a in _begins(plan, cast, earlier)}
            ends = {a.node for _, a in plan.find("stop", earlier)}
            for key, action in _begins(plan, cast, later):
                here = [k for k, node in firsts.items() if node == action.node]
                stays = action.node in set(_used(transition, cast, earlier)) - ends
                if here and not plan.waits(key, here):
                    yield f"'{action}' does not wait for {plan.actions[here[0]]}"
                elif not here and not stays:
                    yield f"'{action}', but {earlier} is not in use there"


@invariant("stop-in-order", "group the resources in order, and keep the orders symmetrical")
def _stop_in_order(episode: Episode, cast: Cast) -> Broken:
    for transition in episode.transitions:
        plan = transition.plan
        for (_, earlier), (_, later) in combinations(cast.chain, 2):
            for node in set(_used(transition, cast, later)) - transition.before.unclean:
                stops = [key for key, _ in plan.find("stop", later, node)]
                ends = [*plan.find("stop", earlier, node), *plan.find("demote", earlier, node)]
                for key, action in ends:
                    if not plan.waits(key, stops):
                        yield f"'{action}' does not wait until {later} is stopped"


@invariant("never-two", "keep promoted-max at 1, and let fencing and stops come before starts")
def _never_two(episode: Episode, cast: Cast) -> Broken:
    for transition in episode.transitions:
        plan = transition.plan
        for _, resource in cast.chain:
            data = resource == cast.data
            places = transition.after.nodes(resource, promoted=data)
            if len(set(places)) > 1 and not episode.event.fencing_fails:
                yield f"{resource} is in use on {' and '.join(sorted(places))}"
            for node in set(_used(transition, cast, resource)) - transition.before.unclean:
                ends = [key for key, _ in plan.find("demote" if data else "stop", resource, node)]
                for key, action in _begins(plan, cast, resource):
                    if action.node != node and not plan.waits(key, ends):
                        yield f"'{action}' does not wait until it has ended on {node}"


@invariant("together", "colocate the group with the promoted role, with score INFINITY")
def _together(episode: Episode, cast: Cast) -> Broken:
    if episode.maintenance or episode.event.fencing_fails:
        return
    for (_, earlier), (_, later) in combinations(cast.chain, 2):
        below = set(episode.end.nodes(earlier, promoted=earlier == cast.data))
        for node in sorted(set(episode.end.nodes(later)) - below):
            yield f"{later} rests on {node}, but {earlier} does not"


@invariant("nothing-without-quorum", "set no-quorum-policy to stop")
def _nothing_without_quorum(episode: Episode, cast: Cast) -> Broken:
    for transition in episode.transitions:
        if transition.quorum:
            continue
        for verb in ("start", "promote", "fence"):
            for _, action in transition.plan.find(verb):
                yield f"'{action}' without quorum"
    last = episode.transitions[-1]
    if last.quorum or episode.maintenance:
        return
    for _, resource in cast.chain:
        for node in sorted(set(episode.end.nodes(resource)) - episode.end.unclean):
            yield f"{resource} goes on on {node} without quorum"


@invariant("nothing-on-a-lost-node", "this would be a fault of Pacemaker: report it")
def _nothing_on_a_lost_node(episode: Episode, cast: Cast) -> Broken:
    for transition in episode.transitions:
        for action in transition.plan.actions.values():
            usable = transition.before.online - transition.before.unclean
            if action.verb in MOVES and action.node not in usable:
                yield f"'{action}', which is not there"


CALM = ("join", "unstandby", "resync", "mend", "confirm", "break")
"""Events that never are a reason to interrupt the service."""
ASIDE = ("lose", "leave", "standby", "outdate")
"""Events that are none when they happen to a node that does not carry it."""


@invariant("service-stays", "set resource-stickiness, and prefer no node by a location constraint")
def _service_stays(episode: Episode, cast: Cast) -> Broken:
    top = cast.chain[-1][1]
    carriers = set(episode.before.nodes(top))
    calm = episode.event.verb in CALM
    aside = episode.event.verb in ASIDE and not carriers & episode.nodes
    if not (calm or aside):
        return
    for transition in (t for t in episode.transitions if t.quorum):
        for _, resource in cast.chain:
            for verb in ("demote",) if resource == cast.data else ("stop",):
                for _, action in transition.plan.find(verb, resource):
                    if action.node in carriers - transition.before.unclean:
                        yield f"'{action}', although nothing is wrong there"


@invariant(
    "device-off-its-target", "forbid each fence device its own target by a location of -INFINITY"
)
def _device_off_its_target(episode: Episode, cast: Cast) -> Broken:
    for device, targets in cast.devices:
        for node in episode.end.nodes(device):
            if targets == (node,):
                yield f"{device} rests on {node}, which it is to switch off"


@invariant("maintenance-rests", "this would be a fault of Pacemaker: report it")
def _maintenance_rests(episode: Episode, cast: Cast) -> Broken:
    for transition in episode.transitions if episode.maintenance else ():
        for action in transition.plan.actions.values():
            if action.verb in MOVES:
                yield f"'{action}' in maintenance mode"


@invariant("cluster-rests", "look for resources that drive each other away")
def _cluster_rests(episode: Episode, cast: Cast) -> Broken:
    if not episode.rests:
        yield f"after {len(episode.transitions)} transitions there is still something to do"
