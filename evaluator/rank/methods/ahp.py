"""AHP: priorities from pairwise judgements, or from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Refusal, Verdict, method
from evaluator.rank.methods.choices import by_criterion, number, one_of
from evaluator.rank.methods.library import drawn, total
from evaluator.rank.pairwise import Judgements, Priorities, priorities, read_judgements
from evaluator.rank.problem import Array, Problem
from evaluator.rank.scaling import by_max, by_sum


def _between_criteria(typed: Any, problem: Problem) -> Judgements | None:
    return None if typed is None else read_judgements(typed, problem.criteria)


def _between_alternatives(typed: Any, problem: Problem) -> Judgements:
    return read_judgements(typed, problem.alternatives)


@drawn
def many(values: Array, weights: Array, maximise: Any, parameters: Mapping[str, Any]) -> Array:
    """Priorities in each draw, under the drawn weights instead of judgements between criteria.

    Where the field is not the one that was judged (one alternative more or less), nobody judged it,
    and the values stand for it.  NaN where values have no shares.
    """
    local = _shares(values, maximise)
    given = parameters["alternatives"]
    for j, criterion in enumerate(given.criteria if given else ()):
        if criterion in given and len(given[criterion].names) == values.shape[-2]:
            local[..., j] = priorities(given[criterion]).values
    if parameters["mode"] == "ideal":
        local = by_max(local)
    sums = total(local, weights)
    return np.asarray(by_sum(sums[..., None])[..., 0])


@method(
    "ahp",
    "AHP",
    source="saaty-1980",
    index="global priority; all of them sum to 1",
    parameters={
        "criteria": Parameter(
            None,
            "judgements between criteria, a square matrix or pairs; without them, and in "
            "simulations, the weights",
            _between_criteria,
        ),
        "alternatives": Parameter(
            None,
            "judgements between alternatives per criterion; without them: shares of the values",
            by_criterion(_between_alternatives),
        ),
        "mode": Parameter(
            "distributive",
            "distributive: local priorities sum to 1; ideal: the best on a criterion has 1",
            one_of("distributive", "ideal"),
        ),
        "inconsistent": Parameter(
            "warn", "what follows from a CR above max_cr", one_of("warn", "refuse")
        ),
        "max_cr": Parameter(0.1, "largest consistency ratio that is accepted", number(0, 1)),
    },
    aliases=("analytic hierarchy process",),
    many=many,
    compares=False,
)
def ahp(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Σ wⱼ pᵢⱼ with priorities p of the alternatives on each criterion: the principal eigenvector
    of their pairwise judgements, or where a criterion was measured x / Σx (1/x / Σ1/x where less is
    better).  CR = CI / RI with Saaty's random indices of 1980.
    """
    cautions: list[str] = []
    detail: dict[str, Any] = {"alternatives": {}}

    def judged(given: Judgements, names: Sequence[str], of: str) -> Priorities:
        among = given.among(names)
        if among is None:
            unknown = ", ".join(sorted(set(names) - set(given.names))[:3])
            raise Refusal(f"{of} leave out {unknown}", "judge it against all others")
        found = priorities(among)
        text = found.caution(of, parameters["max_cr"])
        if text and parameters["inconsistent"] == "refuse":
            raise Refusal(text, "reconsider that judgement, or set inconsistent: warn")
        cautions.extend([text] if text else [])
        cautions.extend(_beyond(among, of))
        return found

    weights = problem.weights
    if parameters["criteria"] is not None:
        found = judged(parameters["criteria"], problem.criteria, "judgements between criteria")
        detail["criteria"] = found.plain()
        weights = np.array(found.values)
    if not (weights > 0).any():
        raise Refusal("no criterion has a weight", "judge the criteria, or give them weights")
    local = np.zeros(problem.shape)
    measured = _shares(problem.values, problem.maximise)
    for j, criterion in enumerate(problem.criteria):
        given = parameters["alternatives"].get(criterion)
        if given is not None:
            found = judged(given, problem.alternatives, f"judgements on {criterion}")
            local[:, j] = found.values
            detail["alternatives"][criterion] = {"from": "judgements", **found.plain()}
        elif weights[j] > 0:
            _measurable(problem, j)
            local[:, j] = measured[:, j]
            shares = dict(zip(problem.alternatives, local[:, j].tolist(), strict=True))
            detail["alternatives"][criterion] = {"from": "values", "priorities": shares}
    if parameters["mode"] == "ideal":
        local = by_max(local)
    scores = local @ weights
    return Verdict(scores / scores.sum(), detail=detail, cautions=tuple(cautions))


def _shares(values: Array, maximise: Any) -> Array:
    """Priorities of what was measured on a ratio scale: its shares (Saaty, 1980)."""
    with np.errstate(all="ignore"):
        worth = np.where(maximise, values, 1 / values)
        fit = (values > 0).all(axis=-2, keepdims=True)
        return np.where(fit, worth / worth.sum(axis=-2, keepdims=True), np.nan)


def _measurable(problem: Problem, j: int) -> None:
    column = problem.values[:, j]
    if (column <= 0).any():
        who = problem.alternatives[int(column.argmin())]
        raise Refusal(
            f"without judgements on {problem.criteria[j]}, priorities are shares of its values, "
            f"which zeros and negative values do not have ({who} has {column.min():g})",
            f"judge the alternatives in pairs on {problem.criteria[j]}",
        )


def _beyond(judgements: Judgements, of: str) -> list[str]:
    beyond = judgements.beyond_scale
    if not beyond:
        return []
    first, second, times = beyond[0]
    more = f" and {len(beyond) - 1} more" if len(beyond) > 1 else ""
    return [
        f"{of} leave Saaty's scale, which ends at 9: {first} against {second} is {times:g}{more}"
    ]
