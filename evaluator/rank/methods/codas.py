"""CODAS: how far from the worst, by two distances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Verdict, method
from evaluator.rank.methods.choices import number
from evaluator.rank.methods.library import (
    drawn,
    one_draw,
    refuse_without_shares,
    shares_of_best,
    total,
    upward,
)
from evaluator.rank.problem import Array, Problem

PAIRS_HELD = 2000
"""Alternatives up to which the library may hold its tables of all pairs, 32 MB each."""


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """H in each draw, one alternative against all others at a time."""
    shares = shares_of_best(values, maximise)
    away = shares - shares.min(axis=-2, keepdims=True)
    euclidean, taxicab = np.sqrt(total(away**2, weights**2)), total(away, weights)
    score = np.zeros(euclidean.shape)
    for k in range(euclidean.shape[-1]):
        further = euclidean - euclidean[:, k, None]
        differs = np.abs(further) >= parameters["tau"]
        score += further + differs * (taxicab - taxicab[:, k, None])
    return score


@method(
    "codas",
    "CODAS",
    source="keshavarz-ghorabaee-2016",
    index="assessment score H; 0 is the average",
    parameters={
        "tau": Parameter(
            0.02,
            "Euclidean distances that differ by less are equal; its authors advise 0.01 to 0.05",
            number(0, 1),
        )
    },
    many=many,
)
def codas(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """H = Σₖ (Eᵢ - Eₖ) + ψ (Tᵢ - Tₖ), where E and T are the Euclidean and the taxicab distance from
    the worst of each weighted column, scaled to x / max x, or min x / x where less is better; ψ is
    1 where Eᵢ and Eₖ differ by τ or more, else 0.
    """
    from skcriteria.agg.codas import CODAS

    refuse_without_shares(problem)
    if len(problem.alternatives) > PAIRS_HELD:
        return Verdict(one_draw(many, problem, parameters))
    shares = shares_of_best(problem.values, problem.maximise)
    found = CODAS(tau=parameters["tau"]).evaluate(upward(problem, shares)).e_
    return Verdict(np.asarray(found.score))
