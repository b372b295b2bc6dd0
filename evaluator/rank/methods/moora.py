"""MOORA: ratios, a reference point, products; and MULTIMOORA, which takes all three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Refusal, Verdict, method
from evaluator.rank.methods.library import (
    decision_matrix,
    drawn,
    named,
    refuse_where,
    total,
    without_zero_columns,
)
from evaluator.rank.problem import Array, Problem
from evaluator.rank.scaling import vector

MOST = 300
"""Alternatives that MULTIMOORA takes: it compares each pair in Python, 2 s for so many."""


def _scaled(values: Array) -> Array:
    return vector(without_zero_columns(values))


@drawn
def ratios(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """The ratio system's y in each draw."""
    scaled = _scaled(values)
    return total(np.where(maximise, scaled, -scaled), weights)


@drawn
def references(
    values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]
) -> Array:
    """The largest weighted distance from the reference point in each draw."""
    scaled = _scaled(values)
    top, bottom = scaled.max(axis=-2, keepdims=True), scaled.min(axis=-2, keepdims=True)
    away = np.abs(scaled - np.where(maximise, top, bottom))
    found = np.zeros((len(weights), values.shape[-2]))
    for j in range(weights.shape[1]):  # never all draws × alternatives × criteria at once
        np.maximum(found, weights[:, j, None] * away[..., j], out=found)
    return found


@drawn
def products(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Ln U in each draw; NaN where a value has no logarithm."""
    given = without_zero_columns(values)
    fits = (given > 0).all(axis=-2, keepdims=True)
    logarithms = np.where(fits, np.log(np.where(fits, given, 1.0)), np.nan)
    return total(np.where(maximise, logarithms, -logarithms), (weights > 0).astype(float))


@method(
    "ratio_moora",
    "MOORA, ratio system",
    source="brauers-zavadskas-2006",
    index="y: weighted ratios of what is maximised, less those of what is minimised",
    aliases=("moora", "ratio system"),
    many=ratios,
)
def ratio_moora(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Σ wⱼ rᵢⱼ over the criteria that are maximised, less the same over those that are minimised; r
    is x divided by the Euclidean length of its column.
    """
    from skcriteria.agg.moora import RatioMOORA

    found = RatioMOORA().evaluate(decision_matrix(problem, _scaled(problem.values))).e_
    return Verdict(np.atleast_1d(found.score))


@method(
    "reference_point_moora",
    "MOORA, reference point",
    source="brauers-zavadskas-2006",
    index="largest weighted distance from the reference point; less is better",
    best="min",
    aliases=("reference point", "refpoint moora", "moora reference point"),
    many=references,
)
def reference_point_moora(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """The largest wⱼ |rᵢⱼ - r*ⱼ| of all criteria; r is x divided by the Euclidean length of its
    column, and r* the best of each column.
    """
    from skcriteria.agg.moora import ReferencePointMOORA

    found = ReferencePointMOORA().evaluate(decision_matrix(problem, _scaled(problem.values))).e_
    point = dict(zip(problem.criteria, np.asarray(found.reference_point).tolist(), strict=True))
    return Verdict(np.atleast_1d(found.score), detail={"reference_point": point})


def _refuse_without_logarithms(problem: Problem) -> Array:
    values = without_zero_columns(problem.values)
    refuse_where(values <= 0, problem, "it takes logarithms, which only values above 0 have")
    return values


@method(
    "full_multiplicative_form",
    "Full multiplicative form",
    source="brauers-zavadskas-2010",
    index="ln U, the logarithm of the utility",
    aliases=("fmf",),
    many=products,
)
def full_multiplicative_form(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """U = Π x over the criteria that are maximised / Π x over those that are minimised, without
    weights; the index is its logarithm, since the product soon leaves what numbers can hold.

    A column of zeros is left out, and so is a criterion without weight.
    """
    from skcriteria.agg.moora import FullMultiplicativeForm

    values = _refuse_without_logarithms(problem)
    # its weights would be factors of whole columns, and move all alternatives alike
    same = problem.with_weights(np.ones(len(problem.criteria)))
    count = len(problem.criteria)
    found = FullMultiplicativeForm().evaluate(decision_matrix(same, values)).e_
    up = int(problem.maximise.sum())
    shift = (up - (count - up)) * np.log(count)
    # it starts from 1 when nothing is maximised
    start = 0.0 if up else 1.0
    caution = "it does not use weights, only whether a criterion has one"
    return Verdict(
        np.atleast_1d(found.score) + shift - start,
        cautions=(caution,) if np.ptp(problem.weights) > 0 else (),
    )


@method(
    "multimoora",
    "MULTIMOORA",
    source="brauers-zavadskas-2010",
    index="number of alternatives that it dominates in the three MOORA rankings",
    aliases=("multi moora",),
)
def multimoora(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """How many alternatives it dominates: it is before them in most of the rankings by the ratio
    system, by the reference point and by the full multiplicative form, and no two places are equal.
    """
    from skcriteria.agg.moora import MultiMOORA

    if len(problem.alternatives) > MOST:
        reason = f"it compares every pair, and takes at most {MOST} alternatives"
        raise Refusal(reason, "use ratio_moora, or filter the alternatives first")
    values = vector(_refuse_without_logarithms(problem))
    found = MultiMOORA().evaluate(decision_matrix(problem, values)).e_
    places = np.asarray(found.rank_matrix).T
    three = ("ratio_moora", "reference_point_moora", "full_multiplicative_form")
    detail = {name: named(problem, place) for name, place in zip(three, places, strict=True)}
    return Verdict(np.asarray(found.score, dtype=float), detail={"ranks": detail})
