"""What is not known exactly: the inputs behind a table, and how they make its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluator.rank.problem import Array, Problem, Ranks
from evaluator.rank.smaa import Sample
from evaluator.score.matrix import aggregate
from evaluator.study.criteria import Criterion

Reduce = Callable[[Any], Any]
Parts = Sequence[Sequence[Mapping[str, tuple[float, float]]]]
"""Per alternative and criterion, the interval of each component behind the cell."""


MOST_INPUTS = 500
"""Uncertain inputs up to which all are moved one by one, or at once (ours)."""


@dataclass(frozen=True)
class Input:
    """A number that is known as an interval: of an alternative, or of a component of several."""

    criterion: str
    of: str
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Inputs:
    """Uncertain inputs (k), and the cells that depend on them; all other cells are certain.

    An input has one value in every cell that it is part of: what two alternatives share cannot
    tell them apart.
    """

    inputs: tuple[Input, ...]
    table: Array
    """Values of all cells with every input at its point, ``(n, m)``."""
    cells: tuple[tuple[int, int, tuple[int | float, ...], Reduce], ...]
    """Row, column, what goes in (an input by index, or a number), and how it becomes one value."""

    @property
    def low(self) -> Array:
        return np.array([i.low for i in self.inputs])

    @property
    def high(self) -> Array:
        return np.array([i.high for i in self.inputs])

    def values(self, points: Array) -> Array:
        """Tables for values of the inputs; ``(draws, k)`` gives ``(draws, n, m)``."""
        drawn = np.repeat(self.table[None], len(points), axis=0)
        for row, column, behind, reduce in self.cells:
            taken = [
                points[:, b] if isinstance(b, int) else np.full(len(points), b) for b in behind
            ]
            drawn[:, row, column] = reduce(np.stack(taken))
        return drawn

    def moved(self, index: int) -> Array:
        """Tables with one input at its low and at its high end; ``(2, n, m)``.

        Other inputs of the same cells stay at their middles, all other cells at their points.
        """
        middle = (self.low + self.high) / 2
        points = np.stack([middle, middle])
        points[:, index] = self.inputs[index].low, self.inputs[index].high
        touched = tuple(cell for cell in self.cells if index in _indices(cell[2]))
        return Inputs(self.inputs, self.table, touched).values(points)

    @property
    def sample(self) -> Sample:
        """Draws of the table with every input uniform on its interval."""
        low, high = self.low, self.high
        return lambda rng, draws: self.values(rng.uniform(low, high, (draws, len(low))))


def movable(
    problem: Problem, inputs: Inputs | None, order: Ranks, mean: Array
) -> tuple[Inputs, int]:
    """The inputs to be moved, each cell's own unless given, and how many cells are left out.

    Above :data:`MOST_INPUTS` only the cells of the first two are moved (ours).
    """
    inputs = inputs_of_cells(problem) if inputs is None else inputs
    if (total := len(inputs.inputs)) <= MOST_INPUTS:
        return inputs, 0
    inputs = inputs_of_cells(problem, np.lexsort((-mean, order))[:2].tolist())
    return inputs, max(total - len(inputs.inputs), 0)


def _indices(behind: tuple[int | float, ...]) -> list[int]:
    return [b for b in behind if isinstance(b, int)]


def inputs_of_cells(problem: Problem, rows: Sequence[int] | None = None) -> Inputs:
    """Each cell that has an interval is an input by itself; only of these rows, if given."""
    inputs: list[Input] = []
    cells = []
    for i, j in np.argwhere(problem.high > problem.low).tolist():
        if rows is not None and i not in rows:
            continue
        cells.append((i, j, (len(inputs),), _only))
        low, high = float(problem.low[i, j]), float(problem.high[i, j])
        inputs.append(Input(problem.criteria[j], problem.alternatives[i], low, high))
    return Inputs(tuple(inputs), problem.values, tuple(cells))


def _only(values: Any) -> Any:
    return values[0]


def inputs_of_components(problem: Problem, columns: Sequence[Criterion], parts: Parts) -> Inputs:
    """Each component's interval on a criterion is an input of all alternatives that it is part of.

    ``parts`` and ``columns`` are laid out as the problem is.
    """
    inputs: list[Input] = []
    cells = []
    for j, column in enumerate(columns):
        known: dict[str, int | float] = {}
        for i, row in enumerate(parts):
            for name, (low, high) in row[j].items():
                if name not in known and high > low:
                    known[name] = len(inputs)
                    inputs.append(Input(column.id, name, low, high))
                elif name not in known:
                    known[name] = float(low)
            behind = tuple(known[name] for name in row[j])
            if _indices(behind):
                cells.append((i, j, behind, aggregate(column)))
    return Inputs(tuple(inputs), problem.values, tuple(cells))
