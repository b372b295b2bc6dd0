"""RIM: near an ideal that may lie anywhere inside a criterion's range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Refusal, Verdict, method
from evaluator.rank.methods.choices import by_criterion, interval
from evaluator.rank.methods.library import decision_matrix, drawn, refuse_where, total
from evaluator.rank.problem import Array, Mask, Problem


def _frame(values: Array, maximise: Mask, parameters: Mapping[str, Any]) -> tuple[Array, Array]:
    """Ranges and ideals of the criteria, both ``(2, …, m)``."""
    of_data = np.stack([values.min(axis=-2), values.max(axis=-2)])
    best = np.where(maximise, of_data[1], of_data[0])
    ranges = parameters["ranges"].array(of_data)
    return ranges, parameters["ideals"].array(np.stack([best, best]))


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Relative index in each draw."""
    (low, high), (first, last) = _frame(values, maximise, parameters)

    def share(away: Array, room: Array) -> Array:
        return np.asarray(np.maximum(away, 0) / np.where(room > 0, room, 1.0)[..., None, :])

    below = share(first[..., None, :] - values, first - low)
    above = share(values - last[..., None, :], high - last)
    near = 1 - below - above
    to_ideal = np.sqrt(total((1 - near) ** 2, weights**2))
    from_nothing = np.sqrt(total(near**2, weights**2))
    return np.asarray(from_nothing / (to_ideal + from_nothing))


@method(
    "rim",
    "RIM",
    source="cables-2016",
    index="relative index, from 0 to 1",
    bounds=(0.0, 1.0),
    parameters={
        "ranges": Parameter(
            None,
            "lowest and highest value of each criterion: {criterion: [low, high]}; default: those "
            "of the table",
            by_criterion(interval),
        ),
        "ideals": Parameter(
            None,
            "ideal interval of each criterion: {criterion: [from, to]}; default: the best value of "
            "the table",
            by_criterion(interval),
        ),
    },
    aliases=("reference ideal method",),
    many=many,
)
def rim(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """I⁻ / (I⁺ + I⁻) with I⁺ = |w r - w| and I⁻ = |w r|, where r is 1 inside the ideal interval of
    a criterion and falls to 0 at the ends of its range.
    """
    from skcriteria.agg.rim import RIM

    ranges, ideals = _frame(problem.values, problem.maximise, parameters)
    outside = (problem.values < ranges[0]) | (problem.values > ranges[1])
    refuse_where(outside, problem, "a value is outside its range", "widen the ranges")
    astray = (ideals[0] < ranges[0]) | (ideals[1] > ranges[1])
    if astray.any():
        name = problem.criteria[int(astray.argmax())]
        raise Refusal(f"the ideal of {name} is outside its range", "give a range that holds it")
    found = RIM().evaluate(
        decision_matrix(problem),
        ref_ideals=[tuple(pair) for pair in ideals.T.tolist()],
        ranges=[tuple(pair) for pair in ranges.T.tolist()],
    )
    return Verdict(np.asarray(found.e_.score))
