"""What would be chosen otherwise: under another attitude, or with filters relaxed.

And the two models' side of a result, which rests on it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace

from evaluator.findings import EvaluationError
from evaluator.result import Evaluation, Selection
from evaluator.result.daffara import AttitudeRow, Daffara
from evaluator.result.lazy_user import LazyUser
from evaluator.score import Scores, stack_lights
from evaluator.score.break_even import break_evens
from evaluator.score.business import business_models
from evaluator.score.guidelines import answers
from evaluator.score.lazy_user import components
from evaluator.score.relaxation import relaxations
from evaluator.score.semaphore import coverage
from evaluator.score.trail import trail
from evaluator.study.model import Study

Choose = Callable[[Study, Scores], Selection]
"""Ranks and selects, as the run itself did, what it is given."""


def with_models(
    study: Study, as_of: dt.date, scores: Scores, result: Evaluation, choose: Choose
) -> Evaluation:
    """The result with what the SME guide and the Lazy User Model say beside the ranking."""
    chosen = components(study, study.stacks[result.winner.id]) if result.winner else []
    names = {n: 0 for s in study.stacks.values() for n in components(study, s)}
    mined = [name for name in sorted(names) if study.candidates[name].data_sources]
    guide = Daffara(
        coverage=coverage(study, scores.lights, mined),
        attitudes=attitudes(study, scores, result.selection, choose),
        business_models=business_models(study, chosen),
        guidelines=answers(study, result),
    )
    return result.model_copy(
        update={"daffara": guide, "lazy_user": lazy_user(study, as_of, scores, choose)}
    )


def lazy_user(study: Study, as_of: dt.date, scores: Scores, choose: Choose) -> LazyUser:
    """The elimination trail, the smallest relaxations and the break-even points."""
    rows = [
        trail(study, stack, scores.functions[key], stack_lights(study, scores.lights, stack), as_of)
        for key, stack in study.stacks.items()
    ]

    def winner(readmitted: Sequence[str]) -> str | None:
        left = {key: r for key, r in scores.removed.items() if key not in readmitted}
        return choose(study, replace(scores, removed=left)).winner

    return LazyUser(
        trail=rows,
        relaxations=relaxations(rows, winner),
        break_evens=break_evens(study, scores.contenders),
    )


def attitudes(
    study: Study, scores: Scores, selection: Selection, choose: Choose
) -> list[AttitudeRow]:
    """What each attitude of the criteria file would have chosen among the same contenders."""
    rows = []
    for name, attitude in study.criteria.attitudes.items():
        used, refused, found = name == study.criteria.attitude, "", selection
        if not used:
            criteria = study.criteria.model_copy(update={"attitude": name})
            try:
                found = choose(study.model_copy(update={"criteria": criteria}), scores)
            except EvaluationError as error:
                refused = "; ".join(finding.message for finding in error.findings)
        rows.append(
            AttitudeRow(
                attitude=name,
                used=used,
                factors=attitude.factors,
                winner=None if refused else found.winner,
                runner_up=None if refused else found.runner_up,
                refused=refused,
            )
        )
    return rows
