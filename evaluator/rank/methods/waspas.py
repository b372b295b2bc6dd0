"""WASPAS: a weighted sum and a weighted product in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Verdict, method
from evaluator.rank.methods.choices import number
from evaluator.rank.methods.library import (
    drawn,
    named,
    refuse_without_shares,
    shares_of_best,
    total,
)
from evaluator.rank.problem import Array, Problem


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Q in each draw; a share of 0 makes the product 0 unless it has no weight there."""
    shares = shares_of_best(values, maximise)
    nothing = shares == 0
    product = np.exp(total(np.log(np.where(nothing, 1.0, shares)), weights))
    if nothing.any():
        product = np.where(total(nothing.astype(float), weights) > 0, 0.0, product)
    return np.asarray(
        parameters["lambda"] * total(shares, weights) + (1 - parameters["lambda"]) * product
    )


@method(
    "waspas",
    "WASPAS",
    source="zavadskas-2012",
    index="Q, from 0 to 1",
    bounds=(0.0, 1.0),
    parameters={
        "lambda": Parameter(0.5, "weight of the sum against the product", number(0, 1)),
    },
    many=many,
)
def waspas(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Q = λ Σ wⱼ rᵢⱼ + (1 - λ) Π rᵢⱼ^wⱼ with r = x / max x, or min x / x on a criterion that is
    minimised.
    """
    from skcriteria.agg.waspas import waspas as library

    refuse_without_shares(problem)
    shares = shares_of_best(problem.values, problem.maximise)
    # its class refuses zeros, whose product is 0; the function below it does not
    _, sums, logarithms, score = library(shares, problem.weights, parameters["lambda"])
    return Verdict(
        np.asarray(score),
        detail={"sum": named(problem, sums), "product": named(problem, 10**logarithms)},
    )
