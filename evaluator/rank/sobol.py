"""Sobol indices: which inputs the winner's lead varies with, alone and together with others.

First order: the share of the variance that an input explains alone.  Total: the share that would
be left if everything else were known.  By SALib (Herman and Usher, 2017), on scrambled Sobol points
with the sampling of Saltelli et al. (2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evaluator.rank.methods import Refusal
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Problem
from evaluator.rank.uncertainty import Inputs, movable

MOST_SINGLE = 60
"""Inputs up to which each has its own index; above, values are grouped by criterion (ours)."""
CONFIDENCE = 0.95
RESAMPLES = 100
CELLS = 2_000_000
BUDGET = 300_000_000
"""Cells of tables that the methods may judge in all (ours)."""
LEAST_POINTS = 64

Output = Literal["margin", "score"]
Kind = Literal["weight", "value"]


@dataclass(frozen=True)
class SobolRow:
    """Indices of one input, each with the half width of its confidence interval."""

    kind: Kind
    criterion: str
    of: str
    """The alternative or component whose value it is; empty for a weight or a whole column."""
    first: float
    first_half: float
    total: float
    total_half: float


@dataclass(frozen=True)
class Sobol:
    """Rows by their total index, the highest first."""

    winner: int
    output: Output
    mean: float
    deviation: float
    points: int
    """Base sample, a power of 2; the model is run for ``points × (inputs + 2)``."""
    runs: int
    grouped: bool
    left_out: int
    """Uncertain cells that are held, because there are too many."""
    rows: tuple[SobolRow, ...]


def sobol(
    problem: Problem,
    panel: Panel,
    seed: int,
    *,
    spread: float,
    points: int = 1024,
    output: Output = "margin",
    inputs: Inputs | None = None,
) -> Sobol:
    """Sobol indices of the winner's lead over the best other (or of its mean index).

    Inputs are a factor on each weight, uniform in 1 ± ``spread``, and each uncertain value, uniform
    on its interval.

    Parameters
    ----------
    problem, panel
        Who is judged on what, and by whom.
    seed
        Of the scrambling and of the resampling for confidence intervals.
    spread
        Share of itself by which each weight varies.
    points
        Size of the base sample; rounded up to a power of 2, and fewer where the table is large.
    output
        ``margin``, the lead over the best other, or ``score``, the winner's mean index.
    inputs
        What the uncertain values depend on; without it every cell by itself.

    Raises
    ------
    Refusal
        With fewer than two contenders, without anything uncertain, when the output is constant,
        when the table is too large, or when the panel has no answer to some of the points.
    """
    mean, order = panel.of(problem)
    if len(order) < 2 and output == "margin":
        raise Refusal("one alternative has no other to lead over")
    if not problem.weights.sum() > 0 or not np.isfinite(mean).all():
        raise Refusal("the methods have no answer to this table")
    winner = int(np.flatnonzero(order == 1)[0])
    inputs, left_out = movable(problem, inputs, order, mean)
    names, bounds, weighed = _inputs(problem, inputs, spread)
    if not names:
        raise Refusal("no weight and no value is uncertain, so nothing varies")
    grouped = len(names) > MOST_SINGLE
    labels = [(kind, c, "" if grouped else of) for kind, c, of in names]
    groups = list(dict.fromkeys(labels))
    size = _points(points, problem, len(groups) + 2, len(panel.members))
    asked: dict[str, Any] = {
        "num_vars": len(names),
        "names": [str(i) for i in range(len(names))],
        "bounds": bounds,
    }
    if grouped:
        asked["groups"] = [str(groups.index(label)) for label in labels]
    found, outputs = _indices(problem, panel, winner, inputs, weighed, asked, size, seed, output)
    rows = [
        SobolRow(*group, *(float(found[key][i]) for key in ("S1", "S1_conf", "ST", "ST_conf")))
        for i, group in enumerate(groups)
    ]
    rows.sort(key=lambda row: -row.total)
    return Sobol(
        winner=winner,
        output=output,
        mean=float(outputs.mean()),
        deviation=float(outputs.std()),
        points=size,
        runs=len(outputs),
        grouped=grouped,
        left_out=left_out,
        rows=tuple(rows),
    )


def _inputs(
    problem: Problem, inputs: Inputs, spread: float
) -> tuple[list[tuple[Kind, str, str]], list[list[float]], list[int]]:
    """Kind, criterion and owner of each input; its bounds; and which weights vary."""
    several = int((problem.weights > 0).sum()) > 1  # one alone is 1 whatever its factor
    weighed = np.flatnonzero(problem.weights > 0).tolist() if spread > 0 and several else []
    names: list[tuple[Kind, str, str]] = [("weight", problem.criteria[j], "") for j in weighed]
    names += [("value", i.criterion, i.of) for i in inputs.inputs]
    bounds = [[1 - spread, 1 + spread] for _ in weighed]
    bounds += [[i.low, i.high] for i in inputs.inputs]
    return names, bounds, weighed


def _points(wanted: int, problem: Problem, runs: int, methods: int) -> int:
    """A power of 2 that the budget allows."""
    size = 1 << max(wanted - 1, 1).bit_length()
    per_point = problem.values.size * runs * methods
    while size * per_point > BUDGET:
        size //= 2
    if size < LEAST_POINTS:
        raise Refusal(
            f"{len(problem.alternatives)} alternatives with {runs - 2} uncertain inputs are too "
            "many for Sobol indices",
            "leave fewer alternatives, or fewer intervals",
        )
    return size


def _indices(
    problem: Problem,
    panel: Panel,
    winner: int,
    inputs: Inputs,
    weighed: list[int],
    asked: dict[str, Any],
    size: int,
    seed: int,
    output: Output,
) -> tuple[dict[str, Array], Array]:
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    points = sampling.sample(asked, size, calc_second_order=False, scramble=True, seed=seed)
    rows = max(CELLS // max(problem.values.size, 1), 1)
    parts = [
        _output(problem, panel, winner, inputs, weighed, points[b : b + rows], output)
        for b in range(0, len(points), rows)
    ]
    outputs = np.concatenate(parts)
    if not np.isfinite(outputs).all():
        raise Refusal("at some values the methods have no answer: a quotient has no value")
    if np.ptp(outputs) <= 1e-10:
        raise Refusal(
            f"the {'lead' if output == 'margin' else 'score'} is the same whatever the inputs are, "
            "so there is no variance to share out"
        )
    found = analysis.analyze(
        asked,
        outputs,
        calc_second_order=False,
        num_resamples=RESAMPLES,
        conf_level=CONFIDENCE,
        seed=seed,
    )
    return dict(found), outputs


def _output(
    problem: Problem,
    panel: Panel,
    winner: int,
    inputs: Inputs,
    weighed: list[int],
    points: Array,
    output: Output,
) -> Array:
    weights = np.repeat(problem.weights[None], len(points), axis=0)
    weights[:, weighed] *= points[:, : len(weighed)]
    weights /= weights.sum(axis=1, keepdims=True)
    drawn = points[:, len(weighed) :]
    values = inputs.values(drawn) if inputs.inputs else problem.values
    mean, _ = panel.judge(values, weights, problem.maximise)
    if output == "score":
        return mean[:, winner]
    return np.asarray(mean[:, winner] - np.delete(mean, winner, axis=1).max(axis=1))
