"""Select: quality ranks and efforts in, the final order of stacks and the reason out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluator.rank import Ranking
from evaluator.result import Selection
from evaluator.score import Scores
from evaluator.study.model import Study


@dataclass(frozen=True)
class Order:
    """Stacks in their final order, their ranks by effort if known, and what was decided."""

    final: list[str]
    effort_ranks: dict[str, int]
    selection: Selection


RULES: Mapping[str, str] = {
    "quality": "Among the stacks that are left, the best in quality wins.",
    "quality_then_effort": "Among the stacks that the uncertainty cannot tell apart from the best "
    "in quality, the one with the least effort wins.",
    "least_effort": "Among the stacks that meet the need and the state, the one with the least "
    "effort wins (Lazy User Model).",
}


def select(study: Study, scores: Scores, ranking: Ranking) -> Order:
    """Apply the criteria file's decision rule."""
    decision = study.criteria.decision
    effort = {key: scores.efforts[key].median for key in ranking.names if key in scores.efforts}
    by_effort = sorted(effort, key=lambda key: (effort[key], key))
    effort_ranks = {key: 1 + sum(effort[o] < effort[key] for o in effort) for key in by_effort}
    by_quality = _by_quality(ranking)
    close = _indistinguishable(by_quality, ranking, decision.tell_apart)
    if decision.rule == "least_effort":
        final = by_effort
    elif decision.rule == "quality":
        final = by_quality
    else:
        near = sorted(close, key=lambda key: (effort[key], key))
        final = near + [key for key in by_quality if key not in close]
    selection = Selection(
        winner=final[0] if final else None,
        runner_up=final[1] if len(final) > 1 else None,
        rule=RULES[decision.rule].replace("stacks", f"{study.subject}s"),
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
    organisation = study.site.organisation.name if study.site else ""
    trail = _trail(study, scores)
    if not final:
        whom = f" for {organisation}" if organisation else ""
        return (
            f"No {study.subject} is left{whom}. {trail} "
            f"The table of removed {study.subject}s names what each lacks."
        )
    winner, rule = final[0], study.criteria.decision.rule
    name = study.stacks[winner].name
    near = _listed([f"“{study.stacks[k].name}”" for k in close if k != winner])
    if rule == "quality" and near:
        sentences = [f"“{name}” stands first, but the data do not tell it from {near}.", trail]
    else:
        advice = f"{organisation} should take {name}." if organisation else f"Take {name}."
        sentences = [advice, trail]
    if rule == "quality" and len(final) > 1 and not np.isfinite(ranking.score).any():
        return (
            f"Nothing that is known tells the {len(final)} {study.subject}s apart, so {name} only "
            f"stands first in the alphabet. {trail}"
        )
    if len(final) == 1:
        sentences.append("It is the only one left, so nothing had to be compared.")
    elif rule == "least_effort":
        share = scores.efforts[winner].least_probability
        place = int(ranking.rank[ranking.names.index(winner)])
        sentences.append(
            f"Of the {len(final)} that are left it asks the least effort, in {percent(share)} of "
            f"the draws of hours and prices; in quality it ranks {place}."
        )
    else:
        decision = study.criteria.decision
        sentences.append(_quality(ranking, winner, decision.draws, len(study.stacks)))
        if near and rule == "quality":
            others = "each of these" if len(close) > 2 else "the other"
            sentences.append(
                f"It outranks {others} in less than {percent(decision.tell_apart)} of them, so "
                "the order is open."
            )
        elif near:
            sentences.append(
                f"The data cannot tell it apart from {near} in quality (the best outranks the rest "
                f"in less than {percent(decision.tell_apart)} of the draws), so least effort "
                "decided."
            )
    sentences += _money(study, scores, winner)
    if len(final) > 1:
        sentences.append(_next_best(study, scores, winner, final[1]))
    return " ".join(sentences)


CAUSES: Mapping[str, tuple[str, str]] = {
    "need": ("lacks a required function", "lack a required function"),
    "state": ("does not fit the organisation", "do not fit the organisation"),
    "semaphore": ("rests on a part with a failing light", "rest on a part with a failing light"),
}


def _trail(study: Study, scores: Scores) -> str:
    considered, subjects = len(study.stacks), f"{study.subject}s"
    counts: Counter[str] = Counter(removal.stage for removal in scores.removed.values())
    if not counts:
        criteria = study.criteria
        passed = [
            said
            for said, asked in (
                ("meet the need", criteria.need),
                ("fit the organisation", study.site),
                ("pass the lights", [s for s in criteria.semaphores if s.mandatory]),
            )
            if asked
        ]
        if not passed:
            return "No filter was set."
        return f"All {considered} {subjects} {_listed(passed)}."
    fallen = [
        f"{counts[stage]} {phrases[counts[stage] > 1]}"
        for stage, phrases in CAUSES.items()
        if counts[stage]
    ]
    return f"Of {considered} {subjects}, {_listed(fallen)}."


def _quality(ranking: Ranking, winner: str, draws: int, considered: int) -> str:
    index, count = ranking.names.index(winner), len(ranking.names)
    left = f"the {count} that are left" if count < considered else f"the {count}"
    if not np.isfinite(ranking.score[index]):
        return f"On the criteria {left} are equal."
    share = float(ranking.acceptability[index, 0])
    often = f"all {grouped(draws)}" if share == 1 else f"{percent(share)} of {grouped(draws)}"
    place = int(ranking.rank[index])
    ranks = "first" if place == 1 else f"{place} of {count}"
    return (
        f"Among {left} it ranks {ranks} in quality, and it comes first in {often} draws of "
        "weights and uncertain values."
    )


def _money(study: Study, scores: Scores, winner: str) -> list[str]:
    effort, rule = scores.efforts.get(winner), study.criteria.effort
    if effort is None or rule is None:
        return []
    years = rule.horizon_years.value
    span = f"{years.low:g}" if years.low == years.high else f"{years.low:g} to {years.high:g}"
    return [
        f"Over {span} years its effort (money, work and mental load, our estimate) is between "
        f"{grouped(effort.low)} and {grouped(effort.high)} EUR."
    ]


def _next_best(study: Study, scores: Scores, winner: str, runner_up: str) -> str:
    name = study.stacks[runner_up].name
    efforts = scores.efforts
    if efforts and efforts[winner].median == efforts[runner_up].median:
        return f"The next best is {name}, which asks the same effort."
    return f"The next best is {name}."


def grouped(number: float) -> str:
    """A whole number with narrow spaces between thousands."""
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(share: float) -> str:
    """A share as a whole percentage; only 0 and 1 themselves are 0 % and 100 %."""
    whole = round(share * 100)
    sign, shown = "", whole
    if whole == 100 and share < 1:
        sign, shown = "more than ", 99
    elif whole == 0 and share > 0:
        sign, shown = "less than ", 1
    return f"{sign}{shown}\N{NARROW NO-BREAK SPACE}%"


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]
