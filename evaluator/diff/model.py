"""What a comparison of two runs holds."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from evaluator.result import Part

Kind = Literal[
    "run", "software", "file", "fact", "source", "weight", "method", "decision",
    "metric", "light", "cell", "filters", "effort", "score", "rank", "winner",
]  # fmt: skip


class Change(Part):
    """One thing that differs; ``before`` or ``after`` is empty where it is not there."""

    kind: Kind
    subject: str
    before: str
    after: str
    where: str = ""


class Trace(Part):
    """From a group of inputs down to what moved in it, and why that moved."""

    group: str
    subject: str
    what: str
    before: str
    after: str
    because: list[str]


class Single(Part):
    """What follows when one group alone is taken from the second run."""

    group: str
    winner: str | None
    order: list[str]
    gives_winner: bool
    gives_order: bool


class Cause(Part):
    """The smallest sets of groups that turn the first run's winner, or order, into the second's.

    ``smallest`` is false where sets of up to three were not enough: the one given then cannot be
    made smaller by leaving out any one of its groups.
    """

    target: Literal["winner", "order"]
    before: list[str]
    after: list[str]
    sets: list[list[str]]
    smallest: bool


class Share(Part):
    """How each group moved the score of one stack; ``groups`` sum to ``after - before``."""

    stack: str
    before: float
    after: float
    groups: dict[str, float]


class Head(Part):
    """What tells one run from another."""

    as_of: dt.date
    criteria: str
    attitude: str
    seed: int
    snapshot: str
    winner: str | None


class Comparison(Part):
    """Two runs beside each other: what differs, and which inputs made the result differ."""

    before: Head
    after: Head
    notes: list[str]
    changes: list[Change]
    causes: list[Cause]
    singles: list[Single]
    shares: list[Share]
    traces: list[Trace]
