"""Fault folders: what is done to a cluster, and what it owes its clients then.

A folder below ``deploy/faults`` holds ``README.md`` (what and why) and ``fault.yml`` (a
:class:`Scenario`).  They speak in roles: ``active`` is the node that has the service when it
begins, ``passive`` the one that is to take it over, ``witness`` the host of the quorum device.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evaluator.cluster.model import ClusterModel
from evaluator.content import content_root
from evaluator.findings import EvaluationError, Finding, Where, allowed_values
from evaluator.study.document import read_document, validate
from evaluator.trial.faults import Fault, parse

FOLDER = "deploy/faults"

NEEDS = {
    "witness": "a quorum device",
    "volume": "a volume",
    "replicated": "a replicated volume",
}
"""What the words of :class:`Scenario` ask of a cluster."""


class Scenario(BaseModel):
    """``fault.yml``.

    What is expected holds for clusters that fence; of others only what happens is recorded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    faults: list[str] = Field(min_length=1)
    """In the words of :mod:`evaluator.trial.faults`, done one after another, undone in reverse."""

    service: Literal["moves", "stays", "either"]
    """Where the service is in the end."""

    answers: Literal["throughout", "again", "once undone"]
    """Whether clients notice, and whether anybody has to help."""

    bound_seconds: float = Field(gt=0, le=600)
    """Within which clients are served again, from the last fault or, ``once undone``, from that."""

    fenced: list[Literal["active", "passive", "witness", "one", "any"]] = []
    """Roles that are switched off by the others; ``one`` for either node of the pair, ``any`` where
    it may be anybody or nobody."""

    watch_seconds: float = Field(default=10, gt=0, le=120)
    """How long it is watched at least before the faults are undone."""

    managers: list[Literal["pacemaker", "keepalived", "heartbeat"]] = []
    """Managers that it fits; none named, all."""

    witness: bool = False
    """It needs the host of a quorum device."""

    volume: bool = False
    """It needs a volume that moves with the service."""

    replicated: bool = False
    """It needs copies that DRBD keeps alike, on nodes that are machines of their own."""

    core: bool = False
    """One of the few that stand for the others where time is short."""

    @property
    def needs(self) -> list[str]:
        """What a cluster must have for it."""
        return [thing for name, thing in NEEDS.items() if getattr(self, name)]

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        alone = [word for word in self.fenced if word in ("one", "any")]
        if alone and len(self.fenced) > 1:
            raise ValueError(f"fenced has {alone[0]!r}, which stands alone")
        used = {role for text in self.faults for role in text.split()[1:]}
        if "witness" in used and not self.witness:
            raise ValueError("a fault is about the witness: write witness: true")
        if "replication" in used and not self.replicated:
            raise ValueError("a fault is about the replication: write replicated: true")
        if any(text.split()[:1] == ["jump-clock"] for text in self.faults) and not self.replicated:
            # containers have that of their machine, and may not set it
            raise ValueError("a fault is about a node's own clock: write replicated: true")
        return self


@dataclass(frozen=True)
class Trial:
    """A scenario with its name, ready to be done."""

    name: str
    words: Scenario
    faults: tuple[Fault, ...]

    def at(self, pace: float) -> Trial:
        """The same where everything may take `pace` times as long."""
        bound = {"bound_seconds": pace * self.words.bound_seconds}
        return replace(self, words=self.words.model_copy(update=bound))

    def why_not(self, cluster: ClusterModel) -> str:
        """Why a cluster is no place for it; '' if it is."""
        words = self.words
        if words.managers and cluster.manager not in words.managers:
            return f"it is for {' and '.join(words.managers)}"
        there = {
            NEEDS["witness"]: cluster.quorum.witness,
            NEEDS["volume"]: cluster.storage,
            NEEDS["replicated"]: cluster.replicated,
        }
        lacks = next((thing for thing in words.needs if not there[thing]), "")
        return f"it is for clusters with {lacks}" if lacks else ""


def read(folder: Path) -> Trial:
    """Read one fault folder.

    Raises
    ------
    EvaluationError
        With file, line and column of what cannot be understood.
    """
    document = read_document(folder / "fault.yml")
    words, findings = validate(document, Scenario)
    if words is None:
        raise EvaluationError(findings)
    found = []
    for number, text in enumerate(words.faults):
        try:
            found.append(parse(text, document.where(("faults", number))))
        except EvaluationError as error:
            findings += error.findings
    if findings:
        raise EvaluationError(findings)
    return Trial(folder.name, words, tuple(found))


def trials(only: tuple[str, ...] = ()) -> Iterator[Trial]:
    """Every fault folder in the order of its name, or those that are named.

    Raises
    ------
    EvaluationError
        ``unknown-trial`` for a name that there is not.
    """
    folder = content_root() / FOLDER
    names = sorted(path.parent.name for path in folder.glob("*/fault.yml"))
    for name in only:
        if name not in names:
            remedy = allowed_values(name, names, most=40)
            raise EvaluationError(
                Finding("unknown-trial", f"no fault folder {name!r}", Where(FOLDER), remedy)
            )
    for name in dict.fromkeys(only) or names:
        yield read(folder / name)
