"""Draws over what is not known exactly: weights and values (in the tradition of SMAA)."""

from __future__ import annotations

import numpy as np

from evaluator.rank.consensus import Ranks
from evaluator.rank.methods import Array


def draw_weights(weights: Array, spread: float, rng: np.random.Generator, draws: int) -> Array:
    """Weights varied by up to ``± spread`` of themselves, normalised; ``(draws, n_criteria)``."""
    factors = rng.uniform(1 - spread, 1 + spread, (draws, len(weights)))
    varied = weights * factors
    return np.asarray(varied / varied.sum(axis=1, keepdims=True))


def draw_values(low: Array, high: Array, rng: np.random.Generator, draws: int) -> Array:
    """Values drawn uniformly from their intervals; ``(draws, n_alternatives, n_criteria)``."""
    return rng.uniform(size=(draws, *low.shape)) * (high - low) + low


def acceptability(ranks: Ranks) -> Array:
    """Share of the draws in which each alternative takes each place; ``(n, n)``, rows sum to 1.

    ``ranks`` has shape ``(draws, n_alternatives)``, from 1.  Alternatives that tie in a draw share
    the places that they take evenly, so columns sum to 1 as well.
    """
    tied = (ranks[:, :, None] == ranks[:, None, :]).sum(axis=-1)[:, :, None]
    ahead = np.arange(1, ranks.shape[1] + 1) - ranks[:, :, None]
    return np.asarray(((ahead >= 0) & (ahead < tied)).astype(float) / tied).mean(axis=0)
