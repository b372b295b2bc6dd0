"""Everything that can shake a ranking, asked one by one, so that none takes the others with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from evaluator.rank.consensus import MOST_KEMENY, consensus_orders, kendall_distance
from evaluator.rank.methods import Refusal, for_criteria, ranks
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Problem, Ranks
from evaluator.rank.reversal import reversals
from evaluator.rank.smaa import LARGEST, smaa
from evaluator.rank.sobol import sobol
from evaluator.rank.stability import End, stability
from evaluator.rank.tornado import tornado
from evaluator.rank.uncertainty import Inputs
from evaluator.result.robustness import (
    Acceptance,
    Examined,
    Orders,
    RankReversals,
    ReversalTrial,
    Robustness,
    SobolIndex,
    SobolIndices,
    TornadoBar,
    TornadoBars,
    WeightEnd,
    WeightInterval,
    WeightStability,
)

Found = TypeVar("Found", bound=Examined)


def assess(
    problem: Problem,
    panel: Panel,
    rng: np.random.Generator,
    *,
    spread: float = 0.5,
    draws: int = 10_000,
    inputs: Inputs | None = None,
    method_ranks: Mapping[str, Ranks] | None = None,
) -> Robustness:
    """All tests of a panel's ranking of the contenders.

    Parameters
    ----------
    problem, panel
        Who is judged on what, and by whom; the panel says how many of them are contenders.
    rng
        Must be one that can spawn others, as ``default_rng`` gives it.
    spread
        Share of itself by which each weight is varied, in tornado and Sobol indices.
    draws
        Draws of SMAA, whose weights are uniform on the simplex of the criteria that have a weight:
        one whose typed weight is 0 was said not to count, and gets none.
    inputs
        What the uncertain values depend on; without it every cell by itself.
    method_ranks
        Ranks of the contenders by each method, those without vectorised form included; without it
        the members of the panel are asked.
    """
    names = problem.alternatives[: panel.contenders]
    streams = rng.spawn(2)
    return Robustness(
        contenders=list(names),
        references=len(problem.alternatives) - len(names),
        panel=[method.id for method, _ in panel.members],
        orders=_isolated(Orders, lambda: _orders(problem, panel, names, method_ranks)),
        smaa=_isolated(
            Acceptance, lambda: _acceptance(problem, panel, names, streams[0], draws, inputs)
        ),
        stability=_isolated(WeightStability, lambda: _stability(problem, panel, names)),
        tornado=_isolated(TornadoBars, lambda: _tornado(problem, panel, names, spread, inputs)),
        sobol=_isolated(
            SobolIndices, lambda: _sobol(problem, panel, names, streams[1], spread, inputs)
        ),
        reversal=_isolated(RankReversals, lambda: _reversals(problem, panel, names)),
    )


def _isolated(kind: type[Found], examine: Callable[[], Found]) -> Found:
    """What was found, or why there is nothing."""
    try:
        with np.errstate(all="ignore"):  # what has no value is looked for, and said
            return examine()
    except Refusal as refusal:
        reason = f"{refusal.reason}; {refusal.remedy}" if refusal.remedy else refusal.reason
        return kind(outcome="not_applicable", reason=reason)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError, MemoryError) as error:
        return kind(outcome="error", reason=str(error) or type(error).__name__)


def _by_name(names: Sequence[str], values: Array | Ranks) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))


def _ranked(names: Sequence[str], order: Ranks) -> dict[str, int]:
    """Ranks by name, the first one first."""
    return {names[i]: int(order[i]) for i in np.argsort(order, kind="stable")}


def _orders(
    problem: Problem,
    panel: Panel,
    names: Sequence[str],
    method_ranks: Mapping[str, Ranks] | None,
) -> Orders:
    if method_ranks is None:
        indices = panel.indices(problem.values, problem.weights[None], problem.maximise)[:, 0]
        members = [method.id for method, _ in panel.members]
        method_ranks = {
            m: ranks(i) for m, i in zip(members, indices, strict=True) if np.isfinite(i).all()
        }
    if not method_ranks or len(names) < 2:
        raise Refusal("an order takes two alternatives and a method that answers")
    if len(names) > LARGEST:
        raise Refusal(f"{len(names)} alternatives: each would be compared with each other one")
    found = consensus_orders(np.stack(list(method_ranks.values())))
    return Orders(
        methods=list(method_ranks),
        borda=_ranked(names, found.borda),
        borda_scores=_by_name(names, found.borda_scores),
        copeland=_ranked(names, found.copeland),
        copeland_scores=_by_name(names, found.copeland_scores),
        kemeny={} if found.kemeny is None else _ranked(names, found.kemeny),
        kemeny_distance=found.kemeny_distance,
        kemeny_orders=found.kemeny_orders,
        kemeny_reason=""
        if found.kemeny is not None
        else f"not computed: exact up to {MOST_KEMENY} alternatives, and there are {len(names)}",
        condorcet=None if found.condorcet is None else names[found.condorcet],
        agree=found.agree,
        agreement=found.agreement,
        distances={
            a: {b: kendall_distance(one, other) for b, other in method_ranks.items()}
            for a, one in method_ranks.items()
        },
        text=agreement_text(found.agreement, len(method_ranks)),
    )


def agreement_text(agreement: float | None, methods: int) -> str:
    """Kendall's W in words; the bounds are ours."""
    if agreement is None:
        return "One method alone, or only ties: there is no agreement to speak of."
    if agreement > 1 - 1e-9:
        return f"The {methods} methods give the same order."
    for bound, word in ((0.9, "almost the same"), (0.7, "similar"), (0.4, "partly similar")):
        if agreement >= bound:
            return f"The {methods} methods give {word} orders (Kendall's W {agreement:.2f})."
    return f"The {methods} methods give unlike orders (Kendall's W {agreement:.2f})."


def _acceptance(
    problem: Problem,
    panel: Panel,
    names: Sequence[str],
    rng: np.random.Generator,
    draws: int,
    inputs: Inputs | None,
) -> Acceptance:
    if inputs is not None:  # they, and not the cells, say what is uncertain
        problem = problem.with_values(problem.values)
    elif (
        (problem.weights > 0).any() and not problem.weights.all()
    ):  # what was typed to count nothing is no preference to draw
        problem = problem.columns(problem.weights > 0)
        members = tuple((m, for_criteria(p, problem.criteria)) for m, p in panel.members)
        panel = replace(panel, members=members)
    sample = inputs.sample if inputs is not None and inputs.inputs else None
    found = smaa(problem, panel, rng, draws, sample=sample)
    return Acceptance(
        rank_acceptability=dict(zip(names, found.acceptability.tolist(), strict=True)),
        central_weights={
            name: {} if weights is None else _by_name(problem.criteria, weights)
            for name, weights in zip(names, found.central_weights, strict=True)
        },
        confidence={
            name: float(share) if np.isfinite(share) else None
            for name, share in zip(names, found.confidence, strict=True)
        },
        pairwise_winning={
            name: _by_name(names, row) for name, row in zip(names, found.beats, strict=True)
        },
        draws=found.draws,
        unanswered=found.unanswered,
        confidence_draws=found.confidence_draws,
    )


def _stability(problem: Problem, panel: Panel, names: Sequence[str]) -> WeightStability:
    able = panel.able(problem, _ends(problem.weights))
    able = able if able.members else panel
    found = stability(problem, able)
    smallest = found.smallest

    def end(at: End) -> WeightEnd:
        takes_over = [names[i] for i in at.takes_over]
        return WeightEnd(weight=at.weight, takes_over=takes_over, returns=at.returns)

    return WeightStability(
        leader=names[found.leader],
        tied=[names[i] for i in found.tied],
        exact=found.exact,
        intervals=[
            WeightInterval(
                criterion=problem.criteria[i.criterion],
                weight=i.weight,
                lower=end(i.lower),
                upper=end(i.upper),
            )
            for i in found.intervals
        ],
        smallest=problem.criteria[smallest.criterion] if smallest else "",
        smallest_change=smallest.margin if smallest else None,
        left_out=[m.id for m, _ in panel.members if all(m is not a for a, _ in able.members)],
    )


def _ends(weights: Array) -> Array:
    """Each weight at 1 and, the others in their ratios, at 0; ``(draws, criteria)``."""
    alone = np.eye(len(weights))
    without = weights * (1 - alone)
    some = without.sum(axis=1) > 0
    return np.concatenate([alone, without[some] / without[some].sum(axis=1, keepdims=True)])


def _tornado(
    problem: Problem, panel: Panel, names: Sequence[str], spread: float, inputs: Inputs | None
) -> TornadoBars:
    found = tornado(problem, panel, spread=spread, inputs=inputs)

    def named(leader: int) -> str:
        return "" if leader == found.winner else names[leader]

    return TornadoBars(
        winner=names[found.winner],
        margin=found.margin,
        spread=spread,
        bars=[
            TornadoBar(
                kind=bar.kind,
                criterion=bar.criterion,
                of=bar.of,
                low=bar.low,
                high=bar.high,
                margin_low=bar.margin_low,
                margin_high=bar.margin_high,
                leader_low=named(bar.leader_low),
                leader_high=named(bar.leader_high),
            )
            for bar in found.bars
        ],
        left_out=found.left_out,
        unanswered=found.unanswered,
    )


def _sobol(
    problem: Problem,
    panel: Panel,
    names: Sequence[str],
    rng: np.random.Generator,
    spread: float,
    inputs: Inputs | None,
) -> SobolIndices:
    seed = int(rng.integers(2**31))
    found = sobol(problem, panel, seed, spread=spread, inputs=inputs)
    return SobolIndices(
        winner=names[found.winner],
        mean=found.mean,
        deviation=found.deviation,
        spread=spread,
        points=found.points,
        runs=found.runs,
        grouped=found.grouped,
        left_out=found.left_out,
        indices=[SobolIndex(**vars(row)) for row in found.rows],
    )


def _reversals(problem: Problem, panel: Panel, names: Sequence[str]) -> RankReversals:
    found = reversals(problem, panel)
    return RankReversals(
        tried=len(found.trials),
        pairs=found.pairs,
        trials=[
            ReversalTrial(
                change=trial.change,
                of="" if trial.of is None else names[trial.of],
                method=trial.method,
                flips=[(names[flip.ahead], names[flip.behind]) for flip in trial.flips],
                winner_changes=trial.winner_changes,
                answered=trial.answered,
            )
            for trial in found.trials
            if trial.flips or not trial.answered
        ],
    )
