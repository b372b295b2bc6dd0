"""Rehearse what a cluster will do, before anything happens to a real one.

Scenarios run through ``crm_simulate``, Pacemaker's own scheduler without a cluster.  What it plans
is held against invariants that hold in every scenario, and against what each scenario expects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.formats.cib import Cib
from evaluator.programs import SYSTEM_PATH
from evaluator.simulate.cast import Cast, cast
from evaluator.simulate.events import VERBS, Event, check, parse
from evaluator.simulate.invariants import INVARIANTS
from evaluator.simulate.scenario import (
    Expected,
    Fits,
    Scenario,
    chains,
    differences,
    left_out,
    read_all,
    read_scenario,
    shipped,
)
from evaluator.simulate.simulation import NotSimulatedError, Simulator, State, simulator
from evaluator.simulate.story import Episode, begin, happen

__all__ = [
    "VERBS", "Chapter", "Outcome", "Rehearsal", "Scenario", "asked", "parse", "read_all",
    "read_scenario", "shipped", "simulate",
]  # fmt: skip


@dataclass(frozen=True)
class Chapter:
    """An event and what the cluster does about it, in the cluster's own names."""

    event: str
    chains: tuple[str, ...]
    ends: str
    """Where the service rests."""


@dataclass(frozen=True)
class Outcome:
    """How a scenario went; a scenario that does not fit has ``left_out`` and nothing else."""

    scenario: str
    title: str
    left_out: str = ""
    chapters: tuple[Chapter, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Rehearsal:
    """All scenarios of one cluster."""

    outcomes: tuple[Outcome, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that went wrong."""
        return tuple(f for outcome in self.outcomes for f in outcome.findings)


def asked(events: Sequence[str]) -> Scenario:
    """A scenario of somebody's own events, in the words of ``events.yml``."""
    title = "; ".join(events)
    return Scenario("asked", title, Fits(), tuple(parse(text) for text in events))


def simulate(cib: Cib, scenarios: Sequence[Scenario], *, path: str = SYSTEM_PATH) -> Rehearsal:
    """Run scenarios on a cluster's CIB, with all its nodes up at the beginning.

    Parameters
    ----------
    cib : Cib
        The configuration; a status in it is not looked at.
    scenarios : sequence of Scenario
        Those that do not fit the cluster are left out, each with the reason.
    path : str
        Where ``crm_simulate`` is looked for.

    Returns
    -------
    Rehearsal
        With a finding for each broken invariant and each unexpected step.

    Raises
    ------
    EvaluationError
        ``not-simulated`` when the CIB has no such cluster in it or Pacemaker refuses it;
        ``unknown-event`` or ``unknown-part`` for events that make no sense here (exit code 2);
        ``simulator-missing`` when ``crm_simulate`` is not installed (exit code 3).
    """
    who = cast(cib)
    content = etree.tostring(cib.root)
    watchdog = cib.property("stonith-watchdog-timeout") is not None
    with simulator(who.data, watchdog, path) as machine:
        who, state, opening = begin(machine, content, who)
        if not who.first:
            remedy = "run 'evaluate validate' on it; look at what 'crm_simulate -S' says"
            message = "the service does not start on any node of a cluster that is all well"
            raise EvaluationError(
                Finding("not-simulated", message, cib.where(), remedy), ExitCode.FINDINGS
            )
        outcomes = [_opening(cib, who, opening)]
        for scenario in scenarios:
            outcomes.append(_outcome(machine, cib, content, who, state, scenario))
    return Rehearsal(tuple(outcomes))


def _opening(cib: Cib, who: Cast, episode: Episode) -> Outcome:
    title = "All nodes start"
    found = tuple(_findings(cib, "start", who, episode, None))
    return Outcome("start", title, "", (_chapter(who, episode),), found)


def _outcome(
    machine: Simulator, cib: Cib, content: bytes, who: Cast, state: State, scenario: Scenario
) -> Outcome:
    if scenario.expected and (why := left_out(scenario, who)):
        return Outcome(scenario.id, scenario.title, why)
    for event in scenario.events:
        check(event, who)
    chapters: list[Chapter] = []
    found: list[Finding] = []
    expected: Sequence[Expected | None] = scenario.expected or [None] * len(scenario.events)
    try:
        for event, wanted in zip(scenario.events, expected, strict=True):
            if event.verb == "start":
                _, state, episode = begin(machine, content, who, event)
            else:
                state, episode = happen(machine, state, who, event)
            chapters.append(_chapter(who, episode))
            found += _findings(cib, scenario.id, who, episode, wanted)
    except NotSimulatedError as error:
        found.append(replace(error.findings[0], where=cib.where()))
    return Outcome(scenario.id, scenario.title, "", tuple(chapters), tuple(found))


def _chapter(who: Cast, episode: Episode) -> Chapter:
    top = who.chain[-1][1]
    places = ", ".join(episode.end.nodes(top))
    return Chapter(_named(who, episode.event), chains(episode, who), places or "nowhere")


def _findings(
    cib: Cib, scenario: str, who: Cast, episode: Episode, wanted: Expected | None
) -> Iterator[Finding]:
    at = f"scenario {scenario}, after '{_named(who, episode.event)}'"
    for rule in INVARIANTS.values():
        for broken in dict.fromkeys(rule.check(episode, who)):
            yield Finding(f"simulate-{rule.code}", f"{at}: {broken}", cib.where(), rule.remedy)
    for message in differences(episode, wanted, who) if wanted else ():
        remedy = "compare with the scenario's README; change the cluster, or what is expected of it"
        yield Finding("simulate-unexpected", f"{at}: {message}", cib.where(), remedy)


def _named(who: Cast, event: Event) -> str:
    """An event in the cluster's own names."""
    names = who.names
    return " ".join(
        names.get(word.rstrip(","), word.rstrip(",")) + ("," if word.endswith(",") else "")
        for word in str(event).split(" ")
    )
