"""A criteria file: the whole question, its filters, lights, weights and rule."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from evaluator.study.fact import OURS, Identifier, Model, Sourced, SourcedRange, Text
from evaluator.study.profile import Profile
from evaluator.study.scorecard import Check
from evaluator.study.transform import Rating, Saturation

Direction = Literal["max", "min"]
Aggregate = Literal["worst", "mean", "best"]
Rule = Literal["quality", "quality_then_effort", "least_effort"]

NEUTRAL = "neutral"
"""The attitude that every study has: weights as they were typed."""


ORIGINS = ("metric", "fact", "derived", "scorecard", "trial")
"""The keys of a criterion that say where its values come from."""


class Criterion(Sourced):
    """One column of the decision matrix: a metric, a fact, a Scorecard check, a derived value,
    or what trials of a cluster that stands for the stack have measured.

    ``aggregate`` says how a stack's value follows from its components' values.  First ``log`` takes
    the decimal logarithm of ``1 + value``, or ``rating`` or ``saturation`` make a score of it, of
    which more is better.  ``weight`` is the share before the attitude.
    """

    id: Identifier
    name: Text
    group: Identifier
    weight: float = Field(ge=0, le=1)
    direction: Direction
    metric: Identifier | None = None
    fact: Identifier | None = None
    derived: Literal["functional_match", "semaphore_share"] | None = None
    scorecard: Check | None = None
    trial: Literal["failover", "coverage", "single_holder"] | None = None
    aggregate: Aggregate = "worst"
    log: bool = False
    rating: Rating | None = None
    saturation: Saturation | None = None
    components: bool = True

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [n for n in ORIGINS if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of {', '.join(ORIGINS)} (given: {', '.join(given) or 'none'})"
            )
        return self

    @model_validator(mode="after")
    def _one_transform(self) -> Self:
        given = [n for n in ("log", "rating", "saturation") if getattr(self, n)]
        if len(given) > 1:
            raise ValueError(
                f"give at most one of log, rating, saturation, not {' and '.join(given)}"
            )
        if self.scored and self.direction != "max":
            raise ValueError(
                f"{given[0]} makes a score of which more is better, so direction must be max; "
                "falling scores, or smaller_is_better, say that a small value is good"
            )
        return self

    @property
    def of_stacks(self) -> bool:
        """Whether only a stack has a value, and none of its components."""
        return self.derived == "functional_match" or self.trial is not None

    @property
    def scored(self) -> bool:
        """Whether its values are on a scale of their own, whoever is compared."""
        return self.rating is not None or self.saturation is not None


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
    fails_on: list[Literal["yellow", "red", "black"]] = ["red", "black"]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = ("alpha", "black_after_years") if self.rule == "slope" else ("green", "yellow")
        missing = [n for n in needed if getattr(self, n) is None]
        if missing:
            raise ValueError(f"rule {self.rule!r} also needs {', '.join(missing)}")
        if self.mandatory and not self.fails_on:
            raise ValueError("mandatory, but fails_on names no colour, so that nothing fails")
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


class Group(Sourced):
    """A group's share of the whole; the weights of its criteria are then shares of the group."""

    weight: float = Field(ge=0, le=1)


class Stakeholder(Sourced):
    """Somebody's own weights of the criteria, and the share of the decision that is theirs."""

    weights: Annotated[dict[Identifier, Annotated[float, Field(ge=0, le=1e6)]], Field(min_length=1)]
    share: float = Field(default=1.0, gt=0, le=1e6)

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if not any(self.weights.values()):
            raise ValueError("all of these weights are 0; make at least one larger")
        return self


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

    rule: Rule
    tell_apart: float = Field(default=0.9, ge=0.5, le=1)
    weight_spread: float = Field(default=0.5, ge=0, le=1)
    draws: int = Field(default=10_000, ge=100, le=1_000_000)


GuidelineCheck = Literal[
    "commitment",
    "procurement",
    "big-switch",
    "licences",
    "support",
    "development",
    "survey",
    "stability",
    "impedance",
    "training",
    "organisation",
]


class Guideline(Sourced):
    """A guideline of the SME guide; ``answer`` is the analyst's comment.

    ``check`` names what of each run answers it, see :mod:`evaluator.score.guidelines`.
    """

    id: Identifier
    text: Text
    check: GuidelineCheck | None = None
    answer: Text


BUILT_IN_ATTITUDE = Attitude(
    factors={}, source=[OURS], reason="Built in: no group of criteria counts more than was typed"
)
BUILT_IN_METHODS = [
    Method(name="topsis", source=["hwang-yoon-1981", "scikit-criteria"]),
    Method(
        name="weighted_sum",
        parameters={"scale": "range"},
        source=["fishburn-1967", "scikit-criteria"],
    ),
    Method(name="vikor", source=["opricovic-tzeng-2004", "scikit-criteria"]),
]


def built_in_decision(rule: Rule) -> Decision:
    """The decision of a file that states none."""
    reason = (
        "Built in: told apart when one outranks the other in nine of ten draws with weights varied "
        "by half and uncertain values over their intervals"
    )
    return Decision(rule=rule, source=[OURS], reason=reason)


class Criteria(Model):
    """A criteria file: the whole question that a study answers.

    ``id``, ``title``, ``question`` and ``criteria`` are enough.  Without ``site``, ``need`` and
    ``state`` nothing is filtered; without ``effort`` quality alone decides.
    """

    schema_version: Literal[1]
    id: Identifier
    title: Text
    question: Text
    profile: Profile | None = None
    site: Identifier | None = None
    attitude: Identifier = NEUTRAL
    attitudes: dict[Identifier, Attitude] = {NEUTRAL: BUILT_IN_ATTITUDE}
    stacks: Annotated[list[Identifier], Field(min_length=1)] | None = None
    need: list[NeedFilter] = []
    state: list[StateFilter] = []
    semaphores: list[Semaphore] = []
    criteria: list[Criterion] = Field(min_length=1)
    groups: dict[Identifier, Group] = {}
    stakeholders: dict[Identifier, Stakeholder] = {}
    effort: EffortRule | None = None
    methods: list[Method] = Field(default=BUILT_IN_METHODS, min_length=1)
    decision: Decision = built_in_decision("quality")
    guidelines: list[Guideline] = []

    @property
    def weights(self) -> dict[str, float]:
        """Each criterion's share of the whole before the attitude."""
        return {
            c.id: c.weight * (self.groups[c.group].weight if self.groups else 1.0)
            for c in self.criteria
        }

    @field_validator("attitudes")
    @classmethod
    def _with_neutral(cls, given: dict[str, Attitude]) -> dict[str, Attitude]:
        return {NEUTRAL: BUILT_IN_ATTITUDE, **given}

    @model_validator(mode="before")
    @classmethod
    def _effort_decides_where_it_is_known(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("effort") and "decision" not in given:
            return {**given, "decision": built_in_decision("quality_then_effort")}
        return given
