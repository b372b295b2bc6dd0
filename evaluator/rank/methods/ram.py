"""RAM: the root of what is gained, by what is paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Verdict, method
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
    """RI in each draw."""
    gain, cost = gain_and_cost(values, weights, maximise)
    return np.asarray((2 + gain) ** (1 / (2 + cost)))


@method(
    "ram",
    "RAM",
    source="sotoudeh-anvari-2023",
    index="RI",
    aliases=("root assessment method",),
    many=many,
)
def ram(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """RI = (2 + S⁺)^(1 / (2 + S⁻)), where S⁺ and S⁻ are the weighted sums of x / Σx over the
    criteria that are maximised and minimised.
    """
    from skcriteria.agg.ram import RAM

    refuse_negative(problem)
    found = RAM().evaluate(decision_matrix(problem, shares_of_sum(problem.values))).e_
    return Verdict(
        np.asarray(found.score),
        detail={"S+": named(problem, found.sum_benefit), "S-": named(problem, found.sum_cost)},
    )
