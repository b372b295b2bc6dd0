"""Rank reversal: whether adding or taking away alternatives turns others round.

Belton and Gear (1983) showed it for AHP; methods that scale over the alternatives at hand can all
do it.  The order of two alternatives should not depend on a third, and least on a copy of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evaluator.rank.methods import Refusal
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Problem, Ranks

MOST = 60
"""Contenders up to which each is taken away in turn (ours)."""

Change = Literal["without", "dominated", "copy"]


@dataclass(frozen=True)
class Flip:
    """Two alternatives that a change puts in opposite order: the first one was ahead."""

    ahead: int
    behind: int


@dataclass(frozen=True)
class Trial:
    """One change of the field, and the pairs that it turns round under one method."""

    change: Change
    of: int | None
    """The alternative that was taken away or copied; None for the one that is worst in all."""
    method: str
    """A method's id, or ``consensus``."""
    flips: tuple[Flip, ...]
    winner_changes: bool
    answered: bool = True


@dataclass(frozen=True)
class Reversals:
    """All trials; ``pairs`` were looked at, in all trials together."""

    trials: tuple[Trial, ...]
    pairs: int

    @property
    def reversed(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.flips)


def reversals(problem: Problem, panel: Panel) -> Reversals:
    """Take each contender away, add one that is worst in everything, copy the first and the last.

    A pair counts as turned round when one was ahead before and the other is after; new ties do
    not count.

    Raises
    ------
    Refusal
        With fewer than two contenders or more than :data:`MOST`, or without an answer as it stands.
    """
    count = len(problem.alternatives) if panel.contenders is None else panel.contenders
    if count < 2:
        raise Refusal("one alternative has no order that could be turned round")
    if count > MOST:
        raise Refusal(
            f"{count} alternatives: each would have to be taken away in turn",
            f"leave at most {MOST}, for example by filters",
        )
    before = _orders(problem, panel)
    if before is None:
        raise Refusal("the methods have no answer to this table")
    names = _names(panel)
    trials: list[Trial] = []
    pairs = 0
    for change, of, changed, kept in _changes(problem, count, before[-1]):
        place = 0 if change == "without" else 1
        after = _orders(changed, replace(panel, contenders=len(kept) + place))
        pairs += len(kept) * (len(kept) - 1) // 2 * len(names)
        for i, name in enumerate(names):
            if after is None:
                trials.append(Trial(change, of, name, (), False, answered=False))
                continue
            old, new = before[i][kept], after[i][: len(kept)]
            turned = np.argwhere((old[:, None] < old) & (new[:, None] > new)).tolist()
            flips = tuple(Flip(kept[a], kept[b]) for a, b in turned)
            lead = set(np.flatnonzero(old == old.min())) & set(np.flatnonzero(new == new.min()))
            trials.append(Trial(change, of, name, flips, winner_changes=not lead))
    return Reversals(tuple(trials), pairs)


def _names(panel: Panel) -> list[str]:
    members = [method.id for method, _ in panel.members]
    names = [m if members.count(m) == 1 else f"{m} ({i})" for i, m in enumerate(members, 1)]
    return names if len(names) == 1 else [*names, "consensus"]


def _orders(problem: Problem, panel: Panel) -> Ranks | None:
    """Ranks by each member, and by all together where there are several; None without answer."""
    rows = [replace(panel, members=(member,)).of(problem) for member in panel.members]
    if not all(np.isfinite(mean).all() for mean, _ in rows):
        return None
    orders = [order for _, order in rows]
    return np.stack(orders if len(orders) == 1 else [*orders, panel.of(problem)[1]])


def _changes(
    problem: Problem, count: int, order: Ranks
) -> Iterator[tuple[Change, int | None, Problem, list[int]]]:
    """What is changed, of which alternative, the new table, and the contenders that stay."""
    everyone = list(range(len(problem.alternatives)))
    kept = everyone[:count]
    if count > 2:
        for i in kept:
            rest = problem.rows([j for j in everyone if j != i])
            yield "without", i, rest, [j for j in kept if j != i]
    worst = np.where(problem.maximise, problem.values.min(axis=0), problem.values.max(axis=0))
    yield "dominated", None, _added(problem, count, worst), kept
    for i in dict.fromkeys((int(order.argmin()), int(order.argmax()))):
        yield "copy", i, _added(problem, count, problem.values[i]), kept


def _added(problem: Problem, at: int, row: Array) -> Problem:
    """One more contender, certain in everything, behind the others."""
    places: Sequence[int] = [*range(at), 0, *range(at, len(problem.alternatives))]
    wider = problem.rows(places)
    values = wider.values.copy()
    values[at] = row
    return wider.with_values(values)
