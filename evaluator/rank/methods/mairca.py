"""MAIRCA: the gap between what an alternative could be and what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Verdict, method, ranks
from evaluator.rank.methods.library import drawn, total
from evaluator.rank.problem import Array, Problem
from evaluator.rank.scaling import towards_best


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Total gap in each draw."""
    return np.asarray(total(1 - towards_best(values, maximise), weights) / values.shape[-2])


@method(
    "mairca",
    "MAIRCA",
    source="gigovic-2016",
    index="total gap; less is better",
    best="min",
    many=many,
)
def mairca(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Q = Σ wⱼ / n (1 - rᵢⱼ) with n alternatives, each as likely to be chosen as any other, and r
    from 0, the worst of a column, to 1, its best.
    """
    from skcriteria.agg.mairca import mairca as library

    count = len(problem.alternatives)
    # its class refuses values up to 0, which the scale does not mind; the function below does not
    _, gap = library(problem.values, problem.sign, problem.weights, np.full(count, 1 / count))
    # many alternatives make every gap small
    return Verdict(np.asarray(gap), ranks(-gap * count))
