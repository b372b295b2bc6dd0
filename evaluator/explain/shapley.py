"""Shapley values: one total shared among those that made it, fairly and without a rest."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from evaluator.rank.problem import Array, Mask

EXACT = 12
"""Up to so many players every coalition is asked; beyond it, orders are drawn (ours)."""
ORDERS = 500
"""Orders drawn beyond that, each with its reverse; every one of them sums to the total (ours)."""


def shapley(players: int, value: Callable[[Mask], Array]) -> Array:
    """The Shapley value of each player (Shapley, 1953): what it adds, averaged over all orders.

    Parameters
    ----------
    players
        How many there are, m.
    value
        Takes coalitions, a mask of shape ``(k, m)``, and gives what each is worth, ``(k, …)``.

    Returns
    -------
    Shape ``(m, …)``; the sum over players is ``value(all) - value(none)`` up to rounding.
    """
    if players == 0:
        return np.zeros((0, *value(np.zeros((1, 0), dtype=bool)).shape[1:]))
    return _exact(players, value) if players <= EXACT else _sampled(players, value)


def _exact(players: int, value: Callable[[Mask], Array]) -> Array:
    codes = np.arange(2**players)
    masks = (codes[:, None] >> np.arange(players) & 1).astype(bool)
    worth, sizes = value(masks), masks.sum(axis=1)
    found = []
    for player in range(players):
        without = codes[~masks[:, player]]
        size = sizes[without]
        share = np.array([1 / (players * math.comb(players - 1, int(s))) for s in size])
        added = worth[without | (1 << player)] - worth[without]
        found.append(np.tensordot(share, added, axes=1))
    return np.stack(found)


def _sampled(players: int, value: Callable[[Mask], Array]) -> Array:
    rng = np.random.default_rng(players)  # the same orders for the same question
    drawn = [rng.permutation(players) for _ in range(ORDERS)]
    total = None
    for order in [o for one in drawn for o in (one, one[::-1])]:
        place = np.empty(players, dtype=np.int64)
        place[order] = np.arange(players)
        worth = value(place[None, :] < np.arange(players + 1)[:, None])
        added = np.empty((players, *worth.shape[1:]))
        added[order] = np.diff(worth, axis=0)
        total = added if total is None else total + added
    return np.asarray(total) / (2 * ORDERS)
