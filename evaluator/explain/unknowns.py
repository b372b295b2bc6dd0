"""Unknowns: what is missing or uncertain, and how much it could matter to the order of two."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evaluator.explain.contest import Contest
from evaluator.explain.model import Unknown
from evaluator.rank.problem import Array
from evaluator.result import CriterionValue, WeightRow

STEPS = 50
"""Steps in which an uncertain value is tried over its interval (ours)."""

Parts = Mapping[str, tuple[float, float]]


def unknowns(
    contest: Contest,
    columns: list[WeightRow],
    rows: Mapping[str, list[CriterionValue]],
    missing: set[tuple[str, str]],
) -> list[Unknown]:
    """Every component that is missing or has an interval behind a cell of the two, by effect.

    One component moves over its interval at a time, in every alternative that has it, and
    everything else stays.  ``missing`` holds pairs of component and criterion without a value.
    """
    names = list(rows)
    pair = (contest.mine, contest.other)
    found = []
    for j, column in enumerate(columns):
        cells = [row[j] for row in rows.values()]
        parts = [_parts(name, cell) for name, cell in zip(names, cells, strict=True)]
        open_ = {
            c: ends
            for i in pair
            for c, ends in parts[i].items()
            if ends[0] < ends[1] or (c, column.criterion) in missing
        }
        for component, (low, high) in open_.items():
            places = np.linspace(low, high, STEPS + 1)
            values = np.repeat(contest.problem.values[None], len(places), axis=0)
            for i, cell in enumerate(cells):
                if component in parts[i]:
                    moved = _moved(column, parts[i], component, places)
                    middle = float(_moved(column, parts[i], component, None)[0])
                    values[:, i, j] = np.clip(
                        contest.problem.values[i, j] + moved - middle, cell.low, cell.high
                    )
            weights = np.repeat(contest.problem.weights[None], len(places), axis=0)
            score, lead, _ = contest.ask(values, weights)
            found.append(
                Unknown(
                    criterion=column.criterion,
                    component=component,
                    missing=(component, column.criterion) in missing,
                    affects=[names[i] for i in pair if component in parts[i]],
                    low=low,
                    high=high,
                    unit=cells[0].unit,
                    score=(float(score.min()), float(score.max())),
                    difference=(float(lead.min()), float(lead.max())),
                    turns=bool(contest.turned(values, weights).any()),
                )
            )
    return sorted(found, key=lambda u: (not u.turns, u.difference[0] - u.difference[1]))


def _parts(name: str, cell: CriterionValue) -> Parts:
    return cell.parts or {name: (cell.low, cell.high)}


def _moved(column: WeightRow, parts: Parts, component: str, places: Array | None) -> Array:
    """The middle of a cell's interval with one component at these places, or where it is."""
    ends = []
    for end in (0, 1):
        count = 1 if places is None else len(places)
        stacked = np.array([[ends_[end]] * count for ends_ in parts.values()])
        if places is not None:
            stacked[list(parts).index(component)] = places
        ends.append(_reduced(column, stacked))
    return (ends[0] + ends[1]) / 2


def _reduced(column: WeightRow, values: Array) -> Array:
    if column.aggregate == "mean":
        return np.asarray(values.mean(axis=0))
    lowest = (column.aggregate == "worst") == (column.direction == "max")
    return np.asarray(values.min(axis=0) if lowest else values.max(axis=0))
