"""Replacing: the first run's result with some groups of its inputs taken from the second.

Nothing is computed from the sources again: both runs hold their matrices, weights, methods,
filters and efforts, so what each of them did to the order is found by exchanging it alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluator.diff.changes import same
from evaluator.explain.replay import panel_of_run, problem, useful
from evaluator.rank.consensus import consensus
from evaluator.rank.methods import ranks
from evaluator.rank.panel import Panel
from evaluator.result import CriterionValue, Evaluation, StackResult, WeightRow

MOST_TOGETHER = 3
"""Sets of up to so many groups are all tried (ours)."""
MOST_SETS = 5
TOLD_APART = "told apart"
"""Which stacks the draws cannot separate.  It follows from weights and columns, and is a group of
its own only where more than one of these changed, since the draws are not made again."""


@dataclass(frozen=True)
class Outcome:
    """Stacks in their final order, and the score of every stack."""

    order: tuple[str, ...]
    scores: dict[str, float]

    @property
    def winner(self) -> str | None:
        return self.order[0] if self.order else None


class Replacing:
    """Two runs, and the groups in which their inputs to ranking and selection differ."""

    def __init__(self, a: Evaluation, b: Evaluation) -> None:
        self.runs = (a, b)
        self.stacks = tuple({s.id: s for s in run.stacks} for run in self.runs)
        self.known: dict[frozenset[str], Outcome] = {}

    @cached_property
    def criteria(self) -> list[str]:
        return list(dict.fromkeys(w.criterion for run in self.runs for w in run.weights))

    @cached_property
    def rows(self) -> tuple[dict[str, dict[str, CriterionValue]], ...]:
        """Per run, stack and criterion; what a run does not have is the other's."""
        own = tuple(
            {key: {v.criterion: v for v in s.values} for key, s in stacks.items()}
            for stacks in self.stacks
        )
        keys = dict.fromkeys([*own[0], *own[1]])
        filled = tuple(
            {key: {**own[1 - i].get(key, {}), **own[i].get(key, {})} for key in keys}
            for i in (0, 1)
        )
        whole = [k for k in keys if all(set(self.criteria) <= set(side[k]) for side in filled)]
        return tuple({key: side[key] for key in whole} for side in filled)

    @cached_property
    def panels(self) -> tuple[Panel, Panel]:
        a, b = self.runs
        return panel_of_run(a), panel_of_run(b)

    @cached_property
    def groups(self) -> list[str]:
        """Names of the groups in which the runs differ."""
        a, b = self.runs
        one, two = self.rows
        found = []
        if not same(self._weights(0), self._weights(1)):
            found.append("weights")
        if not same([m.model_dump() for m in a.methods], [m.model_dump() for m in b.methods]):
            found.append("methods")
        if set(self.stacks[0]) != set(self.stacks[1]):
            found.append("stacks")
        ours = {"via", "note", "unit", "parts"}
        found += [
            f"criterion:{c}"
            for c in self.criteria
            if any(not same(one[key][c], two[key][c], ours) for key in one)
        ]
        if self._ranked(0) != self._ranked(1):
            found.append("filters")
        if not same(self._efforts(0), self._efforts(1)):
            found.append("effort")
        if a.decision.rule != b.decision.rule:
            found.append("rule")
        told_apart = a.selection.indistinguishable != b.selection.indistinguishable
        if told_apart and len(self.movers(found)) != 1:
            found.append(TOLD_APART)
        return found

    @staticmethod
    def movers(groups: Sequence[str]) -> list[str]:
        """Groups that move the draws, so that what these tell apart follows from them."""
        return [g for g in groups if g not in ("filters", "effort", "rule", TOLD_APART)]

    def outcome(self, replaced: Sequence[str]) -> Outcome:
        """The first run's outcome with these groups taken from the second."""
        key = frozenset(replaced)
        if key not in self.known:
            self.known[key] = self._outcome(key)
        return self.known[key]

    def sets(self, reached: Callable[[Outcome], bool]) -> tuple[list[list[str]], bool]:
        """The smallest sets of groups that reach an outcome, and whether none smaller can."""
        for size in range(1, min(MOST_TOGETHER, len(self.groups)) + 1):
            found = [
                list(chosen)
                for chosen in itertools.combinations(self.groups, size)
                if reached(self.outcome(chosen))
            ]
            if found:
                return found[:MOST_SETS], True
        left = list(self.groups)
        if not reached(self.outcome(left)):
            return [], True
        for group in self.groups:
            without = [g for g in left if g != group]
            if reached(self.outcome(without)):
                left = without
        return [left], False

    def _outcome(self, replaced: frozenset[str]) -> Outcome:
        movers = self.movers(self.groups)

        def side(group: str) -> int:
            if group == TOLD_APART and group not in self.groups and len(movers) == 1:
                group = movers[0]
            return int(group in replaced)

        present = [k for k in self.rows[0] if k in self.stacks[side("stacks")]]
        ranked = [k for k in present if k in self._ranked(side("filters"))]
        everyone = [*ranked, *(k for k in present if k not in ranked)]
        columns = self._weights(side("weights"))
        cells = {
            key: [self.rows[side(f"criterion:{w.criterion}")][key][w.criterion] for w in columns]
            for key in everyone
        }
        table = useful(problem(columns, cells))
        scores, places = np.full(len(everyone), np.nan), np.ones(len(ranked), dtype=np.int64)
        panel = self.panels[side("methods")]
        if table.criteria and panel.members:
            found = panel.indices(table.values, table.weights[None], table.maximise)[:, 0]
            scores = found.mean(axis=0)
            contending = found[:, : len(ranked)]
            if ranked:
                places = consensus(ranks(contending), contending.mean(axis=0))
        order = self._final(dict(zip(ranked, places.tolist(), strict=True)), side)
        return Outcome(tuple(order), dict(zip(everyone, scores.tolist(), strict=True)))

    def _final(self, places: dict[str, int], side: Callable[[str], int]) -> list[str]:
        """The decision rule; ties of quality by the share of draws that rank a stack first."""
        drawn = self.stacks[side(TOLD_APART)]
        efforts = self._efforts(side("effort"))

        def share(key: str) -> float:
            return (drawn[key].first_rank_probability or 0.0) if key in drawn else 0.0

        by_quality = sorted(places, key=lambda key: (places[key], -share(key), key))
        rule = self.runs[side("rule")].decision.rule
        if rule == "quality" or not all(key in efforts for key in places):
            return by_quality
        if rule == "least_effort":
            return sorted(places, key=lambda key: (efforts[key], key))
        close = self.runs[side(TOLD_APART)].selection.indistinguishable
        near = [key for key in by_quality if key in close]
        if by_quality and by_quality[0] not in near:
            near = by_quality[:1]
        near.sort(key=lambda key: (efforts[key], key))
        return near + [key for key in by_quality if key not in near]

    def _weights(self, run: int) -> list[WeightRow]:
        """One row per criterion of either run; what a run does not ask for has no weight in it."""
        own = {w.criterion: w for w in self.runs[run].weights}
        other = {w.criterion: w for w in self.runs[1 - run].weights}
        silent = {"typed": 0.0, "effective": 0.0}
        plain = {"name": "", "group": "", "source": [], "reason": "", "origin": ""}
        return [
            (own[c] if c in own else other[c].model_copy(update=silent)).model_copy(update=plain)
            for c in self.criteria
        ]

    def _ranked(self, run: int) -> set[str]:
        stacks: dict[str, StackResult] = self.stacks[run]
        return {key for key, stack in stacks.items() if stack.outcome == "ranked"}

    def _efforts(self, run: int) -> dict[str, float]:
        other = {k: s.effort.median for k, s in self.stacks[1 - run].items() if s.effort}
        return other | {k: s.effort.median for k, s in self.stacks[run].items() if s.effort}
