"""Before methods judge: alternatives that break a limit fall out, and directions are turned."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from types import MappingProxyType

import numpy as np

from evaluator.findings import allowed_values
from evaluator.rank.methods import Refusal
from evaluator.rank.methods.library import decision_matrix
from evaluator.rank.problem import Mask, Problem

BLOCK = 4_000_000
"""Comparisons that are held at the same time."""


@dataclass(frozen=True)
class Limit:
    """What an alternative must keep to be considered."""

    criterion: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, eq=False)
class Screened:
    """The alternatives that are left, why the others fell, and what could not be checked."""

    problem: Problem
    removed: Mapping[str, str]
    """Name and reason, in the order of the table."""
    notes: tuple[str, ...] = ()


def screen(
    problem: Problem, limits: Sequence[Limit] = (), *, non_dominated: bool = False
) -> Screened:
    """Remove alternatives that break a limit, then, if asked for, those that are dominated.

    A value with an interval is held against a limit by itself.  A value that is only assumed
    removes nobody; the notes name it.

    Raises
    ------
    Refusal
        When a limit is on no criterion, contradicts itself, or nothing is left.
    """
    removed: dict[str, str] = {}
    notes = []
    for limit in limits:
        if limit.criterion not in problem.criteria:
            allowed = allowed_values(limit.criterion, problem.criteria)
            raise Refusal(f"a filter is on {limit.criterion!r}, which is no criterion", allowed)
        low, high = limit.at_least, limit.at_most
        if low is not None and high is not None and low > high:
            raise Refusal(f"no value of {limit.criterion} is at least {low:g} and at most {high:g}")
        j = problem.criteria.index(limit.criterion)
        for bound, words, filter_name in (
            (low, "below the least that is accepted", "FilterGE"),
            (high, "above the most that is accepted", "FilterLE"),
        ):
            if bound is None:
                continue
            for i in np.flatnonzero(~_kept(problem, j, filter_name, bound)):
                name, value = problem.alternatives[i], problem.values[i, j]
                if problem.assumed[i, j]:
                    notes.append(f"{limit.criterion} of {name} is not known, so it was kept")
                else:
                    reason = f"{limit.criterion} is {value:g}, {words}, {bound:g}"
                    removed.setdefault(name, reason)
    left = problem.rows([name not in removed for name in problem.alternatives])
    if non_dominated and left.alternatives:
        better = dominated_by(left)
        for i in np.flatnonzero(better >= 0):
            other = left.alternatives[better[i]]
            removed[left.alternatives[i]] = f"{other} is better or equal on every criterion"
        left = left.rows(better < 0)
    if not left.alternatives:
        reasons = "; ".join(f"{n}: {r}" for n, r in list(removed.items())[:3])
        raise Refusal(f"the filters leave no alternative ({reasons})", "relax one of them")
    order = {name: removed[name] for name in problem.alternatives if name in removed}
    return Screened(left, MappingProxyType(order), tuple(notes))


def _kept(problem: Problem, j: int, filter_name: str, bound: float) -> Mask:
    """By scikit-criteria's filter; it knows alternatives by number, whatever their names are."""
    from skcriteria.preprocessing import filters

    column = problem.columns([j])
    matrix = getattr(filters, filter_name)({"C0": bound}).transform(decision_matrix(column))
    kept = np.zeros(len(problem.alternatives), dtype=bool)
    kept[[int(name[1:]) for name in matrix.alternatives]] = True
    return kept


def dominated_by(problem: Problem) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Per alternative the first that dominates it, -1 if none; shape ``(n,)``.

    One dominates another that it is never worse than and once better than.  (The library's filter
    compares pairs one by one, which takes minutes for some thousand alternatives.)
    """
    upward = problem.values * problem.sign
    count, width = upward.shape
    found = np.full(count, -1, dtype=np.int64)
    rows = max(1, BLOCK // max(count, 1))
    for start in range(0, count, rows):
        some = upward[start : start + rows]
        never_worse = np.ones((len(some), count), dtype=bool)
        once_better = np.zeros((len(some), count), dtype=bool)
        for j in range(width):
            never_worse &= upward[None, :, j] >= some[:, None, j]
            once_better |= upward[None, :, j] > some[:, None, j]
        over = never_worse & once_better
        found[start : start + rows] = np.where(over.max(axis=1), over.argmax(axis=1), -1)
    return found


INVERTERS: Mapping[str, tuple[str, str]] = {
    "negate": ("NegateMinimize", "-x"),
    "reciprocal": ("InvertMinimize", "1 / x"),
    "minmax": ("MinMaxInverter", "all columns from 0, their worst, to 1, their best"),
    "benefit_cost": ("BenefitCostInverter", "x / max x, and min x / x where less is better"),
}
"""Name, scikit-criteria's class, and what it does to columns that are minimised."""


def invert(problem: Problem, name: str) -> Problem:
    """The problem with every criterion maximised, for methods that cannot minimise.

    Columns that are scaled are scaled over the whole span of their intervals.

    Raises
    ------
    Refusal
        With the reason, when the name is unknown or the table has no such inverse.
    """
    if name not in INVERTERS:
        raise Refusal(f"no inverter is called {name!r}", allowed_values(name, INVERTERS))
    down = ~problem.maximise
    if name in ("reciprocal", "benefit_cost"):
        spans = down & (problem.low <= 0).any(axis=0) & (problem.high >= 0).any(axis=0)
        if spans.any():
            names = ", ".join(compress(problem.criteria, spans))
            raise Refusal(
                f"{names} is minimised and holds or spans 0, which has no reciprocal",
                "use negate or minmax",
            )
    if name == "benefit_cost" and (problem.low < 0).any():
        raise Refusal("benefit_cost takes no negative values", "use negate or minmax")
    if name == "benefit_cost" and not problem.high[:, ~down].any(axis=0).all():
        raise Refusal("a column of zeros has no shares of its largest", "use negate or minmax")
    from skcriteria.preprocessing import invert_objectives

    stacked = np.concatenate([problem.values, problem.low, problem.high])
    inverter = getattr(invert_objectives, INVERTERS[name][0])()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of constant columns, which tell nobody apart anyway
        if not np.isfinite(stacked.max(axis=0) - stacked.min(axis=0)).all():
            raise Refusal("a column spans more than a number can hold", "check its unit")
        turned = inverter.transform(decision_matrix(problem, stacked)).matrix.to_numpy()
    values, one, other = np.split(np.asarray(turned, dtype=float), 3)
    if not np.isfinite(turned).all():
        raise Refusal(f"{name} of this table is not a number", "use negate")
    return replace(
        problem,
        maximise=np.ones(len(problem.criteria), dtype=bool),
        values=values,
        low=np.minimum(one, other),
        high=np.maximum(one, other),
    )
