"""VIKOR: a compromise between what is good for most criteria and bad for none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Verdict, method
from evaluator.rank.methods.choices import number
from evaluator.rank.methods.library import decision_matrix, named
from evaluator.rank.problem import Array, Problem
from evaluator.rank.scaling import towards_best

ROUNDING = 1e-12
"""Differences of S and R up to this are those of floating point."""


def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Q in each draw."""
    short = 1 - towards_best(values, maximise)
    if values.ndim == 2:
        group = weights @ short.T
        regret = np.zeros(group.shape)
        for j in range(weights.shape[1]):  # never all draws × alternatives × criteria at once
            np.maximum(regret, weights[:, j, None] * short[:, j], out=regret)
    else:
        weighted = short * weights[:, None, :]
        group, regret = weighted.sum(axis=-1), weighted.max(axis=-1)
    return compromise(group, regret, parameters["v"])


def compromise(group: Array, regret: Array, v: float) -> Array:
    """Q from group utility S and individual regret R; what is equal in all takes no part."""

    def unit(values: Array) -> Array:
        low = values.min(axis=-1, keepdims=True)
        span = values.max(axis=-1, keepdims=True) - low
        real = span > ROUNDING
        return np.where(real, (values - low) / np.where(real, span, 1.0), 0.0)

    return v * unit(group) + (1 - v) * unit(regret)


@method(
    "vikor",
    "VIKOR",
    source="opricovic-tzeng-2004",
    index="Q, from 0 (best) to 1",
    best="min",
    bounds=(1.0, 0.0),
    parameters={"v": Parameter(0.5, "weight of the group's utility against regret", number(0, 1))},
    many=many,
)
def vikor(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Q = v (S - S*) / (S⁻ - S*) + (1 - v) (R - R*) / (R⁻ - R*), where S is the weighted sum and R
    the largest of the weighted shares by which an alternative falls short of the best.
    """
    from skcriteria.agg.vikor import VIKOR

    useful = problem.columns((np.ptp(problem.values, axis=0) > 0) & (problem.weights > 0))
    found = VIKOR(v=parameters["v"]).evaluate(decision_matrix(useful)).e_
    s, r = np.asarray(found.s_k, dtype=float), np.asarray(found.r_k, dtype=float)
    # its Q would stretch differences of S or R that are rounding alone over the whole scale
    q = compromise(s, r, parameters["v"])
    return Verdict(
        q,
        detail={
            "S": named(problem, s),
            "R": named(problem, r),
            "compromise": _compromise_set(problem, q, s, r),
        },
    )


def _compromise_set(problem: Problem, q: Array, s: Array, r: Array) -> dict[str, Any]:
    """The conditions C1 and C2 of the paper, and the alternatives that it proposes.

    C1, acceptable advantage: the second Q exceeds the first by DQ = 1 / (n - 1).  C2, acceptable
    stability: the first by Q is also the first by S or by R.  Without C1 all alternatives closer
    than DQ to the first are proposed, without C2 alone the first two.  Alternatives that share the
    first Q are all proposed, since nothing puts one of them first.
    """
    order = np.argsort(q, kind="stable")
    ahead = q - q[order[0]]
    advantage = 1 / (len(q) - 1)
    first, second = order[:2]
    c1 = bool(ahead[second] >= advantage - ROUNDING)
    c2 = bool(min(s[first] - s.min(), r[first] - r.min()) <= ROUNDING)
    if not c1:
        chosen = order[ahead[order] < advantage - ROUNDING]
    else:
        chosen = order[:1] if c2 else order[:2]
    return {
        "C1": c1,
        "C2": c2,
        "DQ": advantage,
        "advantage": float(ahead[second]),
        "set": [problem.alternatives[i] for i in chosen],
    }
