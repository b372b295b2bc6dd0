"""Stakeholders of a study: their own weights on the matrix that the ranking asked about."""

from __future__ import annotations

import numpy as np

from evaluator.rank import Ranking
from evaluator.rank.group import Stakeholder, decide
from evaluator.result.group import Group
from evaluator.study.criteria import Criteria


def group_of(criteria: Criteria, ranking: Ranking) -> Group | None:
    """What they choose alone and together; None without stakeholders, or nothing to tell apart.

    Their weights are taken as typed: the attitude changes the study's own only.  A criterion that
    is equal for all, or has no weight in the study, is in no matrix; a weight on it is said not to
    count, and the person's others are normalised again (ours).
    """
    if not criteria.stakeholders or ranking.basis is None:
        return None
    problem, panel = ranking.basis.problem, ranking.basis.panel
    notes, people = [], []
    for name, typed in criteria.stakeholders.items():
        weights = {c: w for c, w in typed.weights.items() if c in problem.criteria}
        unused = [c for c, w in typed.weights.items() if w > 0 and c not in weights]
        if unused:
            notes.append(
                f"{name}'s weight on {', '.join(unused)} does not count: it is equal for all, or "
                "has no weight in the study."
            )
        if any(w > 0 for w in weights.values()):
            people.append(Stakeholder(name, weights, typed.share))
        else:
            notes.append(f"{name} weighs nothing that tells anybody apart, and is left out.")
    asked = np.array([[p.weights.get(c, 0.0) for c in problem.criteria] for p in people])
    able = panel.able(problem, asked / asked.sum(axis=1, keepdims=True)) if people else panel
    members = [method.id for method, _ in able.members]
    if unable := [method.id for method, _ in panel.members if method.id not in members]:
        notes.append(f"{', '.join(unable)}: no answer to everybody's weights, so not asked.")
    if not people or not members:
        return Group(
            rule="arithmetic", collectives=[], opinions=[], agreement=None, minority=[],
            panel=members, notes=notes,
        )  # fmt: skip
    found = decide(problem, people, able)
    plain = found.plain() | {"panel": members, "notes": [*found.notes, *notes]}
    return Group.model_validate(plain)
