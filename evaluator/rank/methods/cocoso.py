"""CoCoSo: three compromises between a weighted sum and a sum of powers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Refusal, Verdict, method
from evaluator.rank.methods.choices import number
from evaluator.rank.methods.library import OTHERS, drawn, named, total, upward
from evaluator.rank.problem import Array, Problem
from evaluator.rank.scaling import towards_best


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """K in each draw; NaN where one alternative is the worst on every criterion."""
    scaled = towards_best(values, maximise)
    sums, powers = total(scaled, weights), np.zeros((len(weights), values.shape[-2]))
    for j in range(weights.shape[1]):
        weight = weights[:, j, None]
        powers += np.where(weight > 0, scaled[..., j] ** weight, 0.0)
    least_sum = sums.min(axis=-1, keepdims=True)
    least_power = powers.min(axis=-1, keepdims=True)
    share = parameters["lambda"]
    a = (sums + powers) / (sums + powers).sum(axis=-1, keepdims=True)
    b = sums / np.where(least_sum > 0, least_sum, np.nan) + powers / least_power
    c = (share * sums + (1 - share) * powers) / (
        share * sums.max(axis=-1, keepdims=True) + (1 - share) * powers.max(axis=-1, keepdims=True)
    )
    return np.asarray((a * b * c) ** (1 / 3) + (a + b + c) / 3)


@method(
    "cocoso",
    "CoCoSo",
    source="yazdani-2019",
    index="k, the mean of three compromise scores",
    parameters={
        "lambda": Parameter(0.5, "weight of the sum against the powers", number(0, 1)),
    },
    many=many,
)
def cocoso(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """K = (kₐ k_b k_c)^⅓ + (kₐ + k_b + k_c) / 3, where kₐ = (S + P) / Σ(S + P), k_b = S / min S + P
    / min P, k_c = (λS + (1 - λ)P) / (λ max S + (1 - λ) max P), S = Σ wⱼ rᵢⱼ, P = Σ rᵢⱼ^wⱼ, and r is
    from 0, the worst of a column, to 1, its best.
    """
    from skcriteria.agg.cocoso import CoCoSo

    scaled = towards_best(problem.values, problem.maximise)
    worthless = (scaled == 0).all(axis=1)
    if worthless.any():
        who = problem.alternatives[int(worthless.argmax())]
        reason = f"it divides by what the least alternative is worth, which is nothing: {who} is"
        raise Refusal(f"{reason} the worst on every criterion with a weight", OTHERS)
    found = CoCoSo(lambda_value=parameters["lambda"]).evaluate(upward(problem, scaled)).e_
    detail = {name: named(problem, found[name]) for name in ("k_a", "k_b", "k_c")}
    return Verdict(np.asarray(found.score), detail=detail)
