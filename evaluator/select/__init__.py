"""Select: quality ranks and efforts in, the final order of stacks and the reason out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluator.rank import Ranking
from evaluator.result import Selection
from evaluator.score import Scores
from evaluator.study.model import Study


@dataclass(frozen=True)
class Order:
    """Stacks in their final order, their ranks by effort, and what was decided."""

    final: list[str]
    effort_ranks: dict[str, int]
    selection: Selection


RULES: Mapping[str, str] = {
    "quality_then_effort": "Among the stacks that the uncertainty cannot tell apart from the best "
    "in quality, the one with the least effort wins.",
    "least_effort": "Among the stacks that meet the need and the state, the one with the least "
    "effort wins (Lazy User Model).",
}


def select(study: Study, scores: Scores, ranking: Ranking) -> Order:
    """Apply the criteria file's decision rule."""
    decision = study.criteria.decision
    effort = {key: scores.efforts[key].median for key in ranking.names}
    by_effort = sorted(ranking.names, key=lambda key: (effort[key], key))
    effort_ranks = {key: 1 + sum(effort[o] < effort[key] for o in effort) for key in by_effort}
    by_quality = _by_quality(ranking)
    close = _indistinguishable(by_quality, ranking, decision.tell_apart)
    if decision.rule == "least_effort":
        final = by_effort
    else:
        near = sorted(close, key=lambda key: (effort[key], key))
        final = near + [key for key in by_quality if key not in close]
    selection = Selection(
        winner=final[0] if final else None,
        runner_up=final[1] if len(final) > 1 else None,
        rule=RULES[decision.rule],
        indistinguishable=close if len(close) > 1 else [],
        reason=_reason(study, scores, ranking, final, close),
    )
    return Order(final, effort_ranks, selection)


def _by_quality(ranking: Ranking) -> list[str]:
    places = {name: i for i, name in enumerate(ranking.names)}
    return sorted(
        ranking.names,
        key=lambda n: (ranking.rank[places[n]], -ranking.acceptability[places[n], 0], n),
    )


def _indistinguishable(by_quality: list[str], ranking: Ranking, threshold: float) -> list[str]:
    """The best, and all that it does not outrank in at least ``threshold`` of the draws."""
    if not by_quality:
        return []
    places = {name: i for i, name in enumerate(ranking.names)}
    best = places[by_quality[0]]
    return [
        name
        for name in by_quality
        if places[name] == best or ranking.beats[best, places[name]] < threshold
    ]


def _reason(
    study: Study, scores: Scores, ranking: Ranking, final: list[str], close: list[str]
) -> str:
    """One paragraph that a manager understands; every figure in it comes from the result."""
    organisation = study.site.organisation.name
    out = len(scores.removed)
    considered = len(study.stacks)
    if not final:
        stages = sorted({removal.stage for removal in scores.removed.values()})
        return (
            f"None of the {considered} stacks is left for {organisation}: all were removed by the "
            f"filters of {_listed(stages)}. The table of removed stacks names what each lacks."
        )
    winner = study.stacks[final[0]]
    index = ranking.names.index(final[0])
    share = float(ranking.acceptability[index, 0])
    effort = scores.efforts[final[0]]
    sentences = [
        f"{organisation} should take {winner.name}.",
        f"Of {considered} stacks, {out} fell because they do not meet a required function, "
        f"do not fit the organisation, or rest on a component with a failing light."
        if out
        else f"All {considered} stacks meet the need and the state.",
    ]
    if len(final) == 1:
        sentences.append("It is the only one left, so no comparison of quality was needed.")
        sentences.append(_money(effort.low, effort.high))
        return " ".join(sentences)
    runner_up = study.stacks[final[1]]
    place = int(ranking.rank[index])
    sentences.append(
        f"Among the {len(final)} left it takes place {place} in quality, and it comes first in "
        f"{share:.0%} of the draws in which weights and uncertain values are varied."
    )
    if study.criteria.decision.rule == "least_effort":
        sentences.append(
            f"It asks the least effort in {effort.least_probability:.0%} of the draws."
        )
    elif len(close) > 1:
        names = _listed([study.stacks[k].name for k in close if k != final[0]])
        sentences.append(
            f"The data cannot tell it apart from {names} in quality, so the least effort decided."
        )
    sentences.append(_money(effort.low, effort.high))
    sentences.append(f"The next best is {runner_up.name}.")
    return " ".join(sentences)


def _money(low: float, high: float) -> str:
    return (
        f"Over the horizon its effort (money, work and mental load, our estimate) is between "
        f"{low:,.0f} and {high:,.0f} EUR."
    )


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]
