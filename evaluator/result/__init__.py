"""The result model: what the engine found, complete enough that reports only lay it out."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from evaluator.result.daffara import Daffara
from evaluator.result.group import Group
from evaluator.result.lazy_user import LazyUser
from evaluator.result.part import Part as Part
from evaluator.result.robustness import Robustness

SCHEMA_VERSION = 1

Outcome = Literal["ok", "not_available", "not_applicable", "error"]
SourceKind = Literal["git", "mail", "tracker", "packages", ""]
QualitySeverity = Literal["note", "caution"]
Colour = Literal["green", "yellow", "red", "black", "grey"]


class MetricRow(Part):
    """One metric of one candidate; ``low``/``high`` bound the value where it is uncertain."""

    candidate: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    n: int | None
    window: str
    outcome: Outcome
    source: str
    note: str
    quality: list[str] = []
    """Checks of the data whose observations touch this value; see :class:`QualityRow`."""


class YearRow(Part):
    """Yearly series of one candidate (the as-of year is partial when it is not a year's end)."""

    candidate: str
    year: int
    commits: int | None
    contributors: int | None
    new_contributors: int | None
    releases: int | None
    messages: int | None
    new_mail_participants: int | None


class Light(Part):
    """A semaphore of one component; grey means that it could not be lit."""

    semaphore: str
    name: str
    candidate: str
    colour: Colour
    mandatory: bool
    fails: bool
    value: float | None
    n: int | None
    text: str
    metric: str = ""
    """What it was lit by."""


class CriterionValue(Part):
    """A cell of the decision matrix.

    ``via`` names the components that decided it; ``assumed`` says that it was missing, and that
    ``low``/``high`` is the range of the column instead.
    """

    criterion: str
    value: float | None
    low: float
    high: float
    outcome: Outcome
    assumed: bool
    unit: str
    via: list[str]
    note: str
    parts: dict[str, tuple[float, float]] = {}
    """The interval of each component behind the cell; the column's range where it is missing."""


class FunctionMatch(Part):
    function: str
    name: str
    required: bool
    value: Literal["yes", "partial", "no"]
    via: str
    source: list[str]


class EffortResult(Part):
    """Effort in EUR over the horizon: 5 %, 50 % and 95 % quantile, and the parts' means."""

    low: float
    median: float
    high: float
    money: float
    adopt: float
    switch: float
    run: float
    mental: float
    least_probability: float


class FilterRow(Part):
    """A filter that a stack breaks, and the keys of the statements that it compares."""

    stage: Literal["need", "state", "semaphore"]
    filter: str
    text: str
    facts: list[str]


class Judged(Part):
    """What ranking says of an alternative, stack or component.  Ranks count from 1; ties share."""

    rank: int | None
    score: float | None
    score_low: float | None
    score_high: float | None
    first_rank_probability: float | None
    rank_acceptability: list[float]
    method_scores: dict[str, float]
    method_ranks: dict[str, int]
    values: list[CriterionValue]
    lights: list[Light]


class StackResult(Judged):
    """``rank`` is the final one; ``quality_rank`` and ``effort_rank`` are its two sides.

    A removed stack has no rank; its ``score`` says what its quality would have been.
    """

    id: str
    name: str
    summary: str
    components: dict[str, str]
    deployable: bool
    outcome: Literal["ranked", "removed"]
    removed_by: str
    stage: Literal["", "need", "state", "semaphore"]
    only_by: str
    """The one filter, over all stages, without which it would have been ranked; else empty."""
    reasons: list[str]
    filters: list[FilterRow] = []
    """Every filter that it breaks, of all stages; ``reasons`` are those of the first stage."""
    quality_rank: int | None
    effort_rank: int | None
    functional_match: float
    functions: list[FunctionMatch]
    effort: EffortResult | None
    """None where the study states no effort."""


class ComponentResult(Judged):
    id: str
    name: str
    role: str


class WeightRow(Part):
    """A criterion's weight as typed and after the attitude, both as shares of 1."""

    criterion: str
    name: str
    group: str
    direction: Literal["max", "min"]
    typed: float
    effective: float
    source: list[str]
    reason: str
    origin: str = ""
    """``metric:ID``, ``fact:ID``, ``derived:ID``, ``scorecard:CHECK``, ``trial:VALUE``."""
    aggregate: Literal["worst", "mean", "best"] = "worst"


class MethodRow(Part):
    """A decision method of the criteria file; ``refused`` says why it could not take the matrix."""

    id: str
    name: str
    index: str
    best: Literal["max", "min"]
    parameters: dict[str, Any]
    source: list[str]
    refused: str = ""


class DecisionRow(Part):
    """The decision rule with its parameters, as the criteria file states it."""

    rule: Literal["quality", "quality_then_effort", "least_effort"]
    tell_apart: float
    weight_spread: float


class Selection(Part):
    winner: str | None
    runner_up: str | None
    rule: str
    indistinguishable: list[str]
    reason: str


class SourceRow(Part):
    """Provenance of one mined source."""

    id: str
    backend: str
    kind: SourceKind = ""
    """What its items are; empty when that could not be known."""
    backend_version: str
    url: str
    branch: str
    head: str
    outcome: Outcome
    reason: str
    items: int
    first: dt.date | None
    last: dt.date | None
    retrieved: dt.date | None
    dropped: dict[str, int]
    note: str


class QualityRow(Part):
    """What a check observed in the data of one source.

    A ``caution`` can mislead who reads the metrics in ``affects``; a ``note`` is good to know.
    """

    source: str
    check: str
    name: str
    severity: QualitySeverity
    value: float
    unit: str
    n: int
    """Items that were looked at."""
    text: str
    affects: list[str]


class FactRow(Part):
    """What a file of the study states, by a name of its own; ``where`` is file:line:column."""

    key: str
    value: str
    source: list[str]
    reason: str
    where: str


class Evaluation(Part):
    """One run of the engine.  ``stacks`` holds the ranked ones in order, then the removed.

    In a study of candidates (``subject``) each is a stack of itself.
    """

    schema_version: int
    subject: Literal["stack", "candidate"] = "stack"
    as_of: dt.date
    title: str
    question: str
    criteria: str
    attitude: str
    seed: int
    draws: int
    snapshot_date: dt.date
    stacks: list[StackResult]
    components: dict[str, list[ComponentResult]]
    selection: Selection
    weights: list[WeightRow]
    methods: list[MethodRow]
    decision: DecisionRow
    agreement: float | None
    """Kendall's W of the methods over the ranked stacks, 0 to 1."""
    coverage: float
    """Share of lights that could be lit, over all components of the stacks considered."""
    metrics: list[MetricRow]
    yearly: list[YearRow]
    sources: list[SourceRow]
    quality: list[QualityRow] = []
    daffara: Daffara | None = None
    lazy_user: LazyUser | None = None
    versions: dict[str, str]
    notes: list[str]
    """What a reader must know of this run: another date than the site's, a source not mined, …"""
    inputs: dict[str, str]
    """SHA-256 of every input file by the path that the user knows."""
    robustness: Robustness | None = None
    """Of the contenders' quality; None where there was nothing to rank."""
    group: Group | None = None
    """What the study's stakeholders choose alone and together; None where it names none."""
    facts: list[FactRow] = []
    """Every sourced statement of the study's files, in the order of their keys."""

    def find(self, stack_id: str) -> StackResult | None:
        """The stack of that identifier; None when it is not part of the result."""
        return next((stack for stack in self.stacks if stack.id == stack_id), None)

    def stack(self, stack_id: str) -> StackResult:
        """The stack of that identifier; KeyError when it is not part of the result."""
        if (found := self.find(stack_id)) is None:
            raise KeyError(stack_id)
        return found

    @property
    def winner(self) -> StackResult | None:
        return self.stack(self.selection.winner) if self.selection.winner else None
