"""The bridge to scikit-criteria, and what its methods share: scales, refusals, weighted sums.

Its import takes seconds and so waits until a method is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from typing import Any

import numpy as np

from evaluator.rank.methods import Many, Refusal
from evaluator.rank.methods.choices import ByCriterion
from evaluator.rank.problem import Array, Mask, Problem

OTHERS = "use topsis, vikor, or weighted_sum with scale: range, which take any number"
"""The remedy where a method needs shares or logarithms."""


def decision_matrix(
    problem: Problem, values: Array | None = None, *, maximise: Mask | None = None
) -> Any:
    """The problem as scikit-criteria's ``DecisionMatrix``, on other values and directions if given.

    ``values`` have shape ``(n, m)``; ``maximise`` those of values that were turned around.
    """
    import skcriteria as skc

    upward = problem.maximise if maximise is None else maximise
    return skc.mkdm(
        problem.values if values is None else values,
        [max if up else min for up in upward],
        weights=problem.weights,
    )


def upward(problem: Problem, values: Array) -> Any:
    """scikit-criteria's ``DecisionMatrix`` of values that a paper's scale has turned upward."""
    return decision_matrix(problem, values, maximise=np.ones_like(problem.maximise))


def refuse_where(wrong: Mask, problem: Problem, reason: str, remedy: str = OTHERS) -> None:
    """Refuse, naming the first value, where any is wrong; ``wrong`` has shape ``(n, m)``."""
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise Refusal(
            f"{reason}; {problem.alternatives[i]} has {problem.values[i, j]:g} on "
            f"{problem.criteria[j]}",
            remedy,
        )


def without_zero_columns(values: Array) -> Array:
    """Columns of zeros as ones: constant either way, and a share of one has a value.

    Every method that uses this gives the same index whatever positive constant a column holds, so
    this is its limit as the constant goes to 0.  Shape ``(…, n, m)``.
    """
    zero = (values == 0).all(axis=-2, keepdims=True)
    return np.where(zero, 1.0, values) if zero.any() else values


def shares_of_best(values: Array, maximise: Mask) -> Array:
    """Shares x / max x, and min x / x where less is better; shape ``(…, n, m)``.

    A column with negative values, or with zeros where less is better, has no shares: it is NaN.
    """
    given = without_zero_columns(values)
    low = given.min(axis=-2, keepdims=True)
    fits = (low > 0) | (maximise & (low == 0))
    safe = np.where(fits, given, 1.0)
    shares = np.where(
        maximise, safe / safe.max(axis=-2, keepdims=True), np.where(fits, low, 1) / safe
    )
    return np.where(fits, shares, np.nan)


def refuse_without_shares(problem: Problem) -> None:
    """Refuse what :func:`shares_of_best` has no value for."""
    values = without_zero_columns(problem.values)
    reason = "it takes shares of the best value, which negative values"
    refuse_where(values < 0, problem, f"{reason} do not have")
    reason = f"{reason}, and zeros where less is better, do not have"
    refuse_where((values == 0) & ~problem.maximise, problem, reason)


def refuse_negative(problem: Problem) -> None:
    """Refuse what has no shares of a column's sum."""
    reason = "it takes shares of a column's sum, which negative values do not have"
    refuse_where(problem.values < 0, problem, reason)


def shares_of_sum(values: Array) -> Array:
    """Shares x / Σx; shape ``(…, n, m)``; NaN in a column with negative values."""
    given = without_zero_columns(values)
    fits = (given >= 0).all(axis=-2, keepdims=True)
    return np.where(fits, given / np.where(fits, given.sum(axis=-2, keepdims=True), 1.0), np.nan)


def total(scaled: Array, weights: Array) -> Array:
    """Σ wⱼ sᵢⱼ in each draw: scaled ``(n, m)`` or ``(draws, n, m)``, weights ``(draws, m)``."""
    if scaled.ndim == 2:
        return np.asarray(weights @ scaled.T)
    return np.asarray(np.einsum("dnm,dm->dn", scaled, weights))


def gain_and_cost(values: Array, weights: Array, maximise: Any) -> tuple[Array, Array]:
    """Weighted shares of what is maximised, and of what is minimised; each ``(draws, n)``."""
    shares = shares_of_sum(values)
    gain = total(np.where(maximise, shares, 0.0), weights)
    return gain, total(np.where(maximise, 0.0, shares), weights)


def drawn(function: Many) -> Many:
    """A vectorised form that never sees a criterion without weight in any draw.

    What is given by criterion must be for the columns that come.
    """

    @wraps(function)
    def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
        for name, given in parameters.items():
            if isinstance(given, ByCriterion) and given and len(given.criteria) != weights.shape[1]:
                raise ValueError(
                    f"{name} is given for {len(given.criteria)} criteria, the draws have "
                    f"{weights.shape[1]}"
                )
        keep: Mask = np.asarray((weights > 0).any(axis=0))
        if keep.all():
            return function(values, weights, maximise, parameters)
        fewer = {
            name: given.columns(keep) if isinstance(given, ByCriterion) and given else given
            for name, given in parameters.items()
        }
        return function(values[..., keep], weights[:, keep], np.asarray(maximise)[keep], fewer)

    return many


def one_draw(many: Many, problem: Problem, parameters: Mapping[str, Any]) -> Array:
    """The vectorised form of a problem as it stands, where the library needs too much memory."""
    return np.asarray(many(problem.values, problem.weights[None], problem.maximise, parameters)[0])


def named(problem: Problem, values: Any) -> dict[str, float]:
    """A number per alternative, as plain JSON values."""
    return dict(zip(problem.alternatives, np.asarray(values, dtype=float).tolist(), strict=True))
