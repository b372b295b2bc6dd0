"""Several people decide: each with weights of their own, together by two rules, and who dissents.

The group's weights are the weighted mean of its members' (aggregation of individual judgements and
priorities: Forman and Peniwati, 1998); Borda's rule counts their ranks instead.  Who would choose
another winner is heard in a minority report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from evaluator.rank.consensus import kendall_w
from evaluator.rank.methods import ranks
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Problem, Ranks
from evaluator.rank.scaling import towards_best

Rule = Literal["arithmetic", "geometric", "borda"]
STEPS = 1000
"""Parts into which the way from a member's weights to the group's is cut."""


@dataclass(frozen=True)
class Stakeholder:
    """Who decides: weights per criterion (normalised here), and a share in the decision."""

    name: str
    weights: Mapping[str, float]
    share: float = 1.0


@dataclass(frozen=True)
class Opinion:
    """What one stakeholder would decide alone."""

    name: str
    share: float
    weights: dict[str, float]
    ranks: dict[str, int]
    winners: tuple[str, ...]
    agreement: float | None
    """Kendall's W between this ranking and the group's, 0 (opposite) to 1 (the same)."""


@dataclass(frozen=True)
class Collective:
    """What the group decides by one rule."""

    rule: Rule
    weights: dict[str, float] | None
    """None where ranks are counted instead of weights, or no criterion is left a weight."""
    ranks: dict[str, int]
    winners: tuple[str, ...]


@dataclass(frozen=True)
class Dissent:
    """One minority report: who would choose another winner, why, and what would change that."""

    name: str
    prefers: str
    group_prefers: str
    rank_of_group_winner: int
    carried_by: dict[str, float]
    """Criteria that speak for their own winner more under their weights than under the group's,
    the strongest first: difference of weights times difference of the two alternatives, each
    column scaled to its range (ours, since methods publish no such split)."""
    moved: float | None
    """Share of weight, 0 to 1, that would have to move towards the group's weights until the
    group's winner is their first; None when it never is."""
    weights_then: dict[str, float] | None


@dataclass(frozen=True)
class GroupDecision:
    """A group's ranks by its rule and by the others, its agreement, and its minority reports."""

    rule: Rule
    collectives: tuple[Collective, ...]
    opinions: tuple[Opinion, ...]
    agreement: float | None
    """Kendall's W among the stakeholders; None for fewer than two."""
    minority: tuple[Dissent, ...]
    notes: tuple[str, ...] = ()

    @property
    def collective(self) -> Collective:
        """The answer by the rule that was asked for."""
        return next(c for c in self.collectives if c.rule == self.rule)

    def plain(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def decide(
    problem: Problem,
    stakeholders: Sequence[Stakeholder],
    panel: Panel,
    rule: Rule = "arithmetic",
) -> GroupDecision:
    """What each stakeholder and the group would choose; the problem's own weights play no part.

    Raises
    ------
    ValueError
        With what is wrong: nobody decides, a name stands twice, a weight or share is negative or
        not finite, a criterion is unknown, all weights of somebody or all shares are 0.
    """
    from scipy.stats import rankdata

    weights, shares = _given(problem, stakeholders)
    _, own = panel.judge(problem.values, weights, problem.maximise)
    arithmetic = shares @ weights
    with np.errstate(divide="ignore", invalid="ignore"):
        geometric = np.exp(shares @ np.where(shares[:, None] > 0, np.log(weights), 0.0))
    notes = []
    found: list[Collective] = []
    for name, collective in (("arithmetic", arithmetic), ("geometric", geometric)):
        if collective.sum() > 0:
            normal = collective / collective.sum()
            order = panel.judge(problem.values, normal[None], problem.maximise)[1][0]
            found.append(_collective(problem, name, normal, order))
    if len(found) < 2:
        notes.append(
            "the geometric mean leaves no criterion a weight: each has weight 0 for somebody"
        )
        if rule == "geometric":
            raise ValueError(notes[0])
    places = rankdata(own, axis=1)  # those that tie share their places, so that ties favour nobody
    found.append(_collective(problem, "borda", None, ranks(-(shares @ places))))
    decided = next(c for c in found if c.rule == rule)
    order = np.array(list(decided.ranks.values()))
    target = np.array(
        [(decided.weights or found[0].weights or {})[c] for c in problem.criteria], dtype=float
    )
    return GroupDecision(
        rule,
        tuple(found),
        tuple(
            Opinion(
                s.name,
                float(shares[k]),
                _named(problem.criteria, weights[k]),
                _places(problem, own[k]),
                _winners(problem, own[k]),
                kendall_w(np.stack([own[k], order])),
            )
            for k, s in enumerate(stakeholders)
        ),
        kendall_w(own),
        tuple(
            _dissent(problem, s.name, weights[k], own[k], order, target, panel)
            for k, s in enumerate(stakeholders)
            if not (own[k] == 1)[order == 1].any()
        ),
        tuple(notes),
    )


def _given(problem: Problem, stakeholders: Sequence[Stakeholder]) -> tuple[Array, Array]:
    wrong = [] if stakeholders else ["nobody decides: give at least one stakeholder"]
    names = [s.name for s in stakeholders]
    wrong += [f"{n!r} stands twice" for n in sorted({n for n in names if names.count(n) > 1})]
    weights = np.zeros((len(stakeholders), len(problem.criteria)))
    for k, stakeholder in enumerate(stakeholders):
        unknown = sorted(set(stakeholder.weights) - set(problem.criteria))
        if unknown:
            wrong.append(f"{stakeholder.name} weighs {unknown[0]!r}, which is no criterion")
        weights[k] = [stakeholder.weights.get(c, 0.0) for c in problem.criteria]
        if not math.isfinite(sum(weights[k].tolist())) or (weights[k] < 0).any():
            wrong.append(f"{stakeholder.name} has a weight that is no finite number from 0")
        elif not weights[k].sum() > 0:
            wrong.append(f"{stakeholder.name} gives no criterion a weight")
    shares = np.array([s.share for s in stakeholders], dtype=float)
    if not np.isfinite(shares).all() or (shares < 0).any() or (names and not shares.sum() > 0):
        wrong.append("shares must be finite numbers from 0, and not all of them 0")
    if wrong:
        raise ValueError("; ".join(wrong))
    return weights / weights.sum(axis=1, keepdims=True), shares / shares.sum()


def _dissent(
    problem: Problem,
    name: str,
    weights: Array,
    own: Ranks,
    order: Ranks,
    target: Array,
    panel: Panel,
) -> Dissent:
    mine, theirs = int(np.argmin(own)), int(np.argmin(np.where(order == 1, own, own.max() + 1)))
    unit = towards_best(problem.values, problem.maximise)
    share = (weights - target) * (unit[mine] - unit[theirs])
    carried = {
        problem.criteria[j]: float(share[j])
        for j in np.argsort(-share, kind="stable")
        if share[j] > 0
    }
    steps = np.linspace(0, 1, STEPS + 1)[:, None]
    way = (1 - steps) * weights + steps * target
    first = panel.judge(problem.values, way, problem.maximise)[1][:, theirs] == 1
    moved, then = None, None
    if first.any():
        at = way[int(first.argmax())]
        moved = float(np.abs(at - weights).sum() / 2)
        then = _named(problem.criteria, at)
    return Dissent(
        name,
        problem.alternatives[mine],
        problem.alternatives[theirs],
        int(own[theirs]),
        carried,
        moved,
        then,
    )


def _collective(problem: Problem, rule: Any, weights: Array | None, order: Ranks) -> Collective:
    named = None if weights is None else _named(problem.criteria, weights)
    return Collective(rule, named, _places(problem, order), _winners(problem, order))


def _named(names: Sequence[str], values: Array) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))


def _places(problem: Problem, order: Ranks) -> dict[str, int]:
    # those that only span the scales stand behind and have no rank
    return dict(zip(problem.alternatives, order.tolist(), strict=False))


def _winners(problem: Problem, order: Ranks) -> tuple[str, ...]:
    return tuple(problem.alternatives[i] for i in np.flatnonzero(order == 1))
