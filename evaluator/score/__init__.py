"""Score: metrics and study in; lights, filters, effort and the decision matrix out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from evaluator.evidence.values import VALUES
from evaluator.metrics import MetricTable, all_metrics
from evaluator.result import CriterionValue, EffortResult, FunctionMatch, Light
from evaluator.score.lazy_user import (
    components,
    efforts,
    functional_match,
    functions,
    unmet_need,
    unmet_state,
)
from evaluator.score.matrix import (
    column_span,
    combine,
    component_cells,
    intervals,
    stack_cells,
)
from evaluator.score.semaphore import candidate_lights
from evaluator.study.criteria import Criterion
from evaluator.study.model import Study
from evaluator.study.stack import Stack

__all__ = ["Removal", "Scores", "score"]


@dataclass(frozen=True)
class Removal:
    """Why a stack is out: the stage, and every filter of it that it broke."""

    stage: Literal["need", "state", "semaphore"]
    broken: list[tuple[str, str]]
    only_by: str = ""
    """The filter that alone keeps the stack out, over all stages; empty when there are more."""
    every: list[tuple[Literal["need", "state", "semaphore"], str, str]] = field(
        default_factory=list
    )
    """Stage, filter and reason of all that it broke, over all stages."""


@dataclass(frozen=True)
class Scores:
    """Everything that ranking needs, by stack or by role and candidate."""

    lights: dict[str, list[Light]]
    functions: dict[str, list[FunctionMatch]]
    match: dict[str, float]
    removed: dict[str, Removal]
    efforts: dict[str, EffortResult]
    matrix: dict[str, list[CriterionValue]]
    """Per stack, in the order of the criteria."""
    parts: dict[str, list[dict[str, tuple[float, float]]]]
    """As ``matrix``: the interval of each component, so that stacks can share its draws."""
    component_matrix: dict[str, dict[str, list[CriterionValue]]]
    """Per role and candidate, only the criteria that apply to components."""
    coverage: float

    @property
    def contenders(self) -> list[str]:
        return [key for key in self.matrix if key not in self.removed]


def stack_lights(study: Study, lights: dict[str, list[Light]], stack: Stack) -> list[Light]:
    """Lights of all components of a stack that have sources of their own."""
    names = [n for n in components(study, stack) if study.candidates[n].data_sources]
    return [light for name in names for light in lights[name]]


def score(study: Study, table: MetricTable, rng: np.random.Generator) -> Scores:
    """Apply semaphores, functional match, the Lazy User's filters and effort; build the matrix."""
    as_of = table.as_of
    lights = {name: candidate_lights(study, table, name) for name in study.candidates}
    matches = {key: functions(study, stack, as_of) for key, stack in study.stacks.items()}
    removed = {
        key: removal
        for key, stack in study.stacks.items()
        if (removal := _removal(study, stack, matches[key], lights, as_of)) is not None
    }
    contenders = [key for key in study.stacks if key not in removed]
    matrix: dict[str, list[CriterionValue]] = {key: [] for key in study.stacks}
    parts: dict[str, list[dict[str, tuple[float, float]]]] = {key: [] for key in study.stacks}
    by_role = _candidates_by_role(study)
    component_matrix: dict[str, dict[str, list[CriterionValue]]] = {
        role: {name: [] for name in names} for role, names in by_role.items()
    }
    match = {key: functional_match(found) for key, found in matches.items()}
    for criterion in study.criteria.criteria:
        cells = component_cells(study, table, lights, criterion, list(study.candidates))
        own = stack_cells(study, criterion, match)
        span = column_span([*cells.values(), *(cell for _, cell in own.values())])
        unit = _unit(criterion)
        for key, stack in study.stacks.items():
            if own:
                cells_here = dict([own[key]])
            else:
                cells_here = {n: cells[n] for n in _judged(study, components(study, stack))}
            matrix[key].append(combine(criterion, unit, cells_here, span))
            parts[key].append(intervals(cells_here, span) or {key: span})
        for rows in component_matrix.values():
            if criterion.components and cells:
                for name, row in rows.items():
                    row.append(combine(criterion, unit, {name: cells[name]}, span))
    used = {name for stack in study.stacks.values() for name in components(study, stack)}
    mined = [name for name in sorted(used) if study.candidates[name].data_sources]
    lit = [light.colour != "grey" for name in mined for light in lights[name]]
    return Scores(
        lights=lights,
        functions=matches,
        match=match,
        removed=removed,
        efforts=efforts(study, contenders, rng, study.criteria.decision.draws),
        matrix=matrix,
        parts=parts,
        component_matrix=component_matrix,
        coverage=sum(lit) / len(lit) if lit else 0.0,
    )


def _removal(
    study: Study,
    stack: Stack,
    matches: list[FunctionMatch],
    lights: dict[str, list[Light]],
    as_of: dt.date,
) -> Removal | None:
    failing = [light for light in stack_lights(study, lights, stack) if light.fails]
    stages: dict[Literal["need", "state", "semaphore"], list[tuple[str, str]]] = {
        "need": unmet_need(matches),
        "state": unmet_state(study, stack, as_of),
        "semaphore": [
            (light.semaphore, f"{light.name}: {light.colour} for {light.candidate} ({light.text})")
            for light in failing
        ],
    }
    filters = {(stage, name) for stage, broken in stages.items() for name, _ in broken}
    for stage, broken in stages.items():
        if broken:
            every = [(at, name, text) for at, found in stages.items() for name, text in found]
            return Removal(stage, broken, broken[0][0] if len(filters) == 1 else "", every)
    return None


def _judged(study: Study, names: Sequence[str]) -> list[str]:
    """A suite is judged by its parts; one without parts stays, with everything missing."""
    return [n for n in names if study.candidates[n].data_sources or not study.candidates[n].parts]


def _candidates_by_role(study: Study) -> dict[str, list[str]]:
    """Projects that fill each role (suites compete as stacks only)."""
    roles: dict[str, list[str]] = {role.id: [] for role in study.catalogue.roles}
    for name, candidate in study.candidates.items():
        if candidate.kind == "project":
            for role in candidate.roles:
                roles[role].append(name)
    filled = {role: names for role, names in roles.items() if names}
    # where candidates of one role are ranked, their ranks inside the role would say the same again
    return filled if study.subject == "stack" or len(filled) > 1 else {}


def _unit(criterion: Criterion) -> str:
    if criterion.metric is not None:
        return all_metrics()[criterion.metric].unit
    if criterion.scorecard is not None:
        return "points of 10"
    if criterion.trial is not None:
        return VALUES[criterion.trial].unit
    return "share" if criterion.derived is not None else ""
