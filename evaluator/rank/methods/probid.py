"""PROBID: distances from the best, the second best, and so on to the worst; and its short form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Refusal, Verdict, method
from evaluator.rank.methods.library import (
    decision_matrix,
    drawn,
    one_draw,
    total,
    without_zero_columns,
)
from evaluator.rank.problem import Array, Mask, Problem
from evaluator.rank.scaling import vector

PAIRS_HELD = 2000
"""Alternatives up to which the library may hold its tables of all pairs, 32 MB each."""
IDEAL = 1e-15
"""Distances up to this are those of floating point."""


def _ideals(values: Array, maximise: Mask) -> tuple[Array, Array]:
    """Columns divided by their length; and sorted, from the best."""
    scaled = vector(without_zero_columns(values))
    ordered = np.sort(scaled, axis=-2)
    return scaled, np.where(maximise, np.flip(ordered, axis=-2), ordered)


def _weighted_distances(
    scaled: Array, ideals: Array, shares: Mapping[int, float], weights: Array
) -> Array:
    """Σ sₖ dᵢₖ, the distances to the ideals k, one at a time; shape ``(draws, n)``."""
    found = np.zeros((len(weights), scaled.shape[-2]))
    for k, share in shares.items():
        away = (scaled - ideals[..., k : k + 1, :]) ** 2
        found += share * np.sqrt(total(away, weights**2))
    return found


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """P in each draw."""
    scaled, ideals = _ideals(values, maximise)
    count = values.shape[-2]
    half = (count + 1) // 2
    near = {k: 1 / (k + 1) for k in range(half)}
    far = {k: 1 / (count - k) for k in range(half - 1, count)}
    positive = _weighted_distances(scaled, ideals, near, weights)
    negative = _weighted_distances(scaled, ideals, far, weights)
    average = (scaled - scaled.mean(axis=-2, keepdims=True)) ** 2
    ratio = positive / np.where(negative > 0, negative, np.nan)
    return np.asarray(1 / (1 + ratio**2) + np.sqrt(total(average, weights**2)))


@drawn
def simplified(
    values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]
) -> Array:
    """P in each draw; NaN where an alternative is ideal."""
    scaled, ideals = _ideals(values, maximise)
    count = values.shape[-2]
    quarter = max(1, count // 4)
    near = {k: 1 / (k + 1) for k in range(quarter)}
    far = {k: 1 / (count - k) for k in range(count - quarter, count)}
    positive = _weighted_distances(scaled, ideals, near, weights)
    negative = _weighted_distances(scaled, ideals, far, weights)
    return np.asarray(negative / np.where(positive > IDEAL, positive, np.nan))


@method(
    "probid",
    "PROBID",
    source="wang-2021",
    index="performance score P",
    many=many,
)
def probid(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """P = 1 / (1 + (S⁺ / S⁻)²) + S, with the distances of weighted columns, each divided by its
    length: S⁺ = Σ dₖ / k to the better half of all ideals, from the best, S⁻ = Σ dₖ / (n - k + 1)
    to the worse half, and S to the average.
    """
    from skcriteria.agg.probid import PROBID

    if len(problem.alternatives) > PAIRS_HELD:
        return Verdict(one_draw(many, problem, parameters))
    scaled = vector(without_zero_columns(problem.values))
    return Verdict(np.asarray(PROBID().evaluate(decision_matrix(problem, scaled)).e_.score))


@method(
    "simplified_probid",
    "Simplified PROBID",
    source="wang-2021",
    index="performance score P = S⁻ / S⁺",
    aliases=("sprobid", "s-probid"),
    many=simplified,
)
def simplified_probid(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """P = S⁻ / S⁺, with the distances of weighted columns, each divided by its length, to the
    better and to the worse quarter of all ideals (below 4 alternatives: the best and the worst).
    """
    from skcriteria.agg.probid import SimplifiedPROBID

    count = len(problem.alternatives)
    ideal = one_draw(simplified, problem, parameters)
    if np.isnan(ideal).any():
        who = problem.alternatives[int(np.isnan(ideal).argmax())]
        reason = f"it divides by the distance from the best, and {who} has the best of everything"
        raise Refusal(reason, "use probid or topsis")
    if count > PAIRS_HELD:
        return Verdict(ideal)
    scaled = vector(without_zero_columns(problem.values))
    found = SimplifiedPROBID().evaluate(decision_matrix(problem, scaled)).e_
    cautions = (f"it works on quarters, and has {count} alternatives",) if count < 4 else ()
    return Verdict(np.asarray(found.score), cautions=cautions)
