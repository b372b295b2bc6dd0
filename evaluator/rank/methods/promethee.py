"""PROMETHEE: by how much each alternative is preferred to the others, and they to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from evaluator.findings import allowed_values
from evaluator.rank.methods import DIGITS, Parameter, Verdict, method
from evaluator.rank.methods.choices import ByCriterion, by_criterion, number
from evaluator.rank.methods.library import drawn
from evaluator.rank.problem import Array, Problem

BLOCK = 2_000_000
"""Differences that are held at the same time: 16 MB for each array of them."""
PAIRS_SHOWN = 20
"""Alternatives up to which the partial order is listed pair by pair."""
ROUNDING = 1e-12
"""Differences this close to a threshold, in units of the column, are at it."""

Preference = Mapping[str, Any]

SHAPES: Mapping[str, tuple[tuple[str, ...], Callable[[Array, Preference], Array]]] = {
    "usual": ((), lambda d, _: (d > 0).astype(float)),
    "u_shape": (("q",), lambda d, t: (d > t["q"]).astype(float)),
    "v_shape": (("p",), lambda d, t: np.clip(d / t["p"], 0, 1)),
    "level": (("q", "p"), lambda d, t: ((d > t["q"]) + 1.0 * (d > t["p"])) / 2),
    "linear": (("q", "p"), lambda d, t: np.clip((d - t["q"]) / (t["p"] - t["q"]), 0, 1)),
    "gaussian": (("s",), lambda d, t: 1 - np.exp(-((np.maximum(d, 0) / t["s"]) ** 2) / 2)),
}
"""The six of Brans and Vincke (1985): their thresholds, and preference as a function of the
difference."""
STEPS = ("usual", "u_shape", "level")
USUAL: Preference = {"shape": "usual"}


def _preferences(typed: Any, problem: Problem) -> ByCriterion:
    """A preference function per criterion, or one for all of them."""
    if isinstance(typed, Mapping) and "shape" in typed and not isinstance(typed["shape"], Mapping):
        one = _preference(typed, problem)
        return ByCriterion.of(dict.fromkeys(problem.criteria, one), problem.criteria)
    each: ByCriterion = by_criterion(_preference)(typed, problem)
    return each


def _preference(typed: Any, problem: Problem) -> Preference:
    if not isinstance(typed, Mapping) or not isinstance(typed.get("shape"), str):
        raise ValueError(f"a preference function needs a shape; allowed: {', '.join(SHAPES)}")
    shape = typed["shape"].casefold().replace("-", "_")
    if shape not in SHAPES:
        raise ValueError(f"shape {typed['shape']!r} is unknown; {allowed_values(shape, SHAPES)}")
    wanted = SHAPES[shape][0]
    given = [name for name in typed if name != "shape"]
    if set(given) != set(wanted):
        needs = " and ".join(wanted) or "no threshold"
        raise ValueError(f"shape {shape} takes {needs}; given: {', '.join(map(str, given)) or '-'}")
    found = {name: _threshold(name, typed[name], problem) for name in wanted}
    if found.get("q", 0.0) > found.get("p", np.inf):
        raise ValueError(f"q is {found['q']:g}, which exceeds p, {found['p']:g}")
    if shape == "linear" and found["q"] == found["p"]:
        shape = "u_shape"  # its slope has no width
    return {"shape": shape, **{name: found[name] for name in SHAPES[shape][0]}}


def _threshold(name: str, typed: Any, problem: Problem) -> float:
    try:
        value: float = number(0)(typed, problem)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if value == 0 and name != "q":
        raise ValueError(f"{name} is 0, it must be greater")
    return value


def flows(column: Array, preference: Preference) -> tuple[Array, Array]:
    """Mean preference over the others, and of the others over it, on one criterion.

    ``column`` has shape ``(draws, n)``, more is better; both results have the same shape.  Memory
    does not grow with its square.
    """
    draws, count = column.shape
    prefer = SHAPES[preference["shape"]][1]
    slack = ROUNDING * np.abs(column).max(axis=-1, initial=0.0)[:, None, None]
    if preference["shape"] not in STEPS:
        slack[:] = 0  # only a step makes much of a rounding
    plus, minus = np.zeros(column.shape), np.zeros(column.shape)
    together = max(1, BLOCK // max(count * count, 1))
    rows = max(1, BLOCK // max(count, 1))
    for start in range(0, draws, together):
        part = slice(start, start + together)
        for row in range(0, count, rows):
            some = slice(row, row + rows)
            over = column[part, some, None] - column[part, None, :]
            preferred = prefer(over - slack[part], preference)
            plus[part, some] = preferred.sum(axis=-1)
            minus[part] += preferred.sum(axis=-2)
    return plus / max(count - 1, 1), minus / max(count - 1, 1)


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Net flow in each draw: the weighted sum of the net flows on single criteria."""
    given = parameters["preference"]
    names = given.criteria if given else range(values.shape[-1])
    upward = np.where(maximise, values, -values)
    net = np.zeros((weights.shape[0], values.shape[-2]))
    for j, name in enumerate(names):
        plus, minus = flows(np.atleast_2d(upward[..., j]), given.get(name, USUAL))
        net += weights[:, j, None] * (plus - minus)
    return net


@method(
    "promethee_ii",
    "PROMETHEE II",
    source="brans-vincke-1985",
    index="net flow φ, from -1 to 1",
    bounds=(-1.0, 1.0),
    parameters={
        "preference": Parameter(
            None,
            "preference function, for all or per criterion: {shape: usual | u_shape (q) | v_shape "
            "(p) | level (q, p) | linear (q, p) | gaussian (s)}; default: usual",
            _preferences,
        )
    },
    aliases=("promethee", "promethee 2"),
    many=many,
)
def promethee_ii(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """φ(a) = φ⁺(a) - φ⁻(a), where φ⁺ = Σ π(a, x) / (n - 1), φ⁻ = Σ π(x, a) / (n - 1), and π is the
    weighted mean of the preferences on each criterion.
    """
    count = len(problem.alternatives)
    plus, minus = np.zeros(count), np.zeros(count)
    for j, name in enumerate(problem.criteria):
        column = problem.sign[j] * problem.values[None, :, j]
        over, under = flows(column, parameters["preference"].get(name, USUAL))
        plus += problem.weights[j] * over[0]
        minus += problem.weights[j] * under[0]
    detail: dict[str, Any] = {
        "phi_plus": dict(zip(problem.alternatives, plus.tolist(), strict=True)),
        "phi_minus": dict(zip(problem.alternatives, minus.tolist(), strict=True)),
    }
    if count <= PAIRS_SHOWN:
        detail["promethee_i"] = _partial(problem.alternatives, plus, minus)
    return Verdict(plus - minus, detail=detail)


def _partial(names: tuple[str, ...], plus: Array, minus: Array) -> dict[str, list[list[str]]]:
    """PROMETHEE I: preferred where both flows agree, incomparable where they contradict."""
    found: dict[str, list[list[str]]] = {"preferred": [], "indifferent": [], "incomparable": []}
    flow = np.round(np.stack([plus, -minus], axis=1), DIGITS)
    for i, first in enumerate(names):
        for k in range(i + 1, len(names)):
            sign = np.sign(flow[i] - flow[k])
            pair = [first, names[k]] if sign.sum() >= 0 else [names[k], first]
            if not sign.any():
                found["indifferent"].append(pair)
            elif sign.prod() < 0:
                found["incomparable"].append(pair)
            else:
                found["preferred"].append(pair)
    return found
