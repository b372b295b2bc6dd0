"""A decision problem: alternatives × criteria, with weights, directions and intervals.

Everything in this package works on it, whether the alternatives are stacks of a study or the rows
of anybody's table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Problem:
    """Alternatives (n) judged on criteria (m).

    ``values`` are finite: where a value is ``assumed`` (it was missing), it is the middle of what
    it may be.  ``low ≤ values ≤ high`` bound each value; without uncertainty all three are equal.
    ``weights`` are not negative and sum to 1, unless all are 0.
    """

    alternatives: tuple[str, ...]
    criteria: tuple[str, ...]
    maximise: Mask
    """Per criterion: whether more is better; shape ``(m,)``."""
    weights: Array
    """Shape ``(m,)``."""
    values: Array
    """Shape ``(n, m)``, each column in its criterion's own unit."""
    low: Array
    high: Array
    assumed: Mask
    """Shape ``(n, m)``: the value was missing, and is only known to lie between low and high."""

    @classmethod
    def of(
        cls,
        values: npt.ArrayLike,
        weights: npt.ArrayLike,
        maximise: Sequence[bool] | Mask | None = None,
        *,
        low: npt.ArrayLike | None = None,
        high: npt.ArrayLike | None = None,
        alternatives: Sequence[str] | None = None,
        criteria: Sequence[str] | None = None,
    ) -> Problem:
        """A problem from a table of numbers; weights are normalised, all columns maximised unless
        said otherwise.

        Raises
        ------
        ValueError
            When a number is not finite, a weight is negative, shapes differ, or an interval does
            not hold its value.
        """
        table = np.array(values, dtype=float)
        if table.ndim != 2:
            raise ValueError(f"a table has two dimensions, this one {table.ndim}")
        count, width = table.shape
        given = np.array(weights, dtype=float)
        if given.shape != (width,):
            raise ValueError(f"{width} criteria, but {given.size} weights")
        if not np.isfinite(table).all() or not np.isfinite(given).all():
            raise ValueError("every value and weight must be a finite number")
        if (given < 0).any():
            raise ValueError("a weight is negative")
        bottom = table.copy() if low is None else np.array(low, dtype=float)
        top = table.copy() if high is None else np.array(high, dtype=float)
        if not ((bottom <= table) & (table <= top)).all():
            raise ValueError("a value lies outside its interval")
        total = given.sum()
        return cls(
            alternatives=tuple(alternatives or (f"a{i + 1}" for i in range(count))),
            criteria=tuple(criteria or (f"c{j + 1}" for j in range(width))),
            maximise=np.ones(width, dtype=bool) if maximise is None else np.array(maximise, bool),
            weights=given / total if total > 0 else given,
            values=table,
            low=bottom,
            high=top,
            assumed=np.zeros(table.shape, dtype=bool),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of alternatives and of criteria."""
        return len(self.alternatives), len(self.criteria)

    @property
    def sign(self) -> Array:
        """Per criterion 1 where more is better, else -1."""
        return np.where(self.maximise, 1.0, -1.0)

    @property
    def uncertain(self) -> bool:
        """Whether any value has an interval with a width."""
        return bool((self.high > self.low).any())

    def with_weights(self, weights: Array) -> Problem:
        """The same table under other weights, which are normalised."""
        total = weights.sum()
        return replace(self, weights=weights / total if total > 0 else weights)

    def with_values(self, values: Array) -> Problem:
        """Other values, taken as certain."""
        return replace(self, values=values, low=values, high=values)

    def rows(self, keep: Sequence[int] | Mask) -> Problem:
        """Only these alternatives, in this order."""
        index = np.arange(len(self.alternatives))[np.asarray(keep)]
        return replace(
            self,
            alternatives=tuple(self.alternatives[i] for i in index),
            values=self.values[index],
            low=self.low[index],
            high=self.high[index],
            assumed=self.assumed[index],
        )

    def columns(self, keep: Sequence[int] | Mask) -> Problem:
        """Only these criteria; their weights are normalised again."""
        index = np.arange(len(self.criteria))[np.asarray(keep)]
        weights = self.weights[index]
        total = weights.sum()
        return replace(
            self,
            criteria=tuple(self.criteria[j] for j in index),
            maximise=self.maximise[index],
            weights=weights / total if total > 0 else weights,
            values=self.values[:, index],
            low=self.low[:, index],
            high=self.high[:, index],
            assumed=self.assumed[:, index],
        )
