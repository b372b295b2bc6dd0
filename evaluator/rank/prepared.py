"""From a decision file to a problem: weights, gaps and filters as the file states them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from evaluator.findings import EvaluationError
from evaluator.rank.hierarchy import BadTree, Branch, GlobalWeight, global_weights
from evaluator.rank.methods import Refusal, find_method
from evaluator.rank.missing import Cell, complete
from evaluator.rank.pairwise import Priorities
from evaluator.rank.preparation import Limit, screen
from evaluator.rank.problem import Problem
from evaluator.rank.weighting import judged_weights, weigh
from evaluator.study.decision import AHP, Criterion, Decision, DecisionFile

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A problem that methods can be asked, and how it came from the file."""

    problem: Problem
    paths: Mapping[str, GlobalWeight]
    removed: Mapping[str, str]
    notes: tuple[str, ...]


def prepare(file: DecisionFile) -> Prepared:
    """The problem that a file states.

    Raises
    ------
    EvaluationError
        When weights, gaps or filters leave nothing to decide.
    """
    decision, leaves = file.decision, file.decision.leaves
    weights, paths, cautions = _typed_weights(file)
    cells = [
        [Cell() if (c := row.get(n)) is None else Cell(c.value, c.low, c.high) for n in leaves]
        for row in decision.alternatives.values()
    ]
    judged = _judged(file)
    for j, name in enumerate(leaves):
        if name in judged and all(row[j].missing for row in cells):
            for row, value in zip(cells, judged[name].values, strict=True):
                row[j] = Cell(value)
        else:
            judged.pop(name, None)
    completed = _or_finding(
        file,
        ("missing",),
        lambda: complete(
            cells,
            alternatives=list(decision.alternatives),
            criteria=list(leaves),
            maximise=[name in judged or c.direction == "max" for name, c in leaves.items()],
            weights=weights,
            policy=decision.missing,
        ),
    )
    limits = [Limit(name, f.at_least, f.at_most) for name, f in decision.filters.items()]
    screened = _or_finding(file, ("filters",), lambda: screen(completed.problem, limits))
    removed = dict.fromkeys(completed.dropped, "a value is missing") | dict(screened.removed)
    problem = screened.problem
    if decision.weights != "typed":
        found = _or_finding(file, ("weights",), lambda: weigh(problem, decision.weights))
        problem = problem.with_weights(found)
    notes = [f"{name} was not measured; AHP's priorities stand for its values." for name in judged]
    return Prepared(
        problem,
        paths,
        MappingProxyType(removed),
        (*cautions, *notes, *completed.notes, *screened.notes),
    )


def _ahp(decision: Decision) -> tuple[str, Mapping[str, Any]]:
    """Name and typed parameters of AHP; nothing where the file does not have it."""
    for name, typed in decision.methods.items():
        method = find_method(name)
        if method is not None and method.id == AHP:
            return name, typed
    return "", {}


def _judged(file: DecisionFile) -> dict[str, Priorities]:
    """Priorities of the alternatives on each criterion on which AHP judges them."""
    name, typed = _ahp(file.decision)
    given = typed.get("alternatives")
    found = {}
    for criterion, judgements in given.items() if isinstance(given, dict) else ():
        loc = ("methods", name, "alternatives", criterion)
        found[criterion] = _priorities(file, loc, judgements, list(file.decision.alternatives))
    return found


def _priorities(
    file: DecisionFile, loc: tuple[str, ...], judgements: Any, names: Sequence[str]
) -> Priorities:
    try:
        return judged_weights(judgements, names)
    except ValueError as error:
        problem = f"{'.'.join(map(str, loc))}: {error}"
        raise EvaluationError(file.document.finding("bad-judgements", loc, problem)) from error


def _or_finding(file: DecisionFile, loc: tuple[str, ...], ask: Callable[[], T]) -> T:
    try:
        return ask()
    except Refusal as refusal:
        found = file.document.finding(f"no-{loc[0]}", loc, refusal.reason, refusal.remedy)
        raise EvaluationError(found) from refusal


def _typed_weights(
    file: DecisionFile,
) -> tuple[list[float], Mapping[str, GlobalWeight], tuple[str, ...]]:
    """Weights of the criteria: down the tree, or those of the stakeholders together.

    With the paths that explain them, and what is inconsistent in judgements between criteria.
    """
    decision = file.decision
    if decision.weights not in ("typed", "rancom"):
        return [1.0] * len(decision.leaves), {}, ()
    name, ahp = _ahp(decision)
    if ahp.get("criteria") is not None and not _weighed(decision.criteria):
        place = ("methods", name, "criteria")
        return list(_priorities(file, place, ahp["criteria"], list(decision.leaves)).values), {}, ()
    if decision.stakeholders and not _weighed(decision.criteria):
        whole = sum(s.share for s in decision.stakeholders.values())
        together = dict.fromkeys(decision.leaves, 0.0)
        for somebody in decision.stakeholders.values():
            total = sum(somebody.weights.values())
            for name, weight in somebody.weights.items():
                together[name] += weight / total * somebody.share / whole
        return list(together.values()), {}, ()
    top = Branch("", children=_branches(decision.criteria), judgements=decision.judgements)
    try:
        tree = global_weights((top,))
    except BadTree as wrong:
        findings = []
        for path, problem in wrong.problems:
            loc = [step for name in path[1:] for step in ("criteria", name)]
            hint = ""
            if "judgement" in problem:
                hint = (
                    "judgements: {price: {speed: 3, size: 1/2}} says price counts three times speed"
                )
            findings.append(file.document.finding("bad-weights", loc, problem, hint, key=True))
        raise EvaluationError(findings) from wrong
    paths = {w.name: w for w in tree.weights if len(w.path) > 2}
    return [w.weight for w in tree.weights], paths, tree.cautions()


def _branches(level: Mapping[str, Criterion]) -> tuple[Branch, ...]:
    return tuple(
        Branch(
            name,
            0.0 if c.weight is None else c.weight,
            None if c.criteria is None else _branches(c.criteria),
            c.judgements,
        )
        for name, c in level.items()
    )


def _weighed(level: Mapping[str, Criterion]) -> bool:
    return any(c.weight is not None or _weighed(c.criteria or {}) for c in level.values())
