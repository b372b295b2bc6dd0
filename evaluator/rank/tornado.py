"""Tornado: what each input alone does to the winner's lead when it goes to its two ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluator.rank.methods import Refusal
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Problem
from evaluator.rank.uncertainty import Inputs, movable


@dataclass(frozen=True)
class Bar:
    """One input: its ends, the lead at each, and who is first there if that is not the winner.

    A weight's ends are its value before all are normalised again.
    """

    kind: Literal["weight", "value"]
    criterion: str
    of: str
    """The alternative or component whose value it is; empty for a weight."""
    low: float
    high: float
    margin_low: float
    margin_high: float
    leader_low: int
    leader_high: int

    @property
    def swing(self) -> float:
        return abs(self.margin_high - self.margin_low)


@dataclass(frozen=True)
class Tornado:
    """Bars by their swing, the widest first."""

    winner: int
    margin: float
    """The winner's mean index less that of the best other, with everything at its point."""
    bars: tuple[Bar, ...]
    left_out: int
    """Uncertain cells that were not moved, because there are too many."""
    unanswered: int
    """Inputs at one of whose ends the methods have no answer."""


def tornado(
    problem: Problem, panel: Panel, *, spread: float, inputs: Inputs | None = None
) -> Tornado:
    """Each weight to ± ``spread`` of itself, each uncertain input to its low and high end.

    Raises
    ------
    Refusal
        With fewer than two contenders, or without an answer to the table as it stands.
    """
    mean, order = panel.of(problem)
    if len(order) < 2:
        raise Refusal("one alternative has no other to lead over")
    if not np.isfinite(mean).all() or not problem.weights.sum() > 0:
        raise Refusal("the methods have no answer to this table")
    winner = int(np.flatnonzero(order == 1)[0])
    inputs, left_out = movable(problem, inputs, order, mean)
    bars = _weights(problem, panel, winner, spread)
    for index, moved in enumerate(inputs.inputs):
        ends = inputs.moved(index)
        margins, leaders = _outcome(problem, panel, winner, ends, problem.weights[None])
        end = (moved.low, moved.high)
        bars.append(Bar("value", moved.criterion, moved.of, *end, *margins, *leaders))
    known = sorted((bar for bar in bars if np.isfinite(bar.swing)), key=lambda bar: -bar.swing)
    margin = float(mean[winner] - np.delete(mean, winner).max())
    return Tornado(winner, margin, tuple(known), left_out, len(bars) - len(known))


def _weights(problem: Problem, panel: Panel, winner: int, spread: float) -> list[Bar]:
    bars = []
    for j, weight in enumerate(problem.weights.tolist()):
        ends = np.repeat(problem.weights[None], 2, axis=0)
        ends[:, j] *= 1 - spread, 1 + spread
        total = ends.sum(axis=1, keepdims=True)
        if weight == 0 or spread == 0 or not (total > 0).all():
            continue
        margins, leaders = _outcome(problem, panel, winner, problem.values, ends / total)
        name = problem.criteria[j]
        typed = weight * (1 - spread), weight * (1 + spread)
        bars.append(Bar("weight", name, "", *typed, *margins, *leaders))
    return bars


def _outcome(
    problem: Problem, panel: Panel, winner: int, values: Array, weights: Array
) -> tuple[tuple[float, float], tuple[int, int]]:
    """The winner's lead and who is first, at the low and at the high end."""
    draws = 2 if values.ndim == 3 else len(weights)
    weights = np.broadcast_to(weights, (draws, weights.shape[1]))
    mean, order = panel.judge(values, weights, problem.maximise)
    margins = mean[:, winner] - np.delete(mean, winner, axis=1).max(axis=1)
    low, high = (winner if places[winner] == 1 else int(places.argmin()) for places in order)
    return (float(margins[0]), float(margins[1])), (low, high)
