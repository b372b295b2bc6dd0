"""Explain: a result in; why one alternative stands before another, and what would turn it, out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from evaluator.explain.contest import Contest
from evaluator.explain.evidence import Evidence, merged
from evaluator.explain.model import (
    Contribution,
    Explanation,
    Side,
    Subject,
    ValueChange,
    WeightChange,
)
from evaluator.explain.replay import (
    alternatives,
    panel_of_run,
    point,
    problem_of_run,
    useful,
    weights_of_run,
)
from evaluator.explain.unknowns import unknowns
from evaluator.findings import EvaluationError, Finding, allowed_values
from evaluator.rank.scaling import towards_best
from evaluator.result import ComponentResult, Evaluation, Judged, SourceRow, StackResult, WeightRow

__all__ = ["Explanation", "explain"]


def explain(
    evaluation: Evaluation, name: str, against: str | None = None, *, also: Sequence[str] = ()
) -> Explanation:
    """Why a stack, or a component within its role, stands where it does beside another.

    ``against`` is by default the winner, and for the winner the runner-up.  ``also`` are names of
    something else that may have been meant by one that nobody has.

    Raises
    ------
    EvaluationError
        When nobody has such a name, or the two do not compete for one role.
    """
    role = _role(evaluation, name, against, also)
    rows, contenders = alternatives(evaluation, role)
    if against == name:
        problem, remedy = f"{name!r} stands twice", "name another one, or leave --against out"
        raise EvaluationError(Finding("same-alternative", problem, None, remedy))
    if against is not None and against not in rows:
        raise _unknown(against, [key for key in rows if key != name])
    rival = against or _rival(evaluation, rows, contenders, name, role)
    columns = weights_of_run(evaluation, role)
    evidence = Evidence(evaluation)
    whole = problem_of_run(evaluation, role)
    panel = panel_of_run(evaluation, whole)
    known = {
        "as_of": evaluation.as_of,
        "criteria": evaluation.criteria,
        "attitude": evaluation.attitude,
        "kind": "component" if role else evaluation.subject,
        "role": role,
        "subject": _subject(evidence, rows[name]),
        "rule": evaluation.selection.rule if role is None else "",
        "tell_apart": evaluation.decision.tell_apart,
        "methods": [method.id for method, _ in panel.members],
        "left_out": [
            m.id
            for m in evaluation.methods
            if not m.refused and m.id not in {method.id for method, _ in panel.members}
        ],
        "snapshot": evaluation.inputs.get("snapshot", ""),
    }
    table = useful(whole)
    if rival is None or not panel.members or not table.criteria:
        return Explanation(
            **known,
            against=_subject(evidence, rows[rival]) if rival else None,
            decided_by="nothing" if rival is None else "tie",
            difference=None,
            contributions=[],
            weight_changes=[],
            value_changes=[],
            unknowns=[],
            sources=[],
        )
    names = list(rows)
    mine, other = names.index(name), names.index(rival)
    ranked = [i for i, n in enumerate(names) if n in {*contenders, name, rival}]
    contest = Contest(table, panel, ranked, mine, other)
    open_ = Contest(whole.columns(whole.weights > 0), panel, ranked, mine, other)
    alive = [w for w in columns if w.effective > 0]
    contributions = _contributions(evidence, contest, columns, rows, name, rival)
    cells = {
        n: [v for v, w in zip(r.values, columns, strict=True) if w.effective > 0]
        for n, r in rows.items()
    }
    return Explanation(
        **known,
        against=_subject(evidence, rows[rival]),
        decided_by=_decided_by(evaluation, rows[name], rows[rival], contest.ahead),
        difference=sum(c.points for c in contributions),
        contributions=contributions,
        weight_changes=_weight_changes(contest, columns),
        value_changes=_value_changes(open_, names, {c.criterion: c.unit for c in contributions}),
        unknowns=unknowns(open_, alive, cells, evidence.missing(alive)),
        sources=_sources(evidence, contributions),
    )


def _role(
    evaluation: Evaluation, name: str, against: str | None, also: Sequence[str]
) -> str | None:
    """None for stacks; for a component the role in which it has most to compete with."""
    if evaluation.find(name):
        return None
    entries = {role: [c.id for c in found] for role, found in evaluation.components.items()}
    roles = [r for r, ids in entries.items() if name in ids and (not against or against in ids)]
    if not roles:
        everybody = dict.fromkeys(c for ids in entries.values() for c in ids)
        if against and name in everybody:
            rivals = {c for ids in entries.values() if name in ids for c in ids} - {name}
            raise _unknown(against, sorted(rivals))
        raise _unknown(name, [*(s.id for s in evaluation.stacks), *everybody], also)
    return max(roles, key=lambda role: len(entries[role]))


def _unknown(typed: str, known: Sequence[str], also: Sequence[str] = ()) -> EvaluationError:
    remedy = allowed_values(typed, known, most=60, also=also)
    return EvaluationError(
        Finding("unknown-alternative", f"nothing to compare is called {typed!r}", None, remedy)
    )


def _rival(
    evaluation: Evaluation,
    rows: dict[str, Judged],
    contenders: list[str],
    name: str,
    role: str | None,
) -> str | None:
    selection = evaluation.selection
    best = [selection.winner, selection.runner_up] if role is None else contenders
    others = [key for key in [*best, *contenders, *rows] if key and key != name]
    return others[0] if others else None


def _subject(evidence: Evidence, row: Judged) -> Subject:
    ours = ("rank", "score", "score_low", "score_high", "first_rank_probability")
    shared = {field: getattr(row, field) for field in ours}
    failing = [x for x in row.lights if x.fails or x.colour in ("red", "black")]
    if isinstance(row, ComponentResult):
        return Subject(
            id=row.id, name=row.name, outcome="ranked", quality_rank=row.rank, effort_rank=None,
            effort=None, filters=[], only_by="", failing=failing, statements=[], **shared,
        )  # fmt: skip
    assert isinstance(row, StackResult)  # noqa: S101 - there are no others
    keys = [key for found in row.filters for key in found.facts]
    keys += [key for key in evidence.facts if key.startswith(f"stacks.{row.id}.effort.")]
    return Subject(
        id=row.id, name=row.name, outcome=row.outcome, quality_rank=row.quality_rank,
        effort_rank=row.effort_rank, effort=row.effort, filters=row.filters, only_by=row.only_by,
        failing=failing, statements=evidence.statements(keys), **shared,
    )  # fmt: skip


def _decided_by(
    evaluation: Evaluation, mine: Judged, other: Judged, ahead: int
) -> Literal["filters", "effort", "quality", "open", "tie"]:
    if isinstance(mine, StackResult) and isinstance(other, StackResult):
        if "removed" in (mine.outcome, other.outcome):
            return "filters"
        together = {mine.id, other.id} <= set(evaluation.selection.indistinguishable)
        rule = evaluation.decision.rule
        if rule == "least_effort" or (together and rule == "quality_then_effort"):
            return "effort"
        if together:
            return "open"
    return "quality" if ahead else "tie"


def _contributions(
    evidence: Evidence,
    contest: Contest,
    columns: list[WeightRow],
    rows: dict[str, Judged],
    name: str,
    rival: str,
) -> list[Contribution]:
    """One for each criterion, the largest first; one that tells nobody apart contributes 0."""
    problem, members = contest.problem, [method.id for method, _ in contest.panel.members]
    shares = dict(zip(problem.criteria, contest.contributions(), strict=True))
    scaled = dict(
        zip(problem.criteria, towards_best(problem.values, problem.maximise).T, strict=True)
    )
    nothing = np.zeros(len(members))
    found = []
    for j, column in enumerate(columns):
        heights = scaled.get(column.criterion, np.ones(len(rows)))
        points = shares.get(column.criterion, nothing)
        links = [evidence.links(column, rows[key], key) for key in (name, rival)]
        found.append(
            Contribution(
                **column.model_dump(exclude={"aggregate"}),
                where=evidence.where(f"criteria.criteria.{column.criterion}"),
                unit=rows[name].values[j].unit,
                mine=_side(rows[name], j, float(heights[contest.mine])),
                other=_side(rows[rival], j, float(heights[contest.other])),
                points=float(points.mean()),
                by_method=dict(zip(members, points.tolist(), strict=True)),
                links=merged(*links),
            )
        )
    return sorted(found, key=lambda c: (-abs(c.points), c.criterion))


def _side(row: Judged, j: int, scaled: float) -> Side:
    cell = row.values[j]
    return Side(
        value=point(cell),
        scaled=scaled,
        **cell.model_dump(include={"low", "high", "assumed", "via", "note"}),
    )


def _weight_changes(contest: Contest, columns: list[WeightRow]) -> list[WeightChange]:
    """For each criterion whose weight can turn the order, the smallest change first."""
    known = {w.criterion: w for w in columns}
    found = []
    for j, criterion in enumerate(contest.problem.criteria):
        column, share = known[criterion], float(contest.problem.weights[j])
        turns = contest.weight_that_turns(j)
        if turns is None:
            continue
        # odds of a share do not change when columns that tell nobody apart are counted in again
        factor = np.inf if turns >= 1 else (turns / (1 - turns)) / (share / (1 - share))
        typed = _share_times(column.typed, factor)
        found.append(
            WeightChange(
                criterion=criterion,
                effective=column.effective,
                needed=_share_times(column.effective, factor),
                typed=column.typed,
                typed_needed=typed,
                others_times=(1 - typed) / (1 - column.typed) if column.typed < 1 else 0.0,
            )
        )
    return sorted(found, key=lambda c: abs(c.needed - c.effective))


def _share_times(share: float, factor: float) -> float:
    """The share whose odds are so many times those of a share; 1 for infinitely many."""
    return float(share * factor / (1 - share + share * factor)) if factor < np.inf else 1.0


def _value_changes(
    contest: Contest,
    names: list[str],
    units: dict[str, str],
) -> list[ValueChange]:
    """For each criterion and each of the two; those inside an interval first, then by reach."""
    problem, found = contest.problem, []
    span = problem.high.max(axis=0) - problem.low.min(axis=0)
    for j, criterion in enumerate(problem.criteria):
        for i in (contest.mine, contest.other):
            needed = contest.value_that_turns(i, j)
            if needed is None:
                continue
            inside = problem.low[i, j] <= needed <= problem.high[i, j]
            value = float(problem.values[i, j])
            change = ValueChange(
                criterion=criterion,
                of=names[i],
                value=value,
                needed=needed,
                unit=units[criterion],
                within="interval" if inside else "column",
            )
            found.append((change, abs(needed - value) / span[j]))
    ordered = sorted(found, key=lambda f: (f[0].within == "column", f[1]))
    return [change for change, _ in ordered]


def _sources(evidence: Evidence, contributions: list[Contribution]) -> list[SourceRow]:
    named = dict.fromkeys(s for c in contributions for link in c.links for s in link.sources)
    return [evidence.sources[key] for key in sorted(named) if key in evidence.sources]
