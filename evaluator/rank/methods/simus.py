"""SIMUS: alternatives by how much of each criterion's optimum they carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Refusal, Verdict, method
from evaluator.rank.methods.choices import one_of
from evaluator.rank.methods.library import OTHERS, decision_matrix, refuse_negative
from evaluator.rank.problem import Problem

MOST = 300
"""Alternatives that are taken: its second ranking compares each pair on each criterion."""


@method(
    "simus",
    "SIMUS",
    source="munier-2011",
    index="weighted participation of the alternative in the optima of all criteria",
    parameters={
        "ranking": Parameter(
            "participation",
            "participation: its first ranking; dominance: its second, whose scores sum to 0",
            one_of("participation", "dominance"),
        )
    },
)
def simus(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """One linear program per criterion: optimise it over shares of the alternatives, where every
    other criterion stays within its best value; its optimum, normalised, is a row of the efficient
    results, whose columns are added and multiplied by the share of rows that they take part in.
    """
    from skcriteria.agg.simus import SIMUS
    from skcriteria.utils import lp

    solver = lp.pulp.LpSolverDefault
    if solver is None or not solver.available():
        raise Refusal("it needs a linear solver, and PuLP has none here", OTHERS)
    if len(problem.alternatives) > MOST:
        raise Refusal(f"it takes at most {MOST} alternatives", "filter the alternatives first")
    if len(problem.criteria) < 2:
        raise Refusal("it bounds each criterion by the others, and there is only one", OTHERS)
    refuse_negative(problem)
    nothing = problem.values == 0
    if nothing.all(axis=0).any() or nothing.all(axis=1).any():
        reason = "its linear programs lose a criterion or an alternative that has only zeros"
        raise Refusal(reason, "leave it out")
    first = parameters["ranking"] == "participation"
    loud, solver.msg = solver.msg, False  # it would print past Python
    try:
        found = SIMUS(rank_by=1 if first else 2).evaluate(decision_matrix(problem)).e_
    finally:
        solver.msg = loud
    states = [str(stage.lp_status) for stage in found.stages]
    unsolved = [c for c, state in zip(problem.criteria, states, strict=True) if state != "Optimal"]
    if unsolved:
        reason = f"its linear program for {', '.join(unsolved[:3])} has no optimum"
        raise Refusal(f"{reason}: what is maximised must be bounded by another criterion", OTHERS)
    score = found.method_1_score if first else found.method_2_score
    caution = "it does not use weights, only whether a criterion has one"
    return Verdict(
        np.asarray(score, dtype=float),
        cautions=(caution,) if np.ptp(problem.weights) > 0 else (),
    )
