"""Weighted product: each value to the power of its criterion's weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Verdict, method, ranks
from evaluator.rank.methods.library import drawn, refuse_where, total, upward
from evaluator.rank.methods.library import without_zero_columns as nonzero
from evaluator.rank.problem import Array, Problem


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """The product in each draw; NaN where a value has no logarithm."""
    given = nonzero(values)
    fits = (given > 0).all(axis=-2, keepdims=True)
    logarithms = np.where(fits, np.log(np.where(fits, given, 1.0)), np.nan)
    return np.exp(total(np.where(maximise, logarithms, -logarithms), weights))


@method(
    "weighted_product",
    "Weighted product",
    source="bridgman-1922",
    index="product of the values, each to the power of its weight",
    aliases=("wpm", "weighted product model", "wp"),
    many=many,
)
def weighted_product(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Π xᵢⱼ to the power of wⱼ, or of -wⱼ on a criterion that is minimised (Yoon and Hwang, 1995).

    A column of zeros is left out: it would make every product 0.
    """
    from skcriteria.agg.simple import WeightedProductModel

    values = nonzero(problem.values)
    reason = "it takes logarithms, which only values above 0 have"
    refuse_where(values <= 0, problem, reason)
    turned = np.where(problem.maximise, values, 1 / values)
    found = WeightedProductModel().evaluate(upward(problem, turned)).e_
    logarithms = np.asarray(found.score, dtype=float)
    return Verdict(10**logarithms, ranks(logarithms))
