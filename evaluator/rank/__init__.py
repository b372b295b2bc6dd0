"""Rank: a decision matrix with intervals in; ranks, scores and their acceptability out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluator.rank.consensus import Ranks, consensus, kendall_w
from evaluator.rank.methods import VECTORISED, Array, by_library, ranks
from evaluator.rank.uncertainty import acceptability, draw_values, draw_weights
from evaluator.result import CriterionValue
from evaluator.study.criteria import Criteria, Criterion

__all__ = ["Ranking", "effective_weights", "rank"]


@dataclass(frozen=True)
class Ranking:
    """Ranks of the contenders, from 1, with what the uncertainty leaves of them.

    Arrays have one entry per contender in the order of ``names``; ``acceptability[i, r]`` is the
    share of draws that rank contender i at r + 1, ``beats[i, j]`` the share that rank i above j.
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


def effective_weights(criteria: Criteria) -> dict[str, float]:
    """Weights after the attitude: each times its group's factor, normalised to 1."""
    factors = criteria.attitudes[criteria.attitude].factors
    raw = {c.id: c.weight * factors.get(c.group, 1.0) for c in criteria.criteria}
    total = sum(raw.values())
    return {key: value / total for key, value in raw.items()} if total > 0 else raw


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
    is 0, do not take part; the weights of the others are normalised again.

    ``parts`` holds the interval of each component behind a cell, as ``rows`` is laid out; what
    alternatives share is then drawn once for all of them.  Without it every cell is drawn alone.
    """
    everyone = [*contenders, *(name for name in rows if name not in contenders)]
    count, draws = len(contenders), criteria.decision.draws
    shared = effective_weights(criteria)
    sign = np.array([1.0 if c.direction == "max" else -1.0 for c in columns])
    weights = np.array([shared[c.id] for c in columns])
    shape = (len(everyone), len(columns))
    point = np.array([[_point(v) for v in rows[n]] for n in everyone]).reshape(shape) * sign
    ends = np.array([[(v.low, v.high) for v in rows[n]] for n in everyone]).reshape(*shape, 2)
    ends = ends * sign[:, None]
    low, high = ends.min(axis=-1), ends.max(axis=-1)
    methods: list[str] = [m.name for m in criteria.methods]
    useful = (weights > 0) & ((np.ptp(point, axis=0) > 0) if everyone else False)
    if not useful.any():
        return _undecided(list(contenders), methods)
    kept = weights[useful] / weights[useful].sum()
    indices = {m: by_library(m, point[:, useful], kept) for m in methods}
    method_ranks = {m: ranks(index[:count]) for m, index in indices.items()}
    stacked = np.stack([method_ranks[m] for m in methods])
    mean = np.mean([indices[m] for m in methods], axis=0)
    # a column that is constant at the points may still vary inside the intervals
    alive = (weights > 0) & (np.ptp(low, axis=0) + (high - low).max(axis=0) > 0)
    varied = draw_weights(weights[alive], criteria.decision.weight_spread, rng, draws)
    taken = np.flatnonzero(alive).tolist()
    behind = parts or {n: [{n: (v.low, v.high)} for v in rows[n]] for n in everyone}
    cells = [[behind[n][j] for j in taken] for n in everyone]
    values = draw_values([columns[j] for j in taken], cells, rng, draws) * sign[alive]
    drawn = np.stack([VECTORISED[m](values, varied)[:, :count] for m in methods])
    drawn_mean = drawn.mean(axis=0)
    drawn_ranks = consensus(ranks(drawn), drawn_mean)
    return Ranking(
        names=list(contenders),
        rank=consensus(stacked, mean[:count]),
        score=mean[:count],
        score_low=np.minimum(np.quantile(drawn_mean, 0.05, axis=0), mean[:count]),
        score_high=np.maximum(np.quantile(drawn_mean, 0.95, axis=0), mean[:count]),
        acceptability=acceptability(drawn_ranks),
        beats=(drawn_ranks[:, :, None] < drawn_ranks[:, None, :]).mean(axis=0),
        method_scores={m: index[:count] for m, index in indices.items()},
        method_ranks=method_ranks,
        agreement=kendall_w(stacked),
        reference_scores=dict(zip(everyone[count:], mean[count:].tolist(), strict=True)),
    )


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
