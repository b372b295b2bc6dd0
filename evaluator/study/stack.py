"""A stack: a compatible choice of candidates, what it requires and what it takes."""

from __future__ import annotations

from evaluator.study.candidate import Provision
from evaluator.study.fact import Dated, Fact, Identifier, Model, Sourced, SourcedRange, Text


class Effort(Model):
    """What it takes to use a stack; every number is an interval with its source."""

    adopt_hours: SourcedRange
    switch_hours: SourcedRange
    run_hours_per_year: SourcedRange
    money_once_eur: SourcedRange
    money_eur_per_year: SourcedRange
    mental_points: SourcedRange


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
    effort: Effort
    profile: Identifier | None = None
