"""Parsers that methods' parameters share; each says what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from evaluator.findings import allowed_values
from evaluator.rank.problem import Array, Mask, Problem

Parse = Callable[[Any, Problem], Any]


def one_of(*allowed: str) -> Parse:
    """One of some words."""

    def parse(typed: Any, _: Problem) -> str:
        if typed not in allowed:
            raise ValueError(f"{typed!r} is unknown; {allowed_values(typed, allowed)}")
        return str(typed)

    return parse


def number(low: float = -math.inf, high: float = math.inf) -> Parse:
    """A finite number from ``low`` to ``high``."""

    def parse(typed: Any, _: Problem) -> float:
        fits = isinstance(typed, int | float) and not isinstance(typed, bool)
        if not fits or not math.isfinite(typed) or not low <= typed <= high:
            raise ValueError(f"{typed!r} is no number from {low:g} to {high:g}")
        return float(typed)

    return parse


def ends(typed: Any, problem: Problem) -> tuple[float, float] | None:
    """None, or two finite numbers, the second above the first."""
    if typed is None:
        return None
    if not isinstance(typed, list | tuple) or len(typed) != 2:
        raise ValueError(f"{typed!r} is not [worst, best]")
    worst, best = (number()(end, problem) for end in typed)
    if worst >= best:
        raise ValueError(f"{typed!r}: the best must be above the worst")
    return worst, best


class ByCriterion(dict[str, Any]):
    """Values of a parameter by criterion, those that were given; and the order of all criteria."""

    criteria: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, Any], criteria: Sequence[str]) -> ByCriterion:
        """Those of the criteria, which are the columns of a table in its order."""
        found = cls((name, given[name]) for name in criteria if name in given)
        found.criteria = tuple(criteria)
        return found

    def columns(self, keep: Sequence[int] | Mask) -> ByCriterion:
        """Only these columns."""
        index = np.arange(len(self.criteria))[np.asarray(keep)]
        return ByCriterion.of(self, [self.criteria[j] for j in index])

    def array(self, default: Array) -> Array:
        """What was given along the last axis, where ``default``, ``(…, m)``, has the rest.

        A pair goes along the first axis of ``default``.
        """
        found = np.array(default, dtype=float)
        for j, name in enumerate(self.criteria):
            if name in self:
                value = np.asarray(self[name], dtype=float)
                found[..., j] = value.reshape(value.shape + (1,) * (found.ndim - 1 - value.ndim))
        return found


def by_criterion(each: Parse) -> Parse:
    """A mapping from criteria to values that ``each`` parses; nothing for no criterion."""

    def parse(typed: Any, problem: Problem) -> ByCriterion:
        if typed is None:
            return ByCriterion.of({}, problem.criteria)
        if not isinstance(typed, Mapping):
            raise ValueError(f"{typed!r} is no mapping from criteria to values")
        found, wrong = {}, []
        for name, value in typed.items():
            try:
                if name not in problem.criteria:
                    allowed = allowed_values(str(name), problem.criteria)
                    raise ValueError(f"there is no such criterion; {allowed}")
                found[name] = each(value, problem)
            except ValueError as error:
                wrong.append(f"{name}: {error}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return ByCriterion.of(found, problem.criteria)

    return parse


def interval(typed: Any, problem: Problem) -> list[float]:
    """Two finite numbers, the second not below the first."""
    if not isinstance(typed, list | tuple) or len(typed) != 2:
        raise ValueError(f"{typed!r} is no pair [low, high]")
    low, high = (number()(end, problem) for end in typed)
    if low > high:
        raise ValueError(f"{low:g} is above {high:g}")
    return [low, high]
