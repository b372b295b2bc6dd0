"""A study without trials: criteria that would read them are left out, and that is said."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from evaluator.content import shown
from evaluator.findings import EvaluationError, Finding
from evaluator.study.criteria import Criteria, Criterion


def untried(criteria: Criteria, trials: Path | None) -> tuple[Criteria, tuple[str, ...]]:
    """The criteria without those that read trials, and a note of it where there were any.

    A column in which every value is missing tells nobody apart, and would only make the others
    count less.  The weights that are left keep their proportions and sum to 1.

    ``trials`` is the file that has none of a stack here; None when trials were not wanted.

    Raises
    ------
    EvaluationError
        ``only-trials`` when no criterion with a weight is left.
    """
    out = [c for c in criteria.criteria if c.trial is not None]
    if not out:
        return criteria, ()
    left = [c for c in criteria.criteria if c.trial is None]
    why = "they were not wanted"
    if trials:
        there = trials.is_file()
        why = f"none in {shown(trials)} stands for a stack" if there else f"no {shown(trials)}"
    names = ", ".join(c.name for c in out)
    if not all(_weighs(criteria, left, a.factors) for a in criteria.attitudes.values()):
        message = f"{criteria.id} asks for nothing but trials ({names}), and {why}"
        remedy = "run 'evaluate lab run', or add a criterion that reads something else"
        raise EvaluationError(Finding("only-trials", message, None, remedy))
    groups = {}
    if criteria.groups:
        kept = {c.group for c in left}
        shares = _whole({n: g.weight for n, g in criteria.groups.items() if n in kept})
        groups = {n: criteria.groups[n].model_copy(update={"weight": w}) for n, w in shares.items()}
    weights: dict[str, float] = {}
    for inside in _together(left, bool(groups)):
        weights |= _whole({c.id: c.weight for c in inside})
    changed = {
        "criteria": [c.model_copy(update={"weight": weights[c.id]}) for c in left],
        "groups": groups,
    }
    note = f"Left out for want of trials ({why}): {names}; the other weights fill the sum."
    return criteria.model_copy(update=changed), (note,)


def _weighs(criteria: Criteria, left: list[Criterion], factors: Mapping[str, float]) -> bool:
    return any(criteria.weights[c.id] * factors.get(c.group, 1) > 0 for c in left)


def _together(criteria: list[Criterion], grouped: bool) -> list[list[Criterion]]:
    """Criteria whose weights sum to 1: those of a group, where groups have weights."""
    if not grouped:
        return [criteria]
    return [[c for c in criteria if c.group == name] for name in {c.group for c in criteria}]


def _whole(weights: dict[str, float]) -> dict[str, float]:
    """Weights that sum to 1, in decimals: 0.16 of 0.8 is 0.2, which it is not in binary."""
    typed = {name: Decimal(str(weight)) for name, weight in weights.items()}
    total = sum(typed.values())
    return {n: float(w / total) if total else weights[n] for n, w in typed.items()}
