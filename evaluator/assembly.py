"""Puts what the stages found into the result model; computes nothing of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from evaluator.metrics import MetricTable
from evaluator.rank import Ranking, effective_weights
from evaluator.rank.methods import all_methods
from evaluator.result import (
    SCHEMA_VERSION,
    ComponentResult,
    CriterionValue,
    DecisionRow,
    Evaluation,
    FilterRow,
    MethodRow,
    StackResult,
    WeightRow,
)
from evaluator.score import Scores, stack_lights
from evaluator.score.lazy_user import components
from evaluator.score.profile import statements
from evaluator.select import Order
from evaluator.snapshot import Snapshot
from evaluator.study.criteria import ORIGINS
from evaluator.study.model import Study
from evaluator.study.statements import facts

SOFTWARE = ("floss-evaluator", "perceval", "pandas", "numpy", "scikit-criteria")


def assemble(
    study: Study,
    snapshot: Snapshot,
    table: MetricTable,
    scores: Scores,
    ranking: Ranking,
    components: Mapping[str, Ranking],
    order: Order,
    seed: int,
) -> Evaluation:
    """The whole result of one run."""
    criteria = study.criteria
    # a snapshot that other studies share says nothing of these candidates
    asked = (
        study.data_sources() if study.subject == "candidate" else [s.id for s in snapshot.sources]
    )
    removed = [key for key in study.stacks if key in scores.removed]
    stacks = [_stack(study, scores, ranking, order, key) for key in [*order.final, *removed]]
    return Evaluation(
        schema_version=SCHEMA_VERSION,
        subject=study.subject,
        as_of=table.as_of,
        title=criteria.title,
        question=criteria.question,
        criteria=criteria.id,
        attitude=criteria.attitude,
        seed=seed,
        draws=criteria.decision.draws,
        snapshot_date=snapshot.as_of,
        stacks=stacks,
        components={
            role: _components(study, scores, found, role) for role, found in components.items()
        },
        selection=order.selection,
        weights=_weights(study),
        methods=_methods(study, ranking),
        decision=DecisionRow(
            rule=criteria.decision.rule,
            tell_apart=criteria.decision.tell_apart,
            weight_spread=criteria.decision.weight_spread,
        ),
        agreement=ranking.agreement,
        coverage=scores.coverage,
        metrics=table.rows,
        yearly=table.yearly,
        sources=[row for row in snapshot.sources if row.id in asked],
        quality=[row for row in table.quality if row.source in asked],
        notes=[*_notes(study, snapshot, table), *statements(study, scores.matrix, table.as_of)],
        versions={name: version(name) for name in SOFTWARE},
        inputs={**study.files, "snapshot": snapshot.digest},
        facts=facts(study),
    )


def _judged(ranking: Ranking, name: str, place: int) -> dict[str, Any]:
    """The fields that stacks and components share; scores that mean nothing are None."""
    i = ranking.names.index(name)
    scored = math.isfinite(float(ranking.score[i]))
    return {
        "rank": place,
        "score": float(ranking.score[i]) if scored else None,
        "score_low": float(ranking.score_low[i]) if scored else None,
        "score_high": float(ranking.score_high[i]) if scored else None,
        "first_rank_probability": float(ranking.acceptability[i, 0]),
        "rank_acceptability": [float(x) for x in ranking.acceptability[i]],
        "method_scores": {m: float(s[i]) for m, s in ranking.method_scores.items()}
        if scored
        else {},
        "method_ranks": {m: int(r[i]) for m, r in ranking.method_ranks.items()},
    }


MOST_ASSUMED = 0.5
"""Share of the weights on missing values above which a score would say nothing (ours)."""

NOT_RANKED: Mapping[str, Any] = {
    "rank": None,
    "score": None,
    "score_low": None,
    "score_high": None,
    "first_rank_probability": None,
    "rank_acceptability": [],
    "method_scores": {},
    "method_ranks": {},
}


def _stack(study: Study, scores: Scores, ranking: Ranking, order: Order, key: str) -> StackResult:
    stack = study.stacks[key]
    removal = scores.removed.get(key)
    if removal is None:
        judged = _judged(ranking, key, order.final.index(key) + 1)
        quality = int(ranking.rank[ranking.names.index(key)])
        effort = order.effort_ranks.get(key)
        reasons = [
            f"place {quality} in quality" + (f", place {effort} in effort" if effort else "")
        ]
    else:
        judged, quality = (
            {**NOT_RANKED, "score": _reference_score(study, scores, ranking, key)},
            None,
        )
        reasons = [text for _, text in removal.broken]
    return StackResult(
        **judged,
        values=_with_parts(scores, key),
        filters=_filters(study, scores, key),
        lights=stack_lights(study, scores.lights, stack),
        id=key,
        name=stack.name,
        summary=stack.summary,
        components=stack.components,
        deployable=stack.profile is not None and study.site is not None,
        outcome="ranked" if removal is None else "removed",
        removed_by=removal.broken[0][0] if removal else "",
        stage=removal.stage if removal else "",
        only_by=removal.only_by if removal else "",
        reasons=reasons,
        quality_rank=quality,
        effort_rank=order.effort_ranks.get(key),
        functional_match=scores.match[key],
        functions=scores.functions[key],
        effort=scores.efforts.get(key),
    )


def _with_parts(scores: Scores, key: str) -> list[CriterionValue]:
    return [
        value.model_copy(update={"parts": parts})
        for value, parts in zip(scores.matrix[key], scores.parts[key], strict=True)
    ]


def _filters(study: Study, scores: Scores, key: str) -> list[FilterRow]:
    removal = scores.removed.get(key)
    compared = {
        f.id: [f"stacks.{key}.requires.{f.requirement}", f"site.state.{f.site}"]
        for f in study.criteria.state
    }
    owners = [f"stacks.{key}"]
    owners += [f"candidates.{name}" for name in components(study, study.stacks[key])]
    rows = []
    for stage, name, text in removal.every if removal else ():
        keys = [f"criteria.{'semaphores' if stage == 'semaphore' else stage}.{name}"]
        if stage == "need":
            keys += [f"{owner}.provides.{name}" for owner in owners]
        elif stage == "state":
            keys = keys + compared[name] if name in compared else [f"stacks.{key}.available"]
        rows.append(FilterRow(stage=stage, filter=name, text=text, facts=keys))
    known = study.places
    return [r.model_copy(update={"facts": [k for k in r.facts if k in known]}) for r in rows]


def _notes(study: Study, snapshot: Snapshot, table: MetricTable) -> list[str]:
    notes = list(study.notes)
    if table.as_of < snapshot.as_of:
        state = study.site.state if study.site else {}
        unknown = [k for k, fact in state.items() if not fact.holds(table.as_of)]
        trials = " trials," if study.trials else ""
        text = (
            f"Metrics are as of {table.as_of}; effort, prices,{trials} packages and site are "
            "today's."
        )
        if unknown:
            text += f" Not yet true of the site then, so not filtered by: {', '.join(unknown)}."
        notes.append(text)
    mined = {row.id for row in snapshot.sources}
    for name, candidate in sorted(study.candidates.items()):
        absent = [s.id for s in candidate.data_sources if s.id not in mined]
        if absent:
            notes.append(
                f"{name}: {', '.join(absent)} not in the snapshot, so its metrics are not "
                "available; run 'evaluate mine' with this criteria file, or give the snapshot "
                "that has it with --snapshot."
            )
    return notes


def _reference_score(study: Study, scores: Scores, ranking: Ranking, key: str) -> float | None:
    """Quality that a removed stack would have had; None when most of it would be assumed."""
    weights = effective_weights(study.criteria)
    assumed = sum(weights[v.criterion] for v in scores.matrix[key] if v.value is None)
    return None if assumed > MOST_ASSUMED else ranking.reference_scores.get(key)


def _components(study: Study, scores: Scores, ranking: Ranking, role: str) -> list[ComponentResult]:
    results = [
        ComponentResult(
            **_judged(ranking, name, int(ranking.rank[i])),
            values=scores.component_matrix[role][name],
            lights=scores.lights[name],
            id=name,
            name=study.candidates[name].name,
            role=role,
        )
        for i, name in enumerate(ranking.names)
    ]
    return sorted(results, key=lambda c: (c.rank, c.id))


def _weights(study: Study) -> list[WeightRow]:
    typed = (study.asked or study.criteria).weights
    effective = effective_weights(study.criteria)
    return [
        WeightRow(
            criterion=c.id,
            name=c.name,
            group=c.group,
            direction=c.direction,
            typed=typed[c.id],
            effective=effective[c.id],
            source=c.source,
            reason=c.reason,
            origin=next(f"{n}:{v}" for n in ORIGINS if (v := getattr(c, n)) is not None),
            aggregate=c.aggregate,
        )
        for c in study.criteria.criteria
    ]


def _methods(study: Study, ranking: Ranking) -> list[MethodRow]:
    known = all_methods()
    return [
        MethodRow(
            id=entry.name,
            name=known[entry.name].name,
            index=known[entry.name].index,
            best=known[entry.name].best,
            parameters=entry.parameters,
            source=entry.source,
            refused=ranking.refused.get(entry.name, ""),
        )
        for entry in study.criteria.methods
    ]
