"""A criteria file: the whole question, its filters, lights, weights and rule."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from evaluator.study.fact import Identifier, Model, Sourced, SourcedRange, Text

Direction = Literal["max", "min"]
Aggregate = Literal["worst", "mean", "best"]


class Criterion(Sourced):
    """One column of the decision matrix: a metric, a fact, functional match or effort.

    ``aggregate`` says how a stack's value follows from its components' values; ``log`` takes the
    decimal logarithm of ``1 + value`` first.  ``weight`` is the share before the attitude.
    """

    id: Identifier
    name: Text
    group: Identifier
    weight: float = Field(ge=0, le=1)
    direction: Direction
    metric: Identifier | None = None
    fact: Identifier | None = None
    derived: Literal["functional_match", "semaphore_share"] | None = None
    aggregate: Aggregate = "worst"
    log: bool = False
    components: bool = True

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [n for n in ("metric", "fact", "derived") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of metric, fact, derived (given: {', '.join(given) or 'none'})"
            )
        return self


class Semaphore(Sourced):
    """A traffic light.  ``slope``: sign of a yearly series' slope (t-test at ``alpha``), black
    after ``black_after_years`` without a newcomer.  ``threshold``: value against two bounds.
    """

    id: Identifier
    name: Text
    metric: Identifier
    rule: Literal["slope", "threshold"]
    mandatory: bool
    alpha: float | None = Field(default=None, gt=0, lt=1)
    black_after_years: int | None = Field(default=None, ge=1)
    green: float | None = None
    yellow: float | None = None
    direction: Direction = "min"
    fails_on: list[Literal["red", "black"]] = ["red", "black"]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = ("alpha", "black_after_years") if self.rule == "slope" else ("green", "yellow")
        missing = [n for n in needed if getattr(self, n) is None]
        if missing:
            raise ValueError(f"rule {self.rule!r} also needs {', '.join(missing)}")
        if self.green is not None and self.yellow is not None:
            ends = (self.green, self.yellow)
            if ends != tuple(sorted(ends, reverse=self.direction == "max")):
                raise ValueError(f"green {self.green:g} is no better than yellow {self.yellow:g}")
        return self


class NeedFilter(Sourced):
    """A function that the service needs; ``required`` removes a stack without it."""

    function: Identifier
    required: bool


class StateFilter(Sourced):
    """Compares what a stack requires with what the site has.

    ``at_most``: requirement ≤ site's number.  ``implies``: a true requirement needs a true site
    fact.  ``contains``: the site's value must be in the stack's list.
    """

    id: Identifier
    name: Text
    requirement: Identifier
    site: Identifier
    rule: Literal["at_most", "implies", "contains"]


class Attitude(Sourced):
    """Factors on the weights of criterion groups; the result is normalised again."""

    factors: dict[Identifier, Annotated[float, Field(ge=0, le=100)]]


class EffortRule(Model):
    """How hours, money and mental load become EUR over the horizon (Lazy User Model)."""

    horizon_years: SourcedRange
    learning_exponent: SourcedRange
    mental_eur_per_point: SourcedRange

    @model_validator(mode="after")
    def _of_this_life(self) -> Self:
        horizon = self.horizon_years.value
        if horizon.low <= 0 or horizon.high > 50:
            raise ValueError(f"horizon_years is [{horizon.low:g}, {horizon.high:g}]; 0 < x <= 50")
        return self


class Method(Sourced):
    """A decision method (a file of :mod:`evaluator.rank.methods`) with its parameters."""

    name: Identifier
    parameters: dict[Identifier, Any] = {}


class Decision(Sourced):
    """How ranks become a choice."""

    rule: Literal["quality_then_effort", "least_effort"]
    tell_apart: float = Field(ge=0.5, le=1)
    weight_spread: float = Field(ge=0, le=1)
    draws: int = Field(ge=100, le=1_000_000)


class Guideline(Sourced):
    """A guideline of the SME guide and how this study answers it."""

    id: Identifier
    text: Text
    answer: Text


class Criteria(Model):
    """A criteria file: the whole question that a study answers."""

    schema_version: Literal[1]
    id: Identifier
    title: Text
    question: Text
    site: Identifier
    attitude: Identifier
    attitudes: dict[Identifier, Attitude]
    stacks: Annotated[list[Identifier], Field(min_length=1)] | None = None
    need: list[NeedFilter]
    state: list[StateFilter]
    semaphores: list[Semaphore]
    criteria: list[Criterion] = Field(min_length=1)
    effort: EffortRule
    methods: list[Method] = Field(min_length=1)
    decision: Decision
    guidelines: list[Guideline] = []
