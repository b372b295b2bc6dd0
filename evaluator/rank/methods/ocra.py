"""OCRA: competitiveness by inputs saved and outputs gained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Verdict, method
from evaluator.rank.methods.library import (
    decision_matrix,
    drawn,
    named,
    refuse_where,
    total,
    without_zero_columns,
)
from evaluator.rank.problem import Array, Problem


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Overall performance in each draw; NaN where a column's minimum is not above 0."""
    given = without_zero_columns(values)
    low = given.min(axis=-2, keepdims=True)
    better = np.where(maximise, given - low, given.max(axis=-2, keepdims=True) - given)
    # both parts are floored at their own minimum before and after they are added
    worth = total(better / np.where(low > 0, low, np.nan), weights)
    return np.asarray(worth - worth.min(axis=-1, keepdims=True))


@method(
    "ocra",
    "OCRA",
    source="parkan-1994",
    index="overall performance; the worst has 0",
    aliases=("operational competitiveness rating",),
    many=many,
)
def ocra(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """P = I + O - min(I + O), where I = Σ w (max x - x) / min x over the inputs, which are
    minimised, and O = Σ w (x - min x) / min x over the outputs, each less its own minimum.
    """
    from skcriteria.agg.ocra import OCRA

    values = without_zero_columns(problem.values)
    reason = "it divides by the least value of each criterion, which must be above 0"
    refuse_where(values <= 0, problem, reason)
    found = OCRA().evaluate(decision_matrix(problem, values)).e_
    return Verdict(
        np.asarray(found.performance),
        detail={
            "inputs": named(problem, found.input_performance),
            "outputs": named(problem, found.output_performance),
        },
    )
