"""EDAS: distances above and below the average."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Verdict, method
from evaluator.rank.methods.library import (
    OTHERS,
    decision_matrix,
    drawn,
    refuse_where,
    total,
    without_zero_columns,
)
from evaluator.rank.problem import Array, Problem


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Appraisal score in each draw; NaN where an average is not above 0."""
    given = without_zero_columns(values)
    average = given.mean(axis=-2, keepdims=True)
    distance = np.where(maximise, 1.0, -1.0) * (given - average)
    distance = distance / np.where(average > 0, average, np.nan)
    above, below = total(np.maximum(distance, 0), weights), total(np.maximum(-distance, 0), weights)

    def share(sums: Array) -> Array:
        most = sums.max(axis=-1, keepdims=True)
        return np.asarray(sums / np.where(most == 0, 1.0, most))

    return (share(above) + 1 - share(below)) / 2


@method(
    "edas",
    "EDAS",
    source="keshavarz-ghorabaee-2015",
    index="appraisal score, from 0 to 1",
    bounds=(0.0, 1.0),
    many=many,
)
def edas(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """AS = (SP / max SP + 1 - SN / max SN) / 2, where SP and SN are the weighted sums of the
    distances from the average, as shares of it, to the better and to the worse side.
    """
    from skcriteria.agg.edas import EDAS

    values = without_zero_columns(problem.values)
    average = np.broadcast_to(values.mean(axis=0), values.shape)
    reason = "it divides by the average of each criterion, which must be above 0"
    refuse_where(average <= 0, problem, reason, OTHERS)
    return Verdict(np.asarray(EDAS().evaluate(decision_matrix(problem, values)).e_.score))
