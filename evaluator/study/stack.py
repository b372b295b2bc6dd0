"""A stack: a compatible choice of candidates, what it requires and what it takes."""

from __future__ import annotations

from evaluator.study.candidate import Candidate, Provision
from evaluator.study.fact import (
    OURS,
    Dated,
    Fact,
    Identifier,
    Model,
    Sourced,
    SourcedRange,
    Text,
)


class Effort(Model):
    """What it takes to use a stack; every number is an interval with its source."""

    adopt_hours: SourcedRange
    switch_hours: SourcedRange
    run_hours_per_year: SourcedRange
    money_once_eur: SourcedRange
    money_eur_per_year: SourcedRange
    mental_points: SourcedRange


class TriedAs(Sourced):
    """The cluster of the laboratory that stands for a stack; ``reason`` says what differs.

    With ``own_data`` each node of it keeps data of its own where the stack has copies: mail that is
    lost then is lost by the laboratory, and does not count against the stack.
    """

    cluster: Identifier
    own_data: bool = False


class Stack(Model):
    """A compatible choice of one candidate per needed role."""

    id: Identifier
    name: Text
    summary: Text
    components: dict[Identifier, Identifier]
    available: Dated
    compatibility: Sourced
    provides: dict[Identifier, Provision] = {}
    requires: dict[Identifier, Fact] = {}
    effort: Effort | None = None
    profile: Identifier | None = None
    tried_as: TriedAs | None = None


def alone(candidate: Candidate) -> Stack:
    """A candidate as a stack of itself, for a study that combines none.

    Its facts are what it requires, so that filters of the state can compare them with a site.
    """
    reason = "A candidate of its own; nothing is combined"
    return Stack(
        id=candidate.id,
        name=candidate.name,
        summary=candidate.summary,
        components={candidate.roles[0] if candidate.roles else candidate.kind: candidate.id},
        available=Dated(source=[OURS], reason=reason),
        compatibility=Sourced(source=[OURS], reason=reason),
        requires=candidate.facts,
    )
