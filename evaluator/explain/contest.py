"""Contest: two alternatives of one problem, asked again under other weights and values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluator.explain.shapley import shapley
from evaluator.rank.consensus import consensus
from evaluator.rank.methods import ranks
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Mask, Problem, Ranks

STEPS = 500
"""Steps in which a weight is tried from 0 to 1, and a value over its column (ours)."""


@dataclass(frozen=True)
class Contest:
    """Alternatives ``mine`` and ``other``, by index, among those that are ``ranked``.

    The order is the consensus of the panel, as in ranking: alternatives that were removed span the
    scales, and take no place.
    """

    problem: Problem
    panel: Panel
    ranked: Sequence[int]
    mine: int
    other: int

    def ask(self, values: Array, weights: Array) -> tuple[Array, Array, Ranks]:
        """Per draw: score of mine, its lead over the other, and how many places it is ahead."""
        found = self.panel.indices(values, weights, self.problem.maximise)[..., self.ranked]
        mean = found.mean(axis=0)
        order = consensus(ranks(found), mean)
        a, b = self.ranked.index(self.mine), self.ranked.index(self.other)
        return mean[:, a], mean[:, a] - mean[:, b], order[:, b] - order[:, a]

    @property
    def ahead(self) -> int:
        """1 when mine is before the other as things stand, -1 when behind, 0 when they tie."""
        return int(np.sign(self.ask(self.problem.values, self.problem.weights[None])[2][0]))

    def turned(self, values: Array, weights: Array) -> Mask:
        """Per draw: whether the order is the reverse of today's (a tie is not)."""
        places = self.ask(values, weights)[2]
        return np.asarray(np.sign(places) == -self.ahead if self.ahead else places != 0)

    def contributions(self) -> Array:
        """Shapley values of the criteria in the lead of mine; shape ``(criteria, members)``.

        A coalition is worth the lead of mine when it has its own values on those criteria only,
        and the other's on the rest.  So criteria on which the two are equal contribute exactly 0,
        the contributions sum to the lead, and those to a weighted sum of columns that are scaled
        one by one are weight times difference of the scaled values (the choice of game is ours).
        """
        problem = self.problem
        differ = np.flatnonzero(problem.values[self.mine] != problem.values[self.other])
        own = problem.values[self.mine, differ]

        def worth(coalitions: Mask) -> Array:
            values = np.repeat(problem.values[None], len(coalitions), axis=0)
            others = problem.values[self.other, differ]
            values[:, self.mine, differ] = np.where(coalitions, own, others)
            weights = np.repeat(problem.weights[None], len(coalitions), axis=0)
            found = self.panel.indices(values, weights, problem.maximise)
            lead = found[..., self.mine] - found[..., self.other]
            return np.nan_to_num(lead, posinf=0, neginf=0).T

        points = np.zeros((len(problem.criteria), len(self.panel.members)))
        points[differ] = shapley(len(differ), worth)
        return points

    def weight_that_turns(self, j: int) -> float | None:
        """The share nearest to today's at which the order turns; the others keep proportions."""
        weights = self.problem.weights
        if weights[j] >= 1:
            return None

        def tried(shares: Array) -> Mask:
            varied = weights * ((1 - shares) / (1 - weights[j]))[:, None]
            varied[:, j] = shares
            return self.turned(self.problem.values, varied)

        return _nearest(tried, float(weights[j]), 0.0, 1.0)

    def value_that_turns(self, of: int, j: int) -> float | None:
        """The value nearest to today's, inside the column's range, at which the order turns."""
        column = self.problem.low[:, j].min(), self.problem.high[:, j].max()

        def tried(values: Array) -> Mask:
            varied = np.repeat(self.problem.values[None], len(values), axis=0)
            varied[:, of, j] = values
            return self.turned(varied, np.repeat(self.problem.weights[None], len(values), axis=0))

        return _nearest(
            tried, float(self.problem.values[of, j]), float(column[0]), float(column[1])
        )


def _nearest(turned: Callable[[Array], Mask], now: float, low: float, high: float) -> float | None:
    """The place nearest to ``now`` where it turns: found on a grid, then refined between steps."""
    if not low < high:
        return None
    grid = np.linspace(low, high, STEPS + 1)
    places = grid[turned(grid)]
    if not places.size:
        return None
    far = float(places[np.abs(places - now).argmin()])
    step = (high - low) / STEPS
    near = now if abs(far - now) <= step else far + float(np.copysign(step, now - far))
    fine = np.linspace(near, far, STEPS + 1)
    return float(fine[turned(fine).argmax()])
