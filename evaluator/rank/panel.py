"""A panel of methods: several vectorised methods that judge as one.

Simulations ask the panel many times; a panel of one method is that method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluator.rank.consensus import consensus
from evaluator.rank.methods import Method, ranks
from evaluator.rank.problem import Array, Mask, Problem, Ranks


@dataclass(frozen=True)
class Panel:
    """Methods with a vectorised form, each with its complete parameters."""

    members: tuple[tuple[Method, Mapping[str, Any]], ...]
    contenders: int | None = None
    """Only so many alternatives, the first ones, are judged; the others span the scales."""

    def indices(self, values: Array, weights: Array, maximise: Mask) -> Array:
        """Each member's index towards 1; shape ``(members, draws, contenders)``.

        ``values`` are ``(n, m)``, the same in all draws, or ``(draws, n, m)``; ``weights`` are
        ``(draws, m)``.  NaN where a method has no answer.
        """
        found = []
        with np.errstate(all="ignore"):
            for method, parameters in self.members:
                if method.many is None:
                    raise ValueError(f"{method.id} has no vectorised form")
                index = method.many(values, weights, maximise, parameters)
                found.append(method.towards_one(index, parameters)[..., : self.contenders])
        return np.stack(found)

    def judge(self, values: Array, weights: Array, maximise: Mask) -> tuple[Array, Ranks]:
        """Mean index and consensus ranks of each draw, both ``(draws, n)``."""
        found = self.indices(values, weights, maximise)
        mean = found.mean(axis=0)
        if len(found) == 1:
            return mean, ranks(mean)
        return mean, consensus(ranks(found), mean)

    def able(self, problem: Problem, weights: Array) -> Panel:
        """Those members that have an index for every alternative under all these weights."""
        kept = []
        for member in self.members:
            try:
                found = replace(self, members=(member,)).indices(
                    problem.values, weights, problem.maximise
                )
            except (ValueError, ArithmeticError, MemoryError):
                continue
            if np.isfinite(found).all():
                kept.append(member)
        return replace(self, members=tuple(kept))

    def of(self, problem: Problem) -> tuple[Array, Ranks]:
        """Mean index and consensus ranks of the problem as it stands, both ``(n,)``."""
        mean, order = self.judge(problem.values, problem.weights[None], problem.maximise)
        return mean[0], order[0]
