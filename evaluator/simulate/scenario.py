"""Scenario folders: what happens, and what the cluster is expected to do about it.

A folder holds ``README.md`` (what and why), ``cluster.yml`` (which clusters it fits),
``events.yml`` (what happens, in the words of :mod:`evaluator.simulate.events`) and
``expected.yml`` (per event the steps and where everything rests).  They speak in roles, so a step
of a part that a cluster does not have is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from evaluator.content import content_root
from evaluator.findings import EvaluationError, Finding, Where
from evaluator.simulate.cast import ROLES, Cast
from evaluator.simulate.events import Event, check, parse
from evaluator.simulate.plan import Action, Plan
from evaluator.simulate.story import Episode
from evaluator.study.document import Document, read_document, validate

THEN = " > "
M = TypeVar("M", bound=BaseModel)


class Fits(BaseModel):
    """Which clusters a scenario fits; what is not said may be anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    carriers: int | None = None
    voters: int | None = None
    replicated: bool | None = None
    balanced: bool | None = None

    def why_not(self, cast: Cast) -> str:
        """Why a cluster is no place for the scenario; '' if it is."""
        roles = dict(cast.chain)
        for what, wanted, here in (
            ("nodes that carry the service", self.carriers, len(cast.carriers)),
            ("nodes that only vote", self.voters, len(cast.voters)),
            ("replicated data", self.replicated, "data" in roles),
            ("a load balancer", self.balanced, "balancer" in roles),
        ):
            if wanted is not None and wanted != here:
                if isinstance(wanted, bool):
                    return f"it is for clusters {'with' if wanted else 'without'} {what}"
                return f"it is for clusters with {wanted} {what}, here are {here}"
        return ""


class Expected(BaseModel):
    """What follows an event.

    Each of ``steps`` is a chain, ``fence first > promote data on second``, in which every step
    waits for the one before it; all chains together are all that is done.  ``ends`` says where
    each resource rests, ``all`` standing for those that are not named.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: str
    steps: list[str] = []
    ends: dict[str, str]
    lost: list[str] = []
    """Nodes that are not there in the end."""


class Events(BaseModel):
    """``events.yml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    events: list[str]


class Chapters(BaseModel):
    """``expected.yml``: one entry per event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: list[Expected]


@dataclass(frozen=True)
class Scenario:
    """A scenario; without ``expected`` only the invariants are looked at."""

    id: str
    title: str
    fits: Fits
    events: tuple[Event, ...]
    expected: tuple[Expected, ...] = ()


def shipped() -> list[Scenario]:
    """The scenarios of this package, by name."""
    return read_all(content_root() / "deploy" / "scenarios")


def read_all(folder: Path) -> list[Scenario]:
    """Every scenario in a folder of folders, by name.

    Raises
    ------
    EvaluationError
        With every mistake in their files, exit code 2.
    """
    found, problems = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir():
            try:
                found.append(read_scenario(path))
            except EvaluationError as error:
                problems += error.findings
    if not found and not problems:
        remedy = "name a folder that holds a folder for each scenario"
        problems.append(Finding("no-scenario", "no scenario here", Where(str(folder)), remedy))
    if problems:
        raise EvaluationError(problems)
    return found


def read_scenario(folder: Path) -> Scenario:
    """Read one scenario.

    Raises
    ------
    EvaluationError
        With every mistake in its files, exit code 2.
    """
    fits, _ = _file(folder / "cluster.yml", Fits)
    typed, events = _file(folder / "events.yml", Events)
    chapters = _file(folder / "expected.yml", Chapters)[0].after
    told = tuple(parse(e, events.where(("events", n))) for n, e in enumerate(typed.events))
    if [str(e) for e in told] != [c.event for c in chapters]:
        message = "its entries are not those of events.yml, one by one"
        raise EvaluationError(Finding("scenario", message, Where(str(folder / "expected.yml"))))
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines() or [""]
    return Scenario(folder.name, lines[0].lstrip("# "), fits, told, tuple(chapters))


def left_out(scenario: Scenario, cast: Cast) -> str:
    """Why a scenario does not fit a cluster; '' if it does."""
    for event in scenario.events:
        try:
            check(event, cast)
        except EvaluationError as error:
            return error.findings[0].message
    return scenario.fits.why_not(cast)


def differences(episode: Episode, expected: Expected, cast: Cast) -> Iterator[str]:
    """What happened otherwise than expected."""
    names = cast.names
    resources = frozenset(identity for _, identity in cast.chain)
    done = [(plan, key, _words(plan, key, a)) for plan, key, a in episode.steps(resources)]
    left = list(range(len(done)))
    for chain in expected.steps:
        last = None
        for text in filter(None, (_here(step, names) for step in chain.split(THEN))):
            step = next((n for n in left if done[n][2] == text), None)
            if step is None:
                yield f"'{text}' was expected"
                continue
            left.remove(step)
            if last is not None and (step < last or not _follows(done[step], done[last])):
                yield f"'{text}' does not wait for '{done[last][2]}'"
            last = step
    for step in left:
        yield f"'{done[step][2]}' was not expected"
    for role, identity in cast.chain:
        wanted = expected.ends.get(role, expected.ends.get("all", "nowhere"))
        places = ", ".join(episode.end.nodes(identity, promoted=role == "data")) or "nowhere"
        if places != names.get(wanted, wanted):
            yield f"{identity} rests {_on(places)}, not {_on(names.get(wanted, wanted))}"
    gone = set(cast.nodes) - (episode.end.online - episode.end.unclean)
    lost = {names.get(node, node) for node in expected.lost}
    if gone != lost:
        there, wanted = (", ".join(sorted(nodes)) or "none" for nodes in (gone, lost))
        yield f"nodes lost in the end: {there}, not {wanted}"


def chains(episode: Episode, cast: Cast) -> tuple[str, ...]:
    """What is done with the service, as chains of steps each of which waits for the one before."""
    found: list[list[tuple[Plan, str, str]]] = []
    for plan, key, action in episode.steps(frozenset(identity for _, identity in cast.chain)):
        step = (plan, key, _words(plan, key, action))
        chain = next((c for c in found if _follows(step, c[-1])), None)
        if chain is None:
            found.append([step])
        else:
            chain.append(step)
    return tuple(THEN.join(text for _, _, text in chain) for chain in found)


def _follows(step: tuple[Plan, str, str], earlier: tuple[Plan, str, str]) -> bool:
    """Whether a step waits for one that came earlier in an episode."""
    return step[0] is not earlier[0] or step[0].waits(step[1], [earlier[1]])


def _words(plan: Plan, key: str, action: Action) -> str:
    return f"{action} fails" if key in plan.failing else str(action)


def _on(places: str) -> str:
    return places if places == "nowhere" else f"on {places}"


def _here(step: str, names: dict[str, str]) -> str:
    """A step in a cluster's own names, '' if it has no such part."""
    words = step.split(" ")
    for position, word in enumerate(words):
        if word in names:
            words[position] = names[word]
        elif word in ROLES:
            return ""
    return " ".join(words)


def _file(path: Path, model: type[M]) -> tuple[M, Document]:
    document = read_document(path)
    found, findings = validate(document, model)
    if found is None or findings:
        raise EvaluationError(findings)
    return found, document
