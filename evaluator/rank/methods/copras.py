"""COPRAS: what is gained, and what is saved in proportion to the others' cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Refusal, Verdict, method
from evaluator.rank.methods.library import (
    decision_matrix,
    drawn,
    gain_and_cost,
    named,
    refuse_negative,
    shares_of_sum,
)
from evaluator.rank.problem import Array, Problem


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Utility degree in each draw; NaN where an alternative costs nothing at all."""
    gain, cost = gain_and_cost(values, weights, maximise)
    inverse = 1 / np.where(cost > 0, cost, np.nan)
    significance = gain + cost.sum(axis=-1, keepdims=True) * (
        inverse / inverse.sum(axis=-1, keepdims=True)
    )
    return np.asarray(100 * significance / significance.max(axis=-1, keepdims=True))


@method(
    "copras",
    "COPRAS",
    source="zavadskas-kaklauskas-1996",
    index="utility degree, in percent of the best alternative's significance",
    bounds=(0.0, 100.0),
    many=many,
)
def copras(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """N = 100 Q / max Q, where Q = S⁺ + ΣS⁻ / (S⁻ Σ(1/S⁻)), and S⁺ and S⁻ are the weighted sums of
    x / Σx over the criteria that are maximised and minimised.
    """
    from skcriteria.agg.copras import COPRAS

    refuse_negative(problem)
    if problem.maximise.all():
        reason = "it shares out what alternatives cost, and no criterion with a weight is minimised"
        raise Refusal(reason, "use aras, waspas or ratio_moora")
    shares = shares_of_sum(problem.values)
    free = (shares[:, ~problem.maximise] == 0).all(axis=1)
    if free.any():
        who = problem.alternatives[int(free.argmax())]
        reason = f"it divides by what an alternative costs, and {who} has 0 on every criterion"
        raise Refusal(f"{reason} that is minimised", "use ratio_moora or topsis")
    found = COPRAS().evaluate(decision_matrix(problem, shares)).e_
    return Verdict(
        np.asarray(found.score),
        detail={"S+": named(problem, found.S_max), "S-": named(problem, found.S_min)},
    )
