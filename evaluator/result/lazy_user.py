"""The Lazy User Model's side of a result: elimination trail, relaxations, break-even points."""

from __future__ import annotations

from typing import Literal

from evaluator.result.part import Part

Stage = Literal["need", "state", "semaphore"]


class FilterCheck(Part):
    """One filter held against one stack.

    ``text`` says what was compared, ``source`` who says so of the stack and of the site.
    ``needed`` and ``has`` are the two numbers of a filter that compares numbers.  ``relaxed`` says
    what letting the stack pass would take; empty for what nobody can relax (a date).
    """

    stage: Stage
    filter: str
    name: str
    outcome: Literal["passed", "failed", "not_asked"]
    text: str
    source: list[str]
    needed: float | None = None
    has: float | None = None
    relaxed: str = ""


class TrailRow(Part):
    """All filters of a stack in the order in which they are asked."""

    stack: str
    checks: list[FilterCheck]

    @property
    def failed(self) -> list[FilterCheck]:
        return [check for check in self.checks if check.outcome == "failed"]


class LoosenedFilter(Part):
    """A filter to set aside or, where it compares numbers, the number that would do."""

    stage: Stage
    filter: str
    name: str
    text: str
    has: float | None = None
    needed: float | None = None


class Relaxation(Part):
    """A smallest set of filters whose relaxation lets stacks in; ``winner`` is what then wins."""

    filters: list[LoosenedFilter]
    readmits: list[str]
    winner: str | None


class Relaxations(Part):
    """The smallest relaxations, fewest filters first; each names what nothing would let in."""

    smallest: list[Relaxation]
    more: int
    """How many further minimal ones there are."""
    by_stack: dict[str, list[LoosenedFilter]]
    """Per removed stack, everything that would have to be relaxed for it."""
    beyond: dict[str, str]
    """Stacks that no relaxation brings in, with the reason."""


class BreakEven(Part):
    """From where on ``stack`` would be the lazy choice, when one input alone changes.

    ``now`` and ``value`` are in ``unit``; ``skills`` are what the staff would have to learn.
    """

    stack: str
    input: str
    of: str
    """The stack whose input it is; empty for an input that all share."""
    unit: str
    now: float
    value: float | None
    side: Literal["above", "below", ""]
    low: float
    high: float
    text: str
    skills: list[str] = []


class BreakEvens(Part):
    """The least effort at the middles of all intervals, and where that changes."""

    least: str
    efforts: dict[str, float]
    points: list[BreakEven]


class LazyUser(Part):
    """The model's side of this run."""

    trail: list[TrailRow]
    relaxations: Relaxations
    break_evens: BreakEvens | None
