"""From several methods to one order, and how far the methods agree."""

from __future__ import annotations

import numpy as np

from evaluator.rank.methods import ranks
from evaluator.rank.problem import Array, Ranks


def consensus(method_ranks: Ranks, scores: Array) -> Ranks:
    """Borda consensus: alternatives by the sum of their ranks, ties by the mean index.

    Parameters
    ----------
    method_ranks
        Shape ``(n_methods, …, n_alternatives)``, from 1.
    scores
        Mean index over the methods, shape ``(…, n_alternatives)``, 1 the best.
    """
    total = method_ranks.sum(axis=0)
    return ranks(-total + np.clip(np.round(scores, 10), 0, 1) * 0.5)


def kendall_w(method_ranks: Ranks) -> float | None:
    """Kendall's coefficient of concordance, 0 to 1, corrected for ties (Kendall, 1939).

    ``method_ranks`` has shape ``(n_methods, n_alternatives)``; None when fewer than two of either,
    or when every method ties all alternatives.
    """
    methods, count = method_ranks.shape
    if methods < 2 or count < 2:
        return None
    middle = np.array([_mid_ranks(row) for row in method_ranks])
    spread = float(((middle.sum(axis=0) - methods * (count + 1) / 2) ** 2).sum())
    ties = 0.0
    for row in middle:
        _, sizes = np.unique(row, return_counts=True)
        ties += float((sizes**3 - sizes).sum())
    bottom = methods**2 * (count**3 - count) - methods * ties
    return 12 * spread / bottom if bottom > 0 else None


def _mid_ranks(row: Ranks) -> Array:
    """Tied ranks replaced by the mean of the places that they take."""
    _, inverse, sizes = np.unique(row, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    return np.asarray((ends - (sizes - 1) / 2)[inverse], dtype=float)
