"""The decision matrix: what each alternative is worth on each criterion, with intervals.

A component's missing value stays missing; what is known of it is only that it lies in the range
of the column.  That interval goes into the ranks, never a zero and never a silent mean (ours).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from evaluator.evidence.record import Record
from evaluator.evidence.values import measured
from evaluator.metrics import MetricTable
from evaluator.result import CriterionValue, Light, Outcome
from evaluator.score.semaphore import share_of_lights
from evaluator.study.criteria import Criterion
from evaluator.study.model import Study
from evaluator.study.scorecard import INCONCLUSIVE, Scorecard
from evaluator.study.stack import Stack
from evaluator.study.transform import logarithm


@dataclass(frozen=True)
class Cell:
    """A component's value on a criterion; None where it is missing."""

    value: float | None
    low: float
    high: float
    outcome: Outcome
    note: str


MISSING = Cell(None, math.nan, math.nan, "not_available", "")


def component_cells(
    study: Study,
    table: MetricTable,
    lights: Mapping[str, list[Light]],
    criterion: Criterion,
    names: Sequence[str],
) -> dict[str, Cell]:
    """Cells of one criterion for components; empty for what only a stack can have."""
    read: Callable[[str], Cell]
    if criterion.metric is not None:
        metric = criterion.metric
        read = lambda name: _metric_cell(table, name, metric)  # noqa: E731
    elif criterion.fact is not None:
        fact = criterion.fact
        read = lambda name: _fact_cell(study, table, name, fact)  # noqa: E731
    elif criterion.scorecard is not None:
        check = criterion.scorecard
        read = lambda name: _scorecard_cell(study.scorecards.get(name), table.as_of, check)  # noqa: E731
    elif criterion.derived == "semaphore_share":
        read = lambda name: _light_cell(lights[name])  # noqa: E731
    else:
        return {}
    return {name: transformed(criterion, read(name)) for name in names}


def stack_cells(
    study: Study, criterion: Criterion, match: Mapping[str, float]
) -> dict[str, tuple[str, Cell]]:
    """Cells of one criterion for stacks, each with the name of what has the value.

    Stacks that one cluster stands for share its name, so that they share its draws as well.  Empty
    for what follows from components.
    """
    if criterion.trial is not None:
        value = criterion.trial
        found = {key: _trial_cell(study, stack, value) for key, stack in study.stacks.items()}
    elif criterion.derived == "functional_match":
        found = {key: (key, Cell(share, share, share, "ok", "")) for key, share in match.items()}
    else:
        return {}
    return {key: (name, transformed(criterion, cell)) for key, (name, cell) in found.items()}


def _metric_cell(table: MetricTable, name: str, metric: str) -> Cell:
    found = table.get(name, metric)
    if found.outcome != "ok" or found.value is None:
        return Cell(None, math.nan, math.nan, found.outcome, found.note)
    low = found.value if found.low is None else found.low
    high = found.value if found.high is None else found.high
    return Cell(found.value, low, high, "ok", found.note)


def _fact_cell(study: Study, table: MetricTable, name: str, fact: str) -> Cell:
    known = study.candidates[name].facts.get(fact)
    if known is None or not known.holds(table.as_of):
        return MISSING
    value = known.value
    if isinstance(value, str | list):
        return Cell(None, math.nan, math.nan, "error", f"{fact} is {value!r}, not a number")
    return Cell(float(value), float(value), float(value), "ok", known.note)


def _light_cell(lights: list[Light]) -> Cell:
    value, low, high = share_of_lights(lights)
    if value is None:
        return MISSING
    return Cell(value, low, high, "ok", "".join(light.colour[0] for light in lights))


def _scorecard_cell(result: Scorecard | None, as_of: dt.date, check: str) -> Cell:
    if result is None:
        return replace(MISSING, note="no Scorecard result")
    if result.date > as_of:
        return replace(MISSING, note=f"Scorecard result only of {result.date}")
    found = result.of(check)
    if found is None:
        return replace(MISSING, note=f"{check} not run by {result.provenance}")
    if found.score == INCONCLUSIVE:
        return replace(MISSING, note=f"{check} inconclusive: {found.reason}; {result.provenance}")
    age = "; more than a year old" if result.old(as_of) else ""
    return Cell(found.score, found.score, found.score, "ok", result.provenance + age)


def _trial_cell(study: Study, stack: Stack, value: str) -> tuple[str, Cell]:
    if stack.tried_as is None:
        return stack.id, replace(MISSING, note="no cluster of the laboratory stands for it")
    name = cluster = stack.tried_as.cluster
    made: Sequence[Record] = study.trials
    if stack.tried_as.own_data:
        name, made = f"{cluster}, own data", [record.without_mail() for record in made]
    others = (s.tried_as.cluster for s in study.stacks.values() if s.tried_as)
    found = measured(value, made, cluster, others)
    if found is None:
        return name, replace(MISSING, note=f"no trial of {cluster} measured it")
    low, middle, high = found.interval
    kinds = "1 kind" if found.faults == 1 else f"{found.faults} kinds"
    note = f"n = {found.trials} trials of {cluster}, {kinds} of fault"
    if stack.tried_as.own_data:
        note += ", audits of mail apart"
    return name, Cell(middle, low, high, "ok", note)


def transformed(criterion: Criterion, cell: Cell) -> Cell:
    """The cell after the criterion's logarithm, rating or saturation; missing stays missing.

    All three are monotone, so the ends of the interval stay its ends (a falling one swaps them).
    """
    change: Callable[[float], float] | None = criterion.rating or criterion.saturation
    if change is None and criterion.log:
        change = logarithm
    if change is None or cell.value is None:
        return cell
    low, high = sorted((change(cell.low), change(cell.high)))
    return replace(cell, value=change(cell.value), low=low, high=high)


def unit_after(criterion: Criterion, unit: str) -> str:
    """The unit of a column, of a raw value in ``unit``."""
    if score := criterion.rating or criterion.saturation:
        return score.unit
    return f"log10(1 + {unit})" if criterion.log else unit


def combine(
    criterion: Criterion, unit: str, cells: Mapping[str, Cell], span: tuple[float, float]
) -> CriterionValue:
    """A stack's value from its components' cells by the criterion's ``aggregate``.

    ``span`` is the range of the column; a missing component may lie anywhere in it.
    """
    known = {name: c for name, c in cells.items() if c.value is not None}
    pick = aggregate(criterion)
    value = float(pick([c.value for c in known.values()])) if known else None
    ends = list(intervals(cells, span).values()) or [span]
    low, high = pick(ends)
    missing = sorted(set(cells) - set(known))
    decided = [n for n, c in known.items() if c.value == value]
    via = sorted(known) if criterion.aggregate == "mean" else decided
    note = f"missing for {', '.join(missing)}" if missing else ""
    if criterion.scorecard is not None:  # each component's result has a provenance of its own
        note = "; ".join(f"{n}: {c.note}" for n, c in sorted(cells.items()) if c.note)
    elif criterion.trial is not None:
        note = "".join(c.note for c in cells.values())
    elif len(via) == 1 and known[via[0]].note:
        note = "; ".join(n for n in (known[via[0]].note, note) if n)
    return CriterionValue(
        criterion=criterion.id,
        value=value,
        low=float(low),
        high=float(high),
        outcome="ok" if value is not None else "not_available",
        assumed=bool(missing) or not cells,
        unit=unit_after(criterion, unit),
        via=via,
        note=note,
    )


def intervals(
    cells: Mapping[str, Cell], span: tuple[float, float]
) -> dict[str, tuple[float, float]]:
    """Where each component's value lies: anywhere in the ``span`` of the column if missing."""
    return {n: span if c.value is None else (c.low, c.high) for n, c in cells.items()}


def aggregate(criterion: Criterion) -> Callable[[Any], Any]:
    """Reduction of components' values to a stack's, along the first axis."""
    if criterion.aggregate == "mean":
        return partial(np.mean, axis=0)
    lowest = (criterion.aggregate == "worst") == (criterion.direction == "max")
    return partial(np.min if lowest else np.max, axis=0)


def column_span(cells: Sequence[Cell]) -> tuple[float, float]:
    """Lowest low and highest high of the known cells; (0, 0) when nothing is known."""
    known = [c for c in cells if c.value is not None]
    if not known:
        return 0.0, 0.0
    return min(c.low for c in known), max(c.high for c in known)
