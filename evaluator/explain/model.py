"""What an explanation holds: plain data, so that every form of output lays out the same."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from evaluator.result import EffortResult, FactRow, FilterRow, Light, Outcome, Part, SourceRow


class Side(Part):
    """One alternative's cell on a criterion; ``scaled`` is 0 at the column's worst, 1 at its best.

    ``value`` is what the ranking used: the middle of the interval where it is ``assumed``.
    """

    value: float
    low: float
    high: float
    scaled: float
    assumed: bool
    via: list[str]
    note: str


class Link(Part):
    """One step down: what is known of a component, or of a tried stack, and where it is from."""

    of: str
    """The alternative that it speaks for; ``both`` when it is the same for the two."""
    component: str
    kind: Literal["metric", "light", "function", "fact", "trial"]
    name: str
    value: float | str | None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    n: int | None = None
    window: str = ""
    outcome: Outcome = "ok"
    note: str = ""
    quality: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Identifiers of mined sources, for metrics and lights; keys of the bibliography otherwise."""
    where: str = ""
    """``file:line:column`` of the statement, or of the definition behind it."""


class Contribution(Part):
    """What one criterion adds to the difference of the scores, in points of the score."""

    criterion: str
    name: str
    group: str
    direction: Literal["max", "min"]
    typed: float
    effective: float
    source: list[str]
    reason: str
    where: str
    origin: str
    unit: str
    mine: Side
    other: Side
    points: float
    by_method: dict[str, float]
    links: list[Link]


class WeightChange(Part):
    """The smallest change of one weight that turns the order; others keep their proportions."""

    criterion: str
    effective: float
    needed: float
    typed: float
    typed_needed: float
    """What to type for it, when all other typed weights are multiplied by ``others_times``, so that
    the sum stays 1."""
    others_times: float


class ValueChange(Part):
    """The smallest change of one alternative's value on one criterion that turns the order."""

    criterion: str
    of: str
    value: float
    needed: float
    unit: str
    within: Literal["interval", "column"]
    """Inside the value's own interval, or only inside the range of its column."""


class Unknown(Part):
    """A value that is missing or uncertain, and what the order does over its interval."""

    criterion: str
    component: str
    missing: bool
    affects: list[str]
    low: float
    high: float
    unit: str
    score: tuple[float, float]
    difference: tuple[float, float]
    turns: bool


class Subject(Part):
    """One of the two that are compared."""

    id: str
    name: str
    outcome: Literal["ranked", "removed"]
    rank: int | None
    quality_rank: int | None
    effort_rank: int | None
    score: float | None
    score_low: float | None
    score_high: float | None
    first_rank_probability: float | None
    effort: EffortResult | None
    filters: list[FilterRow]
    only_by: str
    failing: list[Light]
    statements: list[FactRow]
    """What its filters compared, and what its effort was computed from."""


class Explanation(Part):
    """Why one alternative stands where it does, beside another.

    ``difference`` is score of ``subject`` less that of ``against``, by the methods named in
    ``methods``; the ``points`` of ``contributions`` sum to it.
    """

    as_of: dt.date
    criteria: str
    attitude: str
    kind: Literal["stack", "candidate", "component"]
    role: str | None
    subject: Subject
    against: Subject | None
    decided_by: Literal["filters", "effort", "quality", "open", "tie", "nothing"]
    rule: str
    tell_apart: float
    difference: float | None
    methods: list[str]
    left_out: list[str]
    """Methods without a vectorised form: part of the score, but not of the contributions."""
    contributions: list[Contribution]
    weight_changes: list[WeightChange]
    value_changes: list[ValueChange]
    unknowns: list[Unknown]
    sources: list[SourceRow]
    snapshot: str
    """Digest of the snapshot that the metrics were computed from."""
