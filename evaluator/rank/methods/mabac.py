"""MABAC: distances from the border between the good and the bad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Verdict, method
from evaluator.rank.methods.library import drawn, one_draw, total, upward
from evaluator.rank.problem import Array, Problem
from evaluator.rank.scaling import towards_best


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """S in each draw; a weight is a factor of the border too."""
    scaled = towards_best(values, maximise) + 1
    border = np.exp(np.log(scaled).mean(axis=-2, keepdims=True))
    return total(scaled - border, weights)


@method(
    "mabac",
    "MABAC",
    source="pamucar-cirovic-2015",
    index="sum of the distances from the border approximation area; above 0 is the upper area",
    many=many,
)
def mabac(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """S = Σ (vᵢⱼ - gⱼ), where v = w (n + 1), n scales each column from 0, its worst, to 1, its
    best, and g is the geometric mean of v over the alternatives.
    """
    from skcriteria.agg.mabac import MABAC

    scaled = towards_best(problem.values, problem.maximise)
    found = MABAC().evaluate(upward(problem, scaled)).e_
    if (found.border_approximation_area < np.finfo(float).tiny).any():
        # it multiplies all rows before it takes the root, and some hundreds of them underflow
        return Verdict(one_draw(many, problem, parameters))
    return Verdict(np.asarray(found.score))
