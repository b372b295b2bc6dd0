"""SPOTIS: distance from an ideal within fixed bounds, which other alternatives cannot change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Refusal, Verdict, method
from evaluator.rank.methods.choices import by_criterion, interval, number
from evaluator.rank.methods.library import decision_matrix, drawn, refuse_where, total
from evaluator.rank.problem import Array, Mask, Problem


def _frame(
    values: Array, maximise: Mask, parameters: Mapping[str, Any]
) -> tuple[Array, Array, Array]:
    """Lowest, highest and ideal value of each criterion; shapes ``(…, m)``."""
    of_data = np.stack([values.min(axis=-2), values.max(axis=-2)])
    low, high = parameters["bounds"].array(of_data)
    return low, high, parameters["ideal"].array(np.where(maximise, high, low))


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Distance from the ideal in each draw."""
    low, high, ideal = (a[..., None, :] for a in _frame(values, maximise, parameters))
    return total(np.abs(values - ideal) / np.where(high > low, high - low, 1.0), weights)


@method(
    "spotis",
    "SPOTIS",
    source="dezert-2020",
    index="mean distance from the ideal solution, from 0 (best) to 1",
    best="min",
    bounds=(1.0, 0.0),
    parameters={
        "bounds": Parameter(
            None,
            "lowest and highest value that each criterion can have: {criterion: [low, high]}; "
            "default: those of the table",
            by_criterion(interval),
        ),
        "ideal": Parameter(
            None,
            "ideal value of each criterion: {criterion: value}; default: the better bound",
            by_criterion(number()),
        ),
    },
    many=many,
)
def spotis(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """D = Σ wⱼ |xᵢⱼ - xⱼ*| / (max - min), where max and min bound what the criterion can be, and x*
    is its ideal.
    """
    from skcriteria.agg.spotis import SPOTIS

    low, high, ideal = _frame(problem.values, problem.maximise, parameters)
    outside = (problem.values < low) | (problem.values > high)
    refuse_where(outside, problem, "a value is outside its bounds", "widen the bounds")
    if ((ideal < low) | (ideal > high)).any():
        name = problem.criteria[int(((ideal < low) | (ideal > high)).argmax())]
        raise Refusal(f"the ideal of {name} is outside its bounds", "give bounds that hold it")
    wide = np.where(high > low, high, low + 1)  # without range nothing is away from the ideal
    matrix = decision_matrix(problem)
    found = SPOTIS().evaluate(matrix, bounds=np.stack([low, wide], axis=1), isp=ideal).e_
    own = [name for name in problem.criteria if name not in parameters["bounds"]]
    caution = f"bounds of {', '.join(own[:3])} are those of this table: other alternatives may "
    return Verdict(
        np.asarray(found.score),
        cautions=(f"{caution}change the order, which typed bounds prevent",) if own else (),
    )
