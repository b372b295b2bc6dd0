"""Weighted sums: of values as typed, or of columns that were scaled first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Refusal, Verdict, method
from evaluator.rank.methods.choices import ends, one_of
from evaluator.rank.methods.library import drawn, total
from evaluator.rank.problem import Array, Problem
from evaluator.rank.scaling import by_max, by_sum, towards_best

MINIMISED = "it adds values as typed, so every criterion must be maximised and in the same unit"


def _scaled(values: Array, maximise: Any, scale: str) -> Array:
    if scale == "none":
        return values
    if scale == "range":
        return towards_best(values, maximise)
    inverted = np.where(maximise, values, 1 / np.where(values == 0, np.nan, values))
    return by_max(inverted) if scale == "max" else by_sum(inverted)


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """The sum in each draw."""
    scaled = _scaled(values, maximise, parameters["scale"])
    return total(scaled, weights)


def _sum(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    from skcriteria.agg.simple import wsm

    if not (problem.weights > 0).any():
        raise Refusal("no criterion has a weight", "give at least one criterion a weight")
    scaled = _scaled(problem.values, problem.maximise, parameters["scale"])
    # of one alternative the library gives a bare number
    return Verdict(np.asarray(wsm(scaled, problem.weights)[1], dtype=float).reshape(-1))


@method(
    "weighted_sum",
    "Weighted sum",
    source="fishburn-1967",
    index="weighted sum of the values",
    parameters={
        "scale": Parameter(
            "none",
            "none: values as typed; range: each column from 0, its worst, to 1, its best",
            one_of("none", "range"),
        ),
        "ends": Parameter(
            None,
            "worst and best value of the scale that all values are on, where scale is none",
            ends,
        ),
    },
    aliases=("wsm", "weighted sum model"),
    bounds=lambda parameters: (0.0, 1.0) if parameters["scale"] == "range" else parameters["ends"],
    many=many,
    compares=False,
)
def weighted_sum(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Σ wⱼ xᵢⱼ of the values as typed, or of columns scaled to their range."""
    if parameters["scale"] == "none" and not problem.maximise.all():
        remedy = "give it the parameter scale: range, or use saw or topsis"
        raise Refusal(MINIMISED, remedy)
    return _sum(problem, parameters)


@method(
    "saw",
    "Simple additive weighting",
    source="hwang-yoon-1981",
    index="weighted sum of the values, each as a share of the best on its criterion",
    parameters={
        "scale": Parameter(
            "max",
            "max: x / max x, and min x / x where less is better; sum: by the column's sum",
            one_of("max", "sum"),
        )
    },
    aliases=("simple additive weighting",),
    many=many,
)
def saw(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Σ wⱼ rᵢⱼ with rᵢⱼ = xᵢⱼ / max xⱼ, or min xⱼ / xᵢⱼ on a criterion that is minimised."""
    if (problem.values < 0).any() or (problem.values[:, ~problem.maximise] == 0).any():
        raise Refusal(
            "it takes shares of the best value, which negative values, and zeros where less is "
            "better, do not have",
            "use weighted_sum with scale: range, or topsis",
        )
    return _sum(problem, parameters)
