"""What stands in for values that nobody knows: one stated policy for the whole table.

- ``interval``: anything between the lowest and the highest known value of the column; its middle
  where one number is needed.  What is not known stays uncertain.
- ``impute``: the column's median (or mean, or nearest neighbours), taken as if it were known.
- ``penalise``: the worst known value of the column; who publishes nothing gains nothing by it.
- ``drop``: alternatives with a missing value are left out.  Criteria are never dropped: that would
  change the question for all alternatives because one of them has no answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any, Literal, get_args

import numpy as np

from evaluator.findings import allowed_values
from evaluator.rank.methods import Refusal
from evaluator.rank.problem import Array, Mask, Problem

Policy = Literal["interval", "impute", "penalise", "drop"]
Imputation = Literal["median", "mean", "knn"]
POLICIES: tuple[str, ...] = get_args(Policy)
IMPUTATIONS: tuple[str, ...] = get_args(Imputation)
NEIGHBOURS = 5


@dataclass(frozen=True)
class Cell:
    """One value as it is known: a number, an interval, both, or nothing at all."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def missing(self) -> bool:
        return self.value is None and (self.low is None or self.high is None)


@dataclass(frozen=True, eq=False)
class Completed:
    """A problem without gaps, and what was done about them, in words."""

    problem: Problem
    notes: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    """Alternatives that were left out."""


def complete(
    cells: Sequence[Sequence[Cell]],
    *,
    alternatives: Sequence[str],
    criteria: Sequence[str],
    maximise: Sequence[bool],
    weights: Sequence[float],
    policy: str = "interval",
    imputation: str = "median",
) -> Completed:
    """A problem from cells, of which some are missing.

    ``cells`` has one row per alternative, with one cell per criterion; ``policy`` is one of
    :data:`POLICIES`, ``imputation`` one of :data:`IMPUTATIONS`.

    Raises
    ------
    Refusal
        When a column has no known value, everything is dropped, or the policy is unknown.
    ValueError
        As :meth:`Problem.of`.
    """
    for typed, allowed in ((policy, POLICIES), (imputation, IMPUTATIONS)):
        if typed not in allowed:
            raise Refusal(f"{typed!r} is unknown here", allowed_values(typed, allowed))
    shape = (len(alternatives), len(criteria))
    missing = np.array([[c.missing for c in row] for row in cells], dtype=bool).reshape(shape)
    value = np.array([[_value(c) for c in row] for row in cells], dtype=float).reshape(shape)
    low = np.array([[_bound(c, c.low) for c in row] for row in cells], float).reshape(shape)
    high = np.array([[_bound(c, c.high) for c in row] for row in cells], float).reshape(shape)
    upward = np.array(list(maximise), dtype=bool)
    empty = missing.all(axis=0) & (shape[0] > 0)
    if empty.any():
        raise Refusal(
            f"nobody knows any value of {_listed(criteria, empty)}",
            "leave the criterion out, or find a value",
        )
    whole = [policy != "drop" or not row.any() for row in missing]
    if shape[0] and not any(whole):
        raise Refusal(
            "every alternative has a missing value, so dropping them leaves none",
            "use missing: interval, impute or penalise",
        )
    if missing.any() and policy == "interval":
        bottom = np.where(missing, np.inf, low).min(axis=0)
        top = np.where(missing, -np.inf, high).max(axis=0)
        low, high = np.where(missing, bottom, low), np.where(missing, top, high)
        value = np.where(missing, low / 2 + high / 2, value)
    elif missing.any() and policy != "drop":
        filled = (
            _imputed(value, missing, imputation)
            if policy == "impute"
            else _worst(value, missing, upward)
        )
        value, low, high = (np.where(missing, filled, x) for x in (value, low, high))
    problem = Problem.of(
        value[whole],
        weights,
        upward,
        low=low[whole],
        high=high[whole],
        alternatives=list(compress(alternatives, whole)),
        criteria=criteria,
    )
    problem = replace(problem, assumed=missing[whole])
    notes = [
        f"{name} was left out: no value of {_listed(criteria, gaps)}"
        for name, gaps, kept in zip(alternatives, missing, whole, strict=True)
        if not kept
    ]
    notes += _notes(problem, policy, imputation)
    return Completed(
        problem,
        tuple(notes),
        tuple(a for a, kept in zip(alternatives, whole, strict=True) if not kept),
    )


def _value(cell: Cell) -> float:
    if cell.value is not None:
        return cell.value
    if cell.low is None or cell.high is None:
        return float("nan")
    return cell.low / 2 + cell.high / 2


def _bound(cell: Cell, bound: float | None) -> float:
    return _value(cell) if bound is None else bound


def _worst(value: Array, missing: Mask, upward: Mask) -> Array:
    known = np.where(missing, np.nan, value)
    return np.asarray(np.where(upward, np.nanmin(known, axis=0), np.nanmax(known, axis=0)))


def _imputed(value: Array, missing: Mask, imputation: str) -> Array:
    """Values with the gaps filled by scikit-criteria's imputers; shape as given.

    Neighbours are found on columns scaled to their known range, since distances would otherwise
    depend on units.
    """
    import skcriteria as skc
    from skcriteria.preprocessing.impute import KNNImputer, SimpleImputer

    gaps = np.where(missing, np.nan, value)
    bottom = np.nanmin(gaps, axis=0)
    with np.errstate(over="ignore"):
        width = np.nanmax(gaps, axis=0) - bottom
    if not np.isfinite(width).all():
        raise Refusal("a column spans more than a number can hold", "check its unit")
    width = np.where(width > 0, width, 1.0)
    scaled = (gaps - bottom) / width
    matrix = skc.mkdm(scaled, [max] * scaled.shape[1])
    if imputation == "knn":
        imputer = KNNImputer(n_neighbors=NEIGHBOURS)
    else:
        imputer = SimpleImputer(strategy=imputation)
    found = imputer.transform(matrix).matrix.to_numpy()
    return np.asarray(found * width + bottom)


def _notes(problem: Problem, policy: str, imputation: str) -> Iterator[str]:
    for j in np.flatnonzero(problem.assumed.any(axis=0)):
        gaps = problem.assumed[:, j]
        first = int(gaps.argmax())
        value = f"is taken as {problem.values[first, j]:g}"
        if policy == "interval":
            span = f"{problem.low[first, j]:g} to {problem.high[first, j]:g}"
            text = f"may be anything from {span}, the known span of the column"
        elif policy == "penalise":
            text = f"{value}, the worst known value"
        elif imputation == "knn":
            text = "is taken from the nearest alternatives, as if it were known"
        else:
            text = f"{value}, the column's {imputation}, as if it were known"
        who = _listed(problem.alternatives, gaps)
        yield f"{problem.criteria[j]} of {who} is missing and {text}"


def _listed(names: Sequence[str], which: Any) -> str:
    found = list(compress(names, which))
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
