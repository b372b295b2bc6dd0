"""Rank: a decision matrix with intervals in; ranks, scores and their acceptability out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evaluator.findings import EvaluationError, Finding, allowed_values
from evaluator.rank.consensus import consensus, kendall_w
from evaluator.rank.methods import (
    Judgement,
    Method,
    all_methods,
    for_criteria,
    judge,
    parameters_of,
    ranks,
)
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Problem, Ranks
from evaluator.rank.smaa import acceptability, beats, draw_weights
from evaluator.rank.uncertainty import Inputs, inputs_of_components
from evaluator.result import CriterionValue
from evaluator.study.criteria import Criteria, Criterion

__all__ = ["Ranking", "chosen_methods", "effective_weights", "problem_of", "rank"]


@dataclass(frozen=True)
class Ranking:
    """Ranks of the contenders, from 1, with what the uncertainty leaves of them.

    Arrays have one entry per contender in the order of ``names``; ``acceptability[i, r]`` is the
    share of draws that rank contender i at r + 1, ``beats[i, j]`` the share that rank i above j.
    ``method_scores`` are on the scale where 1 is the best (:meth:`Method.towards_one`).
    ``score_low`` and ``score_high`` hold 5 % to 95 % of the draws, and the score itself, which uses
    the typed weights and the middles of intervals.  ``reference_scores`` are those of the
    alternatives that only span the scales.
    """

    names: list[str]
    rank: Ranks
    score: Array
    score_low: Array
    score_high: Array
    acceptability: Array
    beats: Array
    method_scores: dict[str, Array]
    method_ranks: dict[str, Ranks]
    agreement: float | None
    reference_scores: dict[str, float]
    refused: dict[str, str] = field(default_factory=dict)
    """Methods that could not take the matrix, with the reason."""
    basis: Basis | None = None
    """What was asked; None where nothing could be told apart."""


@dataclass(frozen=True)
class Basis:
    """All alternatives with the contenders first, who judged them, and what is uncertain."""

    problem: Problem
    panel: Panel
    inputs: Inputs


def effective_weights(criteria: Criteria) -> dict[str, float]:
    """Weights after the attitude: each times its group's factor, normalised to 1."""
    factors = criteria.attitudes[criteria.attitude].factors
    typed = criteria.weights
    raw = {c.id: typed[c.id] * factors.get(c.group, 1.0) for c in criteria.criteria}
    total = sum(raw.values())
    return {key: value / total for key, value in raw.items()} if total > 0 else raw


def problem_of(
    criteria: Criteria,
    columns: Sequence[Criterion],
    rows: Mapping[str, Sequence[CriterionValue]],
    names: Sequence[str],
) -> Problem:
    """The decision problem of a study: alternatives by name, weights after the attitude."""
    weights = effective_weights(criteria)
    shape = (len(names), len(columns))
    given = np.array([weights[c.id] for c in columns])
    low = np.array([[v.low for v in rows[n]] for n in names]).reshape(shape)
    high = np.array([[v.high for v in rows[n]] for n in names]).reshape(shape)
    return Problem(
        alternatives=tuple(names),
        criteria=tuple(c.id for c in columns),
        maximise=np.array([c.direction == "max" for c in columns], dtype=bool),
        weights=given / given.sum() if given.sum() > 0 else given,
        values=np.array([[_point(v) for v in rows[n]] for n in names]).reshape(shape),
        low=np.minimum(low, high),
        high=np.maximum(low, high),
        assumed=np.array([[v.assumed for v in rows[n]] for n in names], dtype=bool).reshape(shape),
    )


def rank(
    criteria: Criteria,
    columns: Sequence[Criterion],
    rows: Mapping[str, Sequence[CriterionValue]],
    contenders: Sequence[str],
    rng: np.random.Generator,
    parts: Mapping[str, Sequence[Mapping[str, tuple[float, float]]]] | None = None,
) -> Ranking:
    """Rank the contenders by all methods of the criteria file, and under uncertainty.

    The scales span all alternatives in ``rows``, removed ones included: what counts as much or
    little does not then depend on how many were removed, and two contenders that hardly differ get
    scores that hardly differ (ours).  Columns on which all alternatives are equal, or whose weight
    is 0, do not take part; the weights of the others are normalised again.  A rating or saturation,
    which is on a scale of its own, takes part all the same.

    ``parts`` holds the interval of each component behind a cell, as ``rows`` is laid out; what
    alternatives share is then drawn once for all of them.  Without it every cell is drawn alone.

    Raises
    ------
    EvaluationError
        When a method's parameters are wrong, or every method refuses the matrix.
    """
    everyone = [*contenders, *(name for name in rows if name not in contenders)]
    count, draws = len(contenders), criteria.decision.draws
    problem = problem_of(criteria, columns, rows, everyone)
    chosen = chosen_methods(criteria, problem)
    # a rating says something even where it is the same for all
    own = np.array(
        [
            c.scored and any(rows[n][j].value is not None for n in everyone)
            for j, c in enumerate(columns)
        ],
        dtype=bool,
    )
    differs = (np.ptp(problem.values, axis=0) > 0) if everyone else False
    useful = (problem.weights > 0) & (differs | own)
    if not useful.any():
        return _undecided(list(contenders), [method.id for method, _ in chosen])
    narrowed = problem.columns(useful)
    judged = [
        _in_its_intervals(narrowed, judge(narrowed, m, for_criteria(p, narrowed.criteria)))
        for m, p in chosen
    ]
    refused = {j.method.id: j.refused for j in judged if j.scores is None}
    answers = {
        j.method.id: j.method.towards_one(j.scores, j.parameters)
        for j in judged
        if j.scores is not None
    }
    members = tuple((m, p) for m, p in chosen if m.many is not None and m.id in answers)
    if not members:
        raise EvaluationError([_nobody_left(j) for j in judged])
    method_ranks = {
        j.method.id: ranks(-j.ranks[:count].astype(float)) for j in judged if j.ranks is not None
    }
    stacked = np.stack(list(method_ranks.values()))
    mean = np.mean(list(answers.values()), axis=0)
    # a column that is constant at the points may still vary inside the intervals
    spread = np.ptp(problem.low, axis=0) + (problem.high - problem.low).max(axis=0)
    alive = (problem.weights > 0) & ((spread > 0) | own)
    asked = problem.columns(alive)
    panel = Panel(tuple((m, for_criteria(p, asked.criteria)) for m, p in members), count)
    varied = draw_weights(asked.weights, criteria.decision.weight_spread, rng, draws)
    taken = np.flatnonzero(alive).tolist()
    behind = parts or {n: [{n: (v.low, v.high)} for v in rows[n]] for n in everyone}
    cells = [[behind[n][j] for j in taken] for n in everyone]
    inputs = inputs_of_components(asked, [columns[j] for j in taken], cells)
    drawn = panel.indices(inputs.sample(rng, draws), varied, asked.maximise)
    drawn_mean = drawn.mean(axis=0)
    drawn_ranks = consensus(ranks(drawn), drawn_mean)
    return Ranking(
        names=list(contenders),
        rank=consensus(stacked, mean[:count]),
        score=mean[:count],
        score_low=np.minimum(np.quantile(drawn_mean, 0.05, axis=0), mean[:count]),
        score_high=np.maximum(np.quantile(drawn_mean, 0.95, axis=0), mean[:count]),
        acceptability=acceptability(drawn_ranks),
        beats=beats(drawn_ranks),
        method_scores={m: index[:count] for m, index in answers.items()},
        method_ranks=method_ranks,
        agreement=kendall_w(stacked),
        reference_scores=dict(zip(everyone[count:], mean[count:].tolist(), strict=True)),
        refused=refused,
        basis=Basis(asked, panel, inputs),
    )


def chosen_methods(criteria: Criteria, problem: Problem) -> list[tuple[Method, dict[str, Any]]]:
    """Each method of a criteria file with all its parameters.

    Raises
    ------
    EvaluationError
        With every method that nobody knows, and every parameter that a method does not take.
    """
    known = all_methods()
    findings: list[Finding] = []
    chosen = []
    for entry in criteria.methods:
        if entry.name not in known:
            remedy = allowed_values(entry.name, known, most=40)
            findings.append(
                Finding("unknown-method", f"unknown method {entry.name!r}", None, remedy)
            )
            continue
        found, wrong = parameters_of(known[entry.name], entry.parameters, problem)
        findings += [
            Finding("method-parameter", f"method {entry.name!r}, parameter {name!r}: {text}")
            for name, text in wrong
        ]
        chosen.append((known[entry.name], found))
    if findings:
        raise EvaluationError(findings)
    return chosen


def _in_its_intervals(problem: Problem, judgement: Judgement) -> Judgement:
    """A refusal where the method has an answer to the points, but none at the intervals' ends: it
    would leave all methods without one in some draws.
    """
    if judgement.scores is None or judgement.method.many is None:
        return judgement
    panel = Panel(((judgement.method, judgement.parameters),))
    ends = (problem.with_values(problem.low), problem.with_values(problem.high))
    if all(panel.able(end, end.weights[None]).members for end in ends):
        return judgement
    reason = "it has no answer where values stand at the ends of their intervals"
    remedy = "use a method that takes any number, such as topsis"
    return replace(judgement, scores=None, ranks=None, refused=reason, remedy=remedy)


def _nobody_left(judgement: Judgement) -> Finding:
    name = judgement.method.id
    if judgement.scores is not None:
        problem = f"{name} has no vectorised form, so nothing can be said under uncertainty"
        return Finding("no-method-left", problem, None, "add topsis, vikor or weighted_sum")
    problem = f"{name} refused: {judgement.refused}"
    return Finding("no-method-left", problem, None, judgement.remedy)


def _point(value: CriterionValue) -> float:
    """The value where all of it is known, else the middle of its interval."""
    if value.value is not None and not value.assumed:
        return value.value
    return (value.low + value.high) / 2


def _undecided(names: list[str], methods: list[str]) -> Ranking:
    """One alternative, none, or all equal: every rank is 1 and no score means anything."""
    count = len(names)
    ones, nothing = np.ones(count, dtype=np.int64), np.full(count, np.nan)
    return Ranking(
        names=names,
        rank=ones,
        score=nothing,
        score_low=nothing,
        score_high=nothing,
        acceptability=np.full((count, count), 1 / max(count, 1)),
        beats=np.zeros((count, count)),
        method_scores=dict.fromkeys(methods, nothing),
        method_ranks=dict.fromkeys(methods, ones),
        agreement=None,
        reference_scores={},
    )
