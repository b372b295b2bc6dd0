"""ARAS: what an alternative is worth against an ideal one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Verdict, method
from evaluator.rank.methods.library import (
    drawn,
    refuse_without_shares,
    total,
    upward,
    without_zero_columns,
)
from evaluator.rank.problem import Array, Mask, Problem


def _shares(values: Array, maximise: Mask) -> tuple[Array, Array]:
    """Shares of the sum that the ideal is part of: the alternatives' and the ideal's own."""
    given = without_zero_columns(values)
    low = given.min(axis=-2, keepdims=True)
    fits = (low > 0) | (maximise & (low == 0))
    worth = np.where(maximise, given, 1 / np.where(fits, given, 1.0))
    worth = np.where(fits, worth, np.nan)
    ideal = worth.max(axis=-2, keepdims=True)
    whole = worth.sum(axis=-2, keepdims=True) + ideal
    return worth / whole, ideal / whole


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Utility degree in each draw."""
    shares, ideal = _shares(values, maximise)
    return total(shares, weights) / total(ideal, weights)


@method(
    "aras",
    "ARAS",
    source="zavadskas-turskis-2010",
    index="utility degree: optimality as a share of the ideal alternative's",
    bounds=(0.0, 1.0),
    many=many,
)
def aras(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """K = S / S₀, where S is the weighted sum of x / Σx, or of (1/x) / Σ(1/x) on a criterion that
    is minimised, and S₀ that of an alternative with the best value of each column, which the sums
    include.
    """
    from skcriteria.agg.aras import ARAS

    refuse_without_shares(problem)
    shares, ideal = _shares(problem.values, problem.maximise)
    found = ARAS().evaluate(upward(problem, shares), ideal=ideal[0]).e_
    return Verdict(np.asarray(found.utility), detail={"S0": float(found.ideal_score)})
