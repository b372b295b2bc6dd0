"""ERVD: gains and losses against a reference, where losses count more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Refusal, Verdict, method
from evaluator.rank.methods.choices import by_criterion, number
from evaluator.rank.methods.library import (
    decision_matrix,
    drawn,
    refuse_negative,
    shares_of_sum,
    total,
    without_zero_columns,
)
from evaluator.rank.problem import Array, Problem


def _scaled(values: Array, parameters: Mapping[str, Any]) -> tuple[Array, Array]:
    """Shares of the sum, of the values and of the reference; NaN where none was given."""
    sums = without_zero_columns(values).sum(axis=-2)
    reference = parameters["reference"].array(np.full(sums.shape, np.nan))
    return shares_of_sum(values), reference / np.where(sums > 0, sums, np.nan)


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Closeness in each draw; NaN without a reference for every criterion."""
    scaled, reference = _scaled(values, parameters)
    gain = np.where(maximise, 1.0, -1.0) * (scaled - reference[..., None, :])
    worth = np.abs(gain) ** parameters["alpha"] * np.where(gain > 0, 1.0, -parameters["lambda"])
    to_best = total(worth.max(axis=-2, keepdims=True) - worth, weights)
    to_worst = total(worth - worth.min(axis=-2, keepdims=True), weights)
    return to_worst / (to_best + to_worst)


@method(
    "ervd",
    "ERVD",
    source="shyur-2015",
    index="relative closeness, from 0 to 1",
    bounds=(0.0, 1.0),
    parameters={
        "reference": Parameter(
            None,
            "value of each criterion that is neither gain nor loss: {criterion: value}; needed",
            by_criterion(number()),
        ),
        "lambda": Parameter(2.25, "how much more a loss counts than a gain", number(0, 1000)),
        "alpha": Parameter(0.88, "exponent of gains and losses", number(0, 10)),
    },
    many=many,
)
def ervd(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """S⁻ / (S⁺ + S⁻), the weighted taxicab distances to the worst and the best of each column; a
    gain (r - ρ) is worth (r - ρ)^α, a loss -λ (ρ - r)^α, with r = x / Σx and ρ the reference
    divided by the same sum.
    """
    from skcriteria.agg.ervd import ERVD

    missing = [name for name in problem.criteria if name not in parameters["reference"]]
    if missing:
        reason = f"it needs a reference value for every criterion, and {missing[0]} has none"
        example = ", ".join(f"{name}: …" for name in problem.criteria[:2])
        raise Refusal(reason, f"give it the parameter reference: {{{example}}}")
    refuse_negative(problem)
    scaled, reference = _scaled(problem.values, parameters)
    chosen = ERVD(lambda_value=parameters["lambda"], alpha_value=parameters["alpha"])
    matrix = decision_matrix(problem, scaled)
    return Verdict(np.asarray(chosen.evaluate(matrix, reference_points=reference).e_.similarity))
