"""Weight stability: how far each weight may move before another alternative comes first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.rank.methods import Refusal
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Mask, Problem, Ranks

LINEAR = frozenset({"weighted_sum", "saw"})
"""Methods whose index is linear in the weights, so that the ends follow from algebra."""
STEP = 0.005
"""Step of the grid on which other panels are asked (ours)."""
RESOLUTION = 1e-6
"""How closely an end is then narrowed down by halving."""
CELLS = 2_000_000


@dataclass(frozen=True)
class End:
    """Where a moving weight makes another alternative first; None if it never does so."""

    weight: float | None
    takes_over: tuple[int, ...] = ()
    returns: bool = False
    """Further on the old leader comes first again."""


@dataclass(frozen=True)
class Interval:
    """One criterion's weight, and how far it may fall and rise; the others keep their ratios."""

    criterion: int
    weight: float
    lower: End
    upper: End

    @property
    def margin(self) -> float | None:
        """The smallest change of the weight that changes the leader; None if none does."""
        ends = [end.weight for end in (self.lower, self.upper) if end.weight is not None]
        return min((abs(w - self.weight) for w in ends), default=None)


@dataclass(frozen=True)
class Stability:
    """Stability of the leader under changes of one weight at a time."""

    leader: int
    tied: tuple[int, ...]
    """Others that share the first place as it stands."""
    intervals: tuple[Interval, ...]
    exact: bool
    """Whether the ends follow from algebra; else from a grid and halving, which can miss a change
    that begins and ends within one step."""

    @property
    def smallest(self) -> Interval | None:
        """The criterion whose weight need change least; None if no single weight matters."""
        able = [i for i in self.intervals if i.margin is not None]
        return min(able, key=lambda i: i.margin or 0.0) if able else None


def stability(problem: Problem, panel: Panel) -> Stability:
    """The interval of each weight within which the leader stays first.

    A weight that grows takes from all others in proportion, one that falls gives to them.

    Raises
    ------
    Refusal
        With fewer than two contenders, or when all weights are 0, or the panel has no answer.
    """
    mean, order = panel.of(problem)
    if len(order) < 2:
        raise Refusal("one alternative is always first, whatever the weights")
    if not problem.weights.sum() > 0:
        raise Refusal("every weight is 0", "give one criterion a weight")
    if not np.isfinite(mean).all():
        raise Refusal("the methods have no answer to this table")
    first = np.flatnonzero(order == 1).tolist()
    linear = len(panel.members) == 1 and panel.members[0][0].id in LINEAR
    movable = [j for j, w in enumerate(problem.weights) if w < 1]
    find = _by_algebra if linear else _by_grid
    return Stability(
        leader=first[0],
        tied=tuple(first[1:]),
        intervals=tuple(find(problem, panel, first[0], j) for j in movable),
        exact=linear,
    )


def _moved(weights: Array, criterion: int, to: Array) -> Array:
    """Weights with one at the given values, ``(draws,)``, the others in their old ratios."""
    others = weights / (1 - weights[criterion])
    found = (1 - to)[:, None] * others
    found[:, criterion] = to
    return np.asarray(found)


def _by_algebra(problem: Problem, panel: Panel, leader: int, criterion: int) -> Interval:
    """Leads over each rival are lines in the weight, so each has at most one root."""
    method, parameters = panel.members[0]
    if method.many is None:
        raise ValueError(f"{method.id} has no vectorised form")
    weight = float(problem.weights[criterion])
    ends = _moved(problem.weights, criterion, np.array([0.0, 1.0]))
    index = method.many(problem.values, ends, problem.maximise, parameters)[:, : panel.contenders]
    lead = index[:, [leader]] - index  # at weight 0 and at weight 1
    lead[np.abs(lead) < 1e-10 * max(1.0, float(np.abs(index).max()))] = 0.0
    slope = lead[1] - lead[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.where(slope != 0, -lead[0] / slope, np.nan)
    return Interval(
        criterion,
        weight,
        _nearest(root, np.where(slope > 0, lead[0] < 0, False), weight, lower=True),
        _nearest(root, np.where(slope < 0, lead[1] < 0, False), weight, lower=False),
    )


def _nearest(root: Array, loses: Mask, weight: float, *, lower: bool) -> End:
    if not loses.any():
        return End(None)
    nearest = root[loses].max() if lower else root[loses].min()
    takes = np.flatnonzero(loses & (np.abs(root - nearest) < RESOLUTION))
    bound = min(nearest, weight) if lower else max(nearest, weight)
    return End(float(bound), tuple(takes.tolist()))


def _by_grid(problem: Problem, panel: Panel, leader: int, criterion: int) -> Interval:
    weight = float(problem.weights[criterion])
    ends = []
    for limit in (0.0, 1.0):
        steps = max(int(np.ceil(abs(limit - weight) / STEP)), 1)
        grid = np.linspace(weight, limit, steps + 1)[1:] if limit != weight else np.empty(0)
        ends.append(_walk(problem, panel, leader, criterion, weight, grid))
    return Interval(criterion, weight, *ends)


def _walk(
    problem: Problem, panel: Panel, leader: int, criterion: int, weight: float, grid: Array
) -> End:
    """The first point of the grid at which the leader is not first any more, narrowed down."""
    if not len(grid):
        return End(None)
    lost = _ranks(problem, panel, criterion, grid)[:, leader] > 1
    if not lost.any():
        return End(None)
    at = int(lost.argmax())
    kept, gone = (grid[at - 1] if at else weight), grid[at]
    while abs(gone - kept) > RESOLUTION:
        points = np.linspace(kept, gone, 34)
        inside = _ranks(problem, panel, criterion, points[1:-1])[:, leader] > 1
        nearest = int(np.append(inside, True).argmax()) + 1
        kept, gone = points[nearest - 1], points[nearest]
    places = _ranks(problem, panel, criterion, np.array([gone]))[0]
    takes_over = tuple(np.flatnonzero(places == 1).tolist())
    return End(float(gone), takes_over, returns=bool((~lost[at:]).any()))


def _ranks(problem: Problem, panel: Panel, criterion: int, at: Array) -> Ranks:
    rows = max(CELLS // max(len(problem.alternatives), 1), 1)
    found = []
    for begin in range(0, len(at), rows):
        weights = _moved(problem.weights, criterion, at[begin : begin + rows])
        mean, order = panel.judge(problem.values, weights, problem.maximise)
        if not np.isfinite(mean).all():
            name = problem.criteria[criterion]
            raise Refusal(f"the methods have no answer at some weights of {name}")
        found.append(order)
    return np.concatenate(found)
