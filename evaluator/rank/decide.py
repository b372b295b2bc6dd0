"""Anybody's decision: every method asked alone, then all of them together.

Methods that answer vote for the consensus.  Those of them that have a vectorised form make up the
panel that is asked again under other weights and values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evaluator.findings import EvaluationError, Finding, allowed_values
from evaluator.rank.consensus import consensus
from evaluator.rank.group import GroupDecision, Stakeholder
from evaluator.rank.group import decide as decide_together
from evaluator.rank.hierarchy import GlobalWeight
from evaluator.rank.methods import (
    Judgement,
    Method,
    Refusal,
    all_methods,
    find_method,
    judge,
    parameters_of,
    ranks,
)
from evaluator.rank.panel import Panel
from evaluator.rank.prepared import prepare
from evaluator.rank.problem import Array, Problem, Ranks
from evaluator.rank.robustness import assess
from evaluator.rank.smaa import Smaa, smaa
from evaluator.result.robustness import Robustness
from evaluator.study.decision import Decision, DecisionFile

DEFAULT = ("topsis", "vikor", "saw", "weighted_product", "promethee_ii", "copras", "edas")
"""Methods when none is named: they scale columns themselves and need nothing but the table."""
ALL = "all"

PAIRWISE = frozenset({"promethee_ii", "codas", "probid", "simplified_probid"})
"""Methods whose cost grows with the square of the alternatives."""
MOST = 200
"""Alternatives that simulations rank: of more, the first by consensus, while the others only span
the scales (ours; what is kept of each grows with the square)."""
BUDGET = 300_000_000
"""Cells, or differences between pairs, that may be looked at in one simulation (ours)."""
LEAST_DRAWS = 1000


@dataclass(frozen=True)
class Chosen:
    """A method as typed, with all its parameters, and those that were typed."""

    name: str
    method: Method
    parameters: Mapping[str, Any]
    typed: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Decided:
    """A decision with all that was found; arrays are in the order of the problem."""

    decision: Decision
    problem: Problem
    paths: Mapping[str, GlobalWeight]
    """How each typed weight follows from its groups; empty for weights from elsewhere."""
    judgements: Mapping[str, Judgement]
    """By name as typed."""
    removed: Mapping[str, str]
    """Alternatives that were left out, and why."""
    notes: tuple[str, ...]
    ranks: Ranks | None = None
    """Consensus of the methods that answered; None if none did."""
    mean: Array | None = None
    """Mean over these methods of their index towards 1."""
    panel: tuple[str, ...] = ()
    """Names of the methods that took part in simulations."""
    contenders: tuple[str, ...] = ()
    """Alternatives that simulations ranked, in the order of ``around``."""
    robustness: Robustness | None = None
    around: Smaa | None = None
    """With each typed weight varied by up to the file's spread."""
    group: GroupDecision | None = None

    @property
    def first_rank(self) -> dict[str, float]:
        """Share of the draws around the typed weights in which each contender is first."""
        if self.around is None:
            return {}
        shares = self.around.acceptability[:, 0].tolist()
        return dict(zip(self.contenders, shares, strict=True))

    @property
    def winners(self) -> tuple[str, ...]:
        """Who is first by consensus; several when they tie."""
        if self.ranks is None:
            return ()
        return tuple(self.problem.alternatives[i] for i in np.flatnonzero(self.ranks == 1))

    @property
    def ranking(self) -> pd.DataFrame:
        """Ranks by consensus and by each method that answered, the best first."""
        found = {"consensus": self.ranks} | {
            name: judgement.ranks for name, judgement in self.judgements.items()
        }
        columns = {name: order for name, order in found.items() if order is not None}
        frame = pd.DataFrame(columns, index=pd.Index(self.problem.alternatives, name="alternative"))
        return frame.sort_values("consensus", kind="stable") if columns else frame


def decide(file: DecisionFile, typed: Sequence[str] = ()) -> Decided:
    """Decide by the methods that are named, else by the file's, else by :data:`DEFAULT`.

    ``all`` stands for every method.  A method keeps the parameters that the file gives it.

    Raises
    ------
    EvaluationError
        With all that is wrong: a method or parameter that nobody knows, weights, gaps or filters
        that leave nothing to decide.
    """
    decision = file.decision
    prepared = prepare(file)
    problem, notes = prepared.problem, prepared.notes
    # judgements name all alternatives, those that filters removed as well
    chosen = _chosen(file, typed, replace(problem, alternatives=tuple(decision.alternatives)))
    judgements = {c.name: judge(problem, c.method, c.parameters) for c in chosen}
    answered = {
        c.name: judgements[c.name]
        for i, c in enumerate(chosen)
        if judgements[c.name].scores is not None
        and all((c.method.id, c.typed) != (o.method.id, o.typed) for o in chosen[:i])
    }
    notes += tuple(_observations(problem, decision, judgements, answered))
    if not answered:
        return Decided(decision, problem, prepared.paths, judgements, prepared.removed, notes)
    mean = np.mean(
        [
            j.method.towards_one(j.scores, j.parameters)
            for j in answered.values()
            if j.scores is not None
        ],
        axis=0,
    )
    places = {name: j.ranks for name, j in answered.items() if j.ranks is not None}
    order = consensus(np.stack(list(places.values())), mean)
    able, draws, more = _able(problem, answered, decision.draws)
    field = _field(order)
    panel = Panel(tuple((j.method, j.parameters) for j in able.values()), min(MOST, len(order)))
    robustness, around, group = None, None, None
    if panel.members:
        streams = np.random.default_rng([decision.seed, 3]).spawn(2)
        asked = problem.rows(field)
        robustness = assess(
            asked,
            panel,
            streams[0],
            spread=decision.weight_spread,
            draws=draws,
            method_ranks={
                name: ranks(-r[field[:MOST]].astype(float)) for name, r in places.items()
            },
        )
        around = _around(asked, panel, streams[1], draws, decision.weight_spread)
        group, said = _group(file, problem.rows(field[:MOST]), Panel(panel.members))
        more += said
    return Decided(
        decision=decision,
        problem=problem,
        paths=prepared.paths,
        judgements=judgements,
        ranks=order,
        mean=mean,
        panel=tuple(able),
        contenders=tuple(problem.alternatives[i] for i in field[:MOST]),
        robustness=robustness,
        around=around,
        group=group,
        removed=prepared.removed,
        notes=notes + more,
    )


# --- methods -------------------------------------------------------------------------------------


def _chosen(file: DecisionFile, typed: Sequence[str], problem: Problem) -> list[Chosen]:
    known, given = all_methods(), file.decision.methods
    written = file.document.data.get("methods")
    listed = written if isinstance(written, list) else []
    names = [typed_name for name in typed or given or DEFAULT for typed_name in _expanded(name)]
    findings: list[Finding] = []
    chosen = []
    for name in dict.fromkeys(names):
        loc = ("methods", listed.index(name) if name in listed else name)
        method = find_method(name)
        if method is None:
            if not typed and not given:
                continue  # a default that this version does not have
            remedy = allowed_values(name, (*known, ALL), most=60)
            message = f"unknown method {name!r}"
            findings.append(
                Finding("unknown-method", message, None, remedy)
                if name in typed
                else file.document.finding("unknown-method", loc, message, remedy, key=True)
            )
            continue
        own = next((n for n in given if n == name), None) or next(
            (n for n in given if find_method(n) == method), name
        )
        parameters, wrong = parameters_of(method, given.get(own, {}), problem)
        findings += [
            file.document.finding(
                "method-parameter", ("methods", own, key), f"{name}, parameter {key!r}: {text}"
            )
            for key, text in wrong
        ]
        chosen.append(Chosen(name, method, parameters, given.get(own, {})))
    if findings:
        raise EvaluationError(findings)
    return chosen


def _expanded(name: str) -> list[str]:
    return list(all_methods()) if name.casefold() == ALL else [name]


def _observations(
    problem: Problem,
    decision: Decision,
    judgements: Mapping[str, Judgement],
    answered: Mapping[str, Judgement],
) -> Iterator[str]:
    if len(problem.alternatives) == 1:
        yield f"{problem.alternatives[0]} is the only alternative, so its rank says nothing."
    else:
        level = np.ptp(problem.values, axis=0) == 0
        if level.all():
            yield "All alternatives are equal on every criterion: no method can tell them apart."
        else:
            for j in np.flatnonzero(level):
                yield (
                    f"{problem.criteria[j]} is equal for all alternatives, so it tells none apart."
                )
    if len(problem.criteria) == 1:
        yield "There is only one criterion: its order decides, and its weight means nothing."
    if nothing := [c for c, w in zip(problem.criteria, problem.weights, strict=True) if w == 0]:
        yield (
            f"{', '.join(nothing)} of weight 0: SMAA, which knows nothing else of the weights, "
            "gives none to it either; weight stability says what would change if it counted."
        )
    for name, judgement in judgements.items():
        if judgement.scores is not None and name not in answered:
            yield f"{name} is a method that was named before, so it counts once."
    for name, somebody in decision.stakeholders.items():
        silent = [c for c in problem.criteria if c not in somebody.weights]
        if silent:
            yield f"{name} gives no weight to {', '.join(silent)}, so it counts 0 for them."


# --- simulations ---------------------------------------------------------------------------------


def _field(order: Ranks) -> list[int]:
    """All alternatives as they stand; where they are too many to simulate, the first ones first."""
    if len(order) <= MOST:
        return list(range(len(order)))
    return [int(i) for i in np.argsort(order, kind="stable")]


def _able(
    problem: Problem, answered: Mapping[str, Judgement], draws: int
) -> tuple[Mapping[str, Judgement], int, tuple[str, ...]]:
    """The methods that simulations ask, how many draws they afford, and what was cut."""
    count, width = problem.shape
    able = {name: j for name, j in answered.items() if j.method.many is not None}
    pairs = count * count * width
    slow = [name for name, j in able.items() if j.method.id in PAIRWISE]
    others = len(able) > len(slow)
    if pairs * (draws if others else LEAST_DRAWS) <= BUDGET:
        slow = []
    notes = []
    if unable := [name for name in answered if name not in able]:
        notes.append(f"Not in simulations, for want of a vectorised form: {', '.join(unable)}.")
    if slow:
        notes.append(
            f"Not in simulations, because {count} alternatives make too many pairs: "
            f"{', '.join(slow)}."
        )
        able = {name: j for name, j in able.items() if name not in slow}
    # one without an answer would leave all of them without one in that draw
    for everywhere in (True, False):
        whole = {n: j for n, j in able.items() if _answers_drawn(problem, j, everywhere)}
        if whole:
            break
    if whole and len(whole) < len(able):
        where = "has all of the weight or none, or a value stands at an end of its interval"
        notes.append(
            f"Not in simulations, because they have no answer where a criterion {where}: "
            f"{', '.join(name for name in able if name not in whole)}."
        )
        able = whole
    if count > MOST:
        notes.append(
            f"Simulations rank the first {MOST} of {count} alternatives by consensus; the others "
            "only span the scales."
        )
    paired = any(j.method.id in PAIRWISE for j in able.values()) and not others
    per_draw = pairs if paired else count * width * len(able)
    affordable = max(BUDGET // max(per_draw, 1), LEAST_DRAWS)
    if affordable < draws:
        notes.append(f"{affordable} draws instead of {draws}, because the table is large.")
    return able, min(draws, affordable), tuple(notes)


def _answers_drawn(problem: Problem, judgement: Judgement, everywhere: bool) -> bool:
    """Whether a method has an index at both ends of all intervals: under the typed and equal
    weights, and ``everywhere`` under the extreme ones too, through which simulations pass.
    """
    width = len(problem.criteria)
    weights = np.stack([problem.weights, np.full(width, 1 / width)])
    if everywhere:
        alone = np.eye(width)
        extremes = np.concatenate([alone, (1 - alone) / (width - 1)]) if width > 1 else alone
        weights = np.concatenate([weights, extremes])
    panel = Panel(((judgement.method, judgement.parameters),))
    best = np.where(problem.maximise, problem.high, problem.low)
    worst = np.where(problem.maximise, problem.low, problem.high)
    ends = [problem.low, problem.high, best, worst] if problem.uncertain else []
    return all(panel.able(problem.with_values(t), weights).members for t in [problem.values, *ends])


def _around(
    problem: Problem, panel: Panel, rng: np.random.Generator, draws: int, spread: float
) -> Smaa | None:
    """None where the draws cannot be kept or have no answer; robustness then says why."""
    try:
        with np.errstate(all="ignore"):
            return smaa(problem, panel, rng, draws, weights=spread)
    except (Refusal, ValueError, ArithmeticError, MemoryError):
        return None


def _group(
    file: DecisionFile, problem: Problem, panel: Panel
) -> tuple[GroupDecision | None, tuple[str, ...]]:
    """What stakeholders decide by the methods that can answer under everybody's weights."""
    people = [Stakeholder(n, s.weights, s.share) for n, s in file.decision.stakeholders.items()]
    if not people:
        return None, ()
    weights = np.array([[p.weights.get(c, 0.0) for c in problem.criteria] for p in people])
    weights /= weights.sum(axis=1, keepdims=True)
    able = panel.able(problem, weights)
    notes = []
    if unable := [m.id for m, _ in panel.members if all(m is not a for a, _ in able.members)]:
        notes.append(
            f"{', '.join(unable)} cannot take the weights of every stakeholder, and is left "
            "out of the group's decision."
        )
    with np.errstate(all="ignore"):
        return (decide_together(problem, people, able) if able.members else None), tuple(notes)
