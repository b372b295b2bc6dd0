"""Diff: two results in; what changed, and which inputs made ranks and winner change, out."""

from __future__ import annotations

import numpy as np

from evaluator.diff.changes import changes
from evaluator.diff.model import Cause, Comparison, Head, Share, Single
from evaluator.diff.replacing import Outcome, Replacing
from evaluator.diff.tracing import traces
from evaluator.explain.shapley import shapley
from evaluator.rank.problem import Array, Mask
from evaluator.result import Evaluation

__all__ = ["Comparison", "compare"]


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """What changed from run ``a`` to run ``b``, and why.

    Raises
    ------
    EvaluationError
        When a run names a method or a parameter that is not known here.
    """
    found = changes(a, b)
    replacing = Replacing(a, b)
    groups = replacing.groups if found else []
    first, last = replacing.outcome([]), replacing.outcome(groups)
    return Comparison(
        before=_head(a),
        after=_head(b),
        notes=_notes(a, b, replacing, first, last),
        changes=found,
        causes=_causes(replacing, first, last),
        singles=[_single(replacing, group, last) for group in groups],
        shares=_shares(replacing, groups, first, last),
        traces=traces(a, b, groups),
    )


def _head(run: Evaluation) -> Head:
    return Head(
        as_of=run.as_of,
        criteria=run.criteria,
        attitude=run.attitude,
        seed=run.seed,
        snapshot=run.inputs.get("snapshot", ""),
        winner=run.selection.winner,
    )


def _notes(
    a: Evaluation, b: Evaluation, replacing: Replacing, first: Outcome, last: Outcome
) -> list[str]:
    notes = []
    same = (a.criteria, a.title) == (b.criteria, b.title)
    if not same:
        common = sorted(set(replacing.stacks[0]) & set(replacing.stacks[1]))
        columns = {w.criterion for w in a.weights} & {w.criterion for w in b.weights}
        notes.append(
            f"These are runs of two studies, {a.criteria} and {b.criteria}. Comparable are "
            f"{len(common)} stacks and {len(columns)} criteria that both have; the scores answer "
            "different questions."
        )
    if left := sorted(set(replacing.stacks[0]) | set(replacing.stacks[1]) - set(replacing.rows[0])):
        left = [key for key in left if key not in replacing.rows[0]]
        if left:
            notes.append(
                f"Not in the replay, since no run has all its criteria: {', '.join(left)}."
            )
    for run, outcome, name in ((a, first, "first"), (b, last, "second")):
        own = [s.id for s in run.stacks if s.outcome == "ranked"]
        if same and list(outcome.order) != own:
            notes.append(
                f"The replay of the {name} run does not give its order again (it was made by "
                "another version, or with methods that cannot be replayed): causes are incomplete."
            )
    return notes


def _causes(replacing: Replacing, first: Outcome, last: Outcome) -> list[Cause]:
    found = []
    if first.winner != last.winner:
        sets, smallest = replacing.sets(lambda o: o.winner == last.winner)
        found.append(
            Cause(
                target="winner",
                before=[first.winner] if first.winner else [],
                after=[last.winner] if last.winner else [],
                sets=sets,
                smallest=smallest,
            )
        )
    if first.order != last.order:
        sets, smallest = replacing.sets(lambda o: o.order == last.order)
        found.append(
            Cause(
                target="order",
                before=list(first.order),
                after=list(last.order),
                sets=sets,
                smallest=smallest,
            )
        )
    return found


def _single(replacing: Replacing, group: str, last: Outcome) -> Single:
    outcome = replacing.outcome([group])
    return Single(
        group=group,
        winner=outcome.winner,
        order=list(outcome.order),
        gives_winner=outcome.winner == last.winner,
        gives_order=outcome.order == last.order,
    )


def _shares(replacing: Replacing, groups: list[str], first: Outcome, last: Outcome) -> list[Share]:
    """Shapley values of the groups in the change of each score that both runs have."""
    both = [
        key
        for key, score in first.scores.items()
        if np.isfinite(score) and np.isfinite(last.scores.get(key, np.nan))
    ]
    movers = replacing.movers(groups)

    def worth(coalitions: Mask) -> Array:
        outcomes = [
            replacing.outcome([g for g, taken in zip(movers, row, strict=True) if taken])
            for row in coalitions
        ]
        return np.array([[o.scores.get(key, np.nan) for key in both] for o in outcomes])

    if not movers or not both:
        return []
    points = shapley(len(movers), worth)
    return [
        Share(
            stack=key,
            before=first.scores[key],
            after=last.scores[key],
            groups=dict(zip(movers, points[:, i].tolist(), strict=True)),
        )
        for i, key in enumerate(both)
        if np.isfinite(points[:, i]).all()
    ]
