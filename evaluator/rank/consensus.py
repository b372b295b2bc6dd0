"""From several orders to one, and how far they agree.

Borda (1781) adds up places, Copeland (1951) counts majorities between pairs, Kemeny (1959) looks
for the order with the fewest disagreements; Condorcet's winner, where there is one, beats each
other one in a majority of the orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.rank.methods import ranks
from evaluator.rank.problem import Array, Ranks

MOST_KEMENY = 10
"""Alternatives up to which the exact Kemeny order is computed: 2ⁿ sets are looked at."""
EQUAL = 1e-9


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


@dataclass(frozen=True, eq=False)
class Consensus:
    """Three consensus orders of n alternatives, each as ranks from 1, and their scores."""

    borda: Ranks
    borda_scores: Array
    """Alternatives that each one outranks, ties by half, summed over the orders."""
    copeland: Ranks
    copeland_scores: Array
    """Alternatives over which it has a majority, equal votes by half."""
    kemeny: Ranks | None
    """None above :data:`MOST_KEMENY` alternatives."""
    kemeny_distance: float | None
    """Sum of the distances (:func:`kendall_distance`) from the Kemeny order to each order."""
    kemeny_orders: int
    """Orders that are as close; above 1 the one printed is that of the higher Borda scores."""
    condorcet: int | None
    """The alternative that a majority prefers to each other one."""
    agreement: float | None
    """Kendall's W."""

    @property
    def agree(self) -> bool:
        """Whether no two of the orders put any pair in opposite places."""
        orders = [self.borda, self.copeland] + ([] if self.kemeny is None else [self.kemeny])
        return all(not ((a[:, None] < a) & (b[:, None] > b)).any() for a in orders for b in orders)


def consensus_orders(orders: Ranks) -> Consensus:
    """All three consensus orders of ``orders``, shape ``(n_orders, n_alternatives)``, from 1."""
    above = np.zeros((orders.shape[1], orders.shape[1]))
    for order in orders:
        above += order[:, None] < order
    ties = len(orders) - above - above.T
    borda = (above + ties / 2).sum(axis=1) - len(orders) / 2  # less the tie with itself
    wins = (above > above.T) + 0.5 * (above == above.T)
    copeland = wins.sum(axis=1) - 0.5
    count = orders.shape[1]
    best = np.flatnonzero((above > above.T).sum(axis=1) == count - 1)
    exact = _kemeny(above, borda) if 0 < count <= MOST_KEMENY else None
    return Consensus(
        borda=ranks(borda),
        borda_scores=borda,
        copeland=ranks(copeland),
        copeland_scores=copeland,
        kemeny=None if exact is None else exact[0],
        # a tie in an order lies half a disagreement from either strict order
        kemeny_distance=None if exact is None else exact[1] + float(np.triu(ties, 1).sum()) / 2,
        kemeny_orders=0 if exact is None else exact[2],
        condorcet=int(best[0]) if len(best) else None,
        agreement=kendall_w(orders),
    )


def _kemeny(above: Array, borda: Array) -> tuple[Ranks, float, int]:
    """A strict order with the fewest orders against its pairs, that number, and how many have it.

    By dynamic programming over the sets that fill the first places: what it costs to put one next
    depends on who stands before it, not on their order.
    """
    count = len(above)
    preferred = np.argsort(-borda, kind="stable")
    against = above[np.ix_(preferred, preferred)].tolist()
    full = 1 << count
    cost, ways, last = [0.0] + [np.inf] * (full - 1), [1] + [0] * (full - 1), [-1] * full
    for members in range(full):
        inside = [i for i in range(count) if members >> i & 1]
        for i in range(count):
            if members >> i & 1:
                continue
            new = members | 1 << i
            found = cost[members] + sum(against[i][j] for j in inside)
            if found < cost[new] - EQUAL:
                cost[new], ways[new], last[new] = found, ways[members], i
            elif found <= cost[new] + EQUAL:
                ways[new] += ways[members]
                last[new] = max(last[new], i)  # the one with the lower Borda score goes last
    order, members = np.empty(count, dtype=np.int64), full - 1
    for place in range(count, 0, -1):
        order[preferred[last[members]]] = place
        members ^= 1 << last[members]
    return order, float(cost[full - 1]), ways[full - 1]


def kendall_distance(one: Ranks, other: Ranks) -> float:
    """Pairs that two orders put in opposite places; those that only one ties count half.

    Kendall's tau distance with the tie penalty ½ of Fagin et al. (2006).  Shape ``(n,)`` each.
    """
    first, second = np.sign(one[:, None] - one), np.sign(other[:, None] - other)
    return float(np.abs(first - second).sum()) / 4


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
