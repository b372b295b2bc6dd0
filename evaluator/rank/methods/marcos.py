"""MARCOS: a compromise between how near the ideal is and how far its opposite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Refusal, Verdict, method
from evaluator.rank.methods.library import (
    OTHERS,
    decision_matrix,
    drawn,
    named,
    refuse_without_shares,
    shares_of_best,
    total,
    without_zero_columns,
)
from evaluator.rank.problem import Array, Problem


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Utility in each draw; the ideal's sum of shares is the sum of the weights."""
    shares = shares_of_best(values, maximise)
    worth = total(shares, weights)
    against_ideal = worth / weights.sum(axis=-1, keepdims=True)
    opposite = total(shares.min(axis=-2, keepdims=True), weights)
    against_worst = worth / np.where(opposite > 0, opposite, np.nan)
    both = against_ideal + against_worst
    ratio = np.where(worth > 0, against_ideal / np.where(worth > 0, against_worst, 1.0), 1.0)
    return np.asarray(both / (1 + ratio + 1 / ratio))


@method(
    "marcos",
    "MARCOS",
    source="stevic-2020",
    index="utility function f(K)",
    bounds=(0.0, 1.0),
    many=many,
)
def marcos(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """f(K) = (K⁺ + K⁻) / (1 + (1 - f⁺) / f⁺ + (1 - f⁻) / f⁻), f⁺ = K⁻ / (K⁺ + K⁻), f⁻ = K⁺ / (K⁺ +
    K⁻), where K⁺ and K⁻ are the weighted sums of x / max x, or min x / x on a criterion that is
    minimised, as shares of those of the ideal and of the anti-ideal alternative.
    """
    from skcriteria.agg.marcos import MARCOS

    refuse_without_shares(problem)
    shares = shares_of_best(problem.values, problem.maximise)
    if not (shares.min(axis=0) > 0).any():
        reason = "it divides by what the worst value of every criterion is worth, which is nothing"
        raise Refusal(reason, OTHERS)
    values = without_zero_columns(problem.values)
    found = MARCOS().evaluate(decision_matrix(problem, values)).e_
    worth = np.asarray(found.K_plus) > 0  # without worth, f⁺ is 0 / 0, and f(K) goes to 0
    return Verdict(
        np.where(worth, found.utility_scores, 0.0),
        detail={"K-": named(problem, found.K_minus), "K+": named(problem, found.K_plus)},
    )
