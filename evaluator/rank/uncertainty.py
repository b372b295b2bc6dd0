"""Draws over what is not known exactly: weights and values (in the tradition of SMAA)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evaluator.rank.problem import Array, Ranks
from evaluator.score.matrix import aggregate
from evaluator.study.criteria import Criterion


def draw_weights(weights: Array, spread: float, rng: np.random.Generator, draws: int) -> Array:
    """Weights varied by up to ``± spread`` of themselves, normalised; ``(draws, n_criteria)``."""
    factors = rng.uniform(1 - spread, 1 + spread, (draws, len(weights)))
    varied = weights * factors
    return np.asarray(varied / varied.sum(axis=1, keepdims=True))


def draw_values(
    columns: Sequence[Criterion],
    parts: Sequence[Sequence[Mapping[str, tuple[float, float]]]],
    rng: np.random.Generator,
    draws: int,
) -> Array:
    """Values of alternatives over the intervals of their parts.

    ``parts`` holds, per alternative and criterion, the interval of each component.  A component
    is drawn once per draw, uniformly, and has that value in every alternative that it is part of:
    what two stacks share cannot tell them apart.  Shape ``(draws, n_alternatives, n_criteria)``.
    """
    values = np.empty((draws, len(parts), len(columns)))
    for j, column in enumerate(columns):
        drawn: dict[str, Array] = {}
        for i, row in enumerate(parts):
            for name, (low, high) in row[j].items():
                if name not in drawn:
                    drawn[name] = rng.uniform(low, high, draws)
            values[:, i, j] = aggregate(column)(np.stack([drawn[name] for name in row[j]]))
    return values


def acceptability(ranks: Ranks) -> Array:
    """Share of the draws in which each alternative takes each place; ``(n, n)``, rows sum to 1.

    ``ranks`` has shape ``(draws, n_alternatives)``, from 1.  Alternatives that tie in a draw share
    the places that they take evenly, so columns sum to 1 as well.
    """
    tied = (ranks[:, :, None] == ranks[:, None, :]).sum(axis=-1)[:, :, None]
    ahead = np.arange(1, ranks.shape[1] + 1) - ranks[:, :, None]
    share = ((ahead >= 0) & (ahead < tied)) / tied
    return np.asarray(share.mean(axis=0))
