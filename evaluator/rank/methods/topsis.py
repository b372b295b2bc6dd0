"""TOPSIS: close to the ideal and far from its opposite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Verdict, method
from evaluator.rank.methods.choices import one_of
from evaluator.rank.methods.library import decision_matrix
from evaluator.rank.problem import Array, Problem
from evaluator.rank.scaling import SCALES


def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Closeness in each draw; the squared distances are linear in the squared weights."""
    scaled = SCALES[parameters["scale"]](values)
    top = scaled.max(axis=-2, keepdims=True)
    bottom = scaled.min(axis=-2, keepdims=True)
    from_ideal = (scaled - np.where(maximise, top, bottom)) ** 2
    from_nadir = (scaled - np.where(maximise, bottom, top)) ** 2
    squared = weights**2
    if values.ndim == 2:
        to_ideal, to_nadir = np.sqrt(squared @ from_ideal.T), np.sqrt(squared @ from_nadir.T)
    else:
        to_ideal = np.sqrt(np.einsum("dnm,dm->dn", from_ideal, squared))
        to_nadir = np.sqrt(np.einsum("dnm,dm->dn", from_nadir, squared))
    total = to_ideal + to_nadir
    return np.where(total > 0, to_nadir / np.where(total > 0, total, 1.0), 1.0)


@method(
    "topsis",
    "TOPSIS",
    source="hwang-yoon-1981",
    index="closeness to the ideal, from 0 to 1",
    bounds=(0.0, 1.0),
    parameters={
        "scale": Parameter(
            "vector", "how columns are made comparable", one_of("vector", "range", "max", "sum")
        )
    },
    many=many,
)
def topsis(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Closeness d⁻ / (d⁺ + d⁻), the Euclidean distances to the worst and to the best value of every
    weighted, scaled criterion.
    """
    from skcriteria.agg.topsis import TOPSIS

    scaled = SCALES[parameters["scale"]](problem.values)
    found = TOPSIS().evaluate(decision_matrix(problem, scaled)).e_
    return Verdict(np.asarray(found.similarity))
