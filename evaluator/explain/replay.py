"""Replay: the decision problem and the panel of methods, rebuilt from a stored result.

Whether the result is fresh or was read from a file, the same code that ranked is asked again, so
what explanations and comparisons say of it can be checked against the ranks that it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluator.findings import EvaluationError, Finding, allowed_values
from evaluator.rank.consensus import consensus
from evaluator.rank.methods import Method, all_methods, judge, parameters_of, ranks
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Problem, Ranks
from evaluator.result import CriterionValue, Evaluation, Judged, WeightRow


@dataclass(frozen=True)
class Replayed:
    """Mean index and consensus ranks of the contenders, as ranking gave them; shape ``(n,)``."""

    names: list[str]
    score: Array
    rank: Ranks


def alternatives(
    evaluation: Evaluation, role: str | None = None
) -> tuple[dict[str, Judged], list[str]]:
    """Stacks, or the components of a role, contenders first; and the names of the contenders."""
    if role is not None:
        entries = {c.id: c for c in evaluation.components[role]}
        return dict(entries), list(entries)
    ordered = sorted(evaluation.stacks, key=lambda s: s.outcome == "removed")
    return {s.id: s for s in ordered}, [s.id for s in ordered if s.outcome == "ranked"]


def weights_of_run(evaluation: Evaluation, role: str | None = None) -> list[WeightRow]:
    """The columns of the matrix, in its order; a component's are those that it can have."""
    rows, _ = alternatives(evaluation, role)
    first = next(iter(rows.values()), None)
    known = {w.criterion: w for w in evaluation.weights}
    if first is None:
        return evaluation.weights if role is None else []
    return [known[v.criterion] for v in first.values]


def problem_of_run(evaluation: Evaluation, role: str | None = None) -> Problem:
    """The decision problem of a result: its stacks, or the components of a role.

    The alternatives are the contenders, then the removed ones, which only span the scales.
    """
    rows, _ = alternatives(evaluation, role)
    columns = weights_of_run(evaluation, role)
    return problem(columns, {name: row.values for name, row in rows.items()})


def problem(columns: Sequence[WeightRow], rows: dict[str, list[CriterionValue]]) -> Problem:
    """The problem of these rows, each with one value per column."""
    shape = (len(rows), len(columns))
    weights = np.array([w.effective for w in columns])
    total = weights.sum()

    def table(cells: list[list[float]]) -> Array:
        return np.array(cells, dtype=float).reshape(shape)

    low = table([[v.low for v in row] for row in rows.values()])
    high = table([[v.high for v in row] for row in rows.values()])
    return Problem(
        alternatives=tuple(rows),
        criteria=tuple(w.criterion for w in columns),
        maximise=np.array([w.direction == "max" for w in columns], dtype=bool),
        weights=weights / total if total > 0 else weights,
        values=table([[point(v) for v in row] for row in rows.values()]),
        low=np.minimum(low, high),
        high=np.maximum(low, high),
        assumed=np.array([[v.assumed for v in r] for r in rows.values()], bool).reshape(shape),
    )


def point(value: CriterionValue) -> float:
    """The value where all of it is known, else the middle of its interval."""
    if value.value is not None and not value.assumed:
        return value.value
    return (value.low + value.high) / 2


def useful(problem: Problem) -> Problem:
    """Without the columns that tell nobody apart: equal in all alternatives, or of no weight."""
    if not problem.alternatives:
        return problem.columns(np.zeros(len(problem.criteria), dtype=bool))
    return problem.columns((problem.weights > 0) & (np.ptp(problem.values, axis=0) > 0))


def panel_of_run(evaluation: Evaluation, problem: Problem | None = None) -> Panel:
    """The methods of a result that have a vectorised form and could take the matrix.

    Raises
    ------
    EvaluationError
        When a method or a parameter is not known here, as in a run of another version.
    """
    asked = _methods(evaluation, problem or problem_of_run(evaluation))
    return Panel(tuple((m, p) for m, p, refused in asked if m.many is not None and not refused))


def replay(evaluation: Evaluation, role: str | None = None) -> Replayed:
    """Ask every method of the result again, also those without a vectorised form.

    Raises
    ------
    EvaluationError
        As :func:`panel_of_run`.
    """
    whole = problem_of_run(evaluation, role)
    _, names = alternatives(evaluation, role)
    return judged(evaluation, whole, names)


def judged(evaluation: Evaluation, whole: Problem, names: Sequence[str]) -> Replayed:
    """Score and rank the first ``len(names)`` alternatives of a problem by a result's methods."""
    count, table = len(names), useful(whole)
    undecided = Replayed(list(names), np.full(count, np.nan), np.ones(count, dtype=np.int64))
    if not table.criteria:
        return undecided
    indices, orders = [], []
    for method, parameters, _ in _methods(evaluation, whole):
        found = judge(table, method, parameters)
        if found.scores is not None and found.ranks is not None:
            indices.append(method.towards_one(found.scores, found.parameters)[:count])
            orders.append(ranks(-found.ranks[:count].astype(float)))
    if not indices:
        return undecided
    mean = np.mean(indices, axis=0)
    return Replayed(list(names), mean, consensus(np.stack(orders), mean))


def _methods(evaluation: Evaluation, problem: Problem) -> list[tuple[Method, dict[str, Any], bool]]:
    known = all_methods()
    found, wrong = [], []
    for row in evaluation.methods:
        if row.id not in known:
            remedy = allowed_values(row.id, known, most=40)
            wrong.append(Finding("unknown-method", f"unknown method {row.id!r}", None, remedy))
            continue
        parameters, problems = parameters_of(known[row.id], row.parameters, problem)
        wrong += [
            Finding("method-parameter", f"method {row.id!r}, parameter {name!r}: {text}")
            for name, text in problems
        ]
        found.append((known[row.id], parameters, bool(row.refused)))
    if wrong:
        raise EvaluationError(wrong)
    return found
