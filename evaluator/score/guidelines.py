"""The SME guide's guidelines (chapter 5) as a checklist that each run answers from its own data.

A guideline of the criteria file names a ``check``; here is what each check looks at.  A check says
``open`` where only people can answer, and ``not met`` where the data speak against the guideline.
The guidelines are the guide's; how a run answers them is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from evaluator.result import Evaluation, StackResult
from evaluator.result.daffara import GuidelineRow, Status
from evaluator.score.lazy_user import components, known_share, reuse, skills_of
from evaluator.study.criteria import Guideline
from evaluator.study.fact import Interval
from evaluator.study.model import Study


class Answer(NamedTuple):
    status: Status
    text: str


Check = Callable[[Study, Evaluation], Answer]
CHECKS: dict[str, Check] = {}

STABLE, FUNCTION = ("stability", "survivability"), ("function",)
"""Groups of criteria that stand for the two sides of "stability over functionality" (ours)."""

SUPPORT = "commercial-support"
THIN = "\N{NARROW NO-BREAK SPACE}"
ACTIVE = "active_contributors_12m"
NOTHING_CHOSEN = Answer("open", "No stack was chosen, so there is nothing to hold against it.")


def answers(study: Study, result: Evaluation) -> list[GuidelineRow]:
    """Each guideline of the criteria file with the answer of this run."""
    return [_row(guideline, study, result) for guideline in study.criteria.guidelines]


def _row(guideline: Guideline, study: Study, result: Evaluation) -> GuidelineRow:
    answer = CHECKS[guideline.check](study, result) if guideline.check else Answer("answered", "")
    return GuidelineRow(
        id=guideline.id,
        text=guideline.text,
        check=guideline.check or "",
        status=answer.status,
        answer=answer.text,
        comment=guideline.answer,
        source=guideline.source,
    )


def _check(name: str) -> Callable[[Check], Check]:
    def register(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return register


Chosen = Callable[[Study, Evaluation, StackResult], Answer]


def _of_the_winner(function: Chosen) -> Check:
    def ask(study: Study, result: Evaluation) -> Answer:
        return function(study, result, result.winner) if result.winner else NOTHING_CHOSEN

    return ask


@_check("commitment")
@_of_the_winner
def commitment(study: Study, result: Evaluation, winner: StackResult) -> Answer:
    """What management would have to commit to; whether it does is not in the data."""
    if study.criteria.effort is None or winner.effort is None:
        return Answer("open", f"No effort is estimated for {winner.name}; management must decide.")
    years = _span(study.criteria.effort.horizon_years.value, "years")
    asked = _span(Interval(low=winner.effort.low, high=winner.effort.high), "EUR")
    text = (
        f"{winner.name} asks for {asked} of money, work and mental load over {years}; whether "
        "management stands by it is not in the data."
    )
    return Answer("open", text)


@_check("procurement")
@_of_the_winner
def procurement(study: Study, result: Evaluation, winner: StackResult) -> Answer:
    """What has to be bought for the winner."""
    effort = study.stacks[winner.id].effort
    if effort is None:
        return Answer("open", f"Nobody estimated what has to be bought for {winner.name}.")
    once, yearly = effort.money_once_eur.value, effort.money_eur_per_year.value
    text = f"{winner.name} takes {_span(once, 'EUR')} once and {_span(yearly, 'EUR')} a year"
    paid = [c for c in _parts(study, winner) if study.candidates[c].licence.kind != "floss"]
    if paid:
        names = _listed([study.candidates[c].name for c in paid])
        return Answer("open", f"{text}; contract and terms of {names} have to be reviewed.")
    return Answer("answered", f"{text}; no licence has to be bought.")


@_check("big-switch")
@_of_the_winner
def big_switch(study: Study, result: Evaluation, winner: StackResult) -> Answer:
    """Whether the winner can be tried before the switch, and what the switch takes."""
    effort = study.stacks[winner.id].effort
    hours = _span(effort.switch_hours.value, "hours") if effort else "unknown hours"
    takes = f"The switch is estimated at {hours}. "
    if winner.deployable:
        text = f"{takes}A bundle of {winner.name} can be tried elsewhere first, step by step."
        return Answer("answered", text)
    return Answer("open", f"{takes}There is no bundle of {winner.name} to be tried first.")


@_check("licences")
@_of_the_winner
def licences(study: Study, result: Evaluation, winner: StackResult) -> Answer:
    """Licence and business model of every part of the winner."""
    parts = [study.candidates[name] for name in _parts(study, winner)]
    said = [
        f"{p.name} ({p.licence.spdx}, "
        f"{p.business_model.kind.replace('-', ' ') if p.business_model else 'not classed'})"
        for p in parts
    ]
    text = f"The parts are {_listed(said)}."
    unknown = [p.name for p in parts if p.business_model is None]
    closed = [p.name for p in parts if p.licence.kind == "proprietary"]
    split = [
        p.name
        for p in parts
        if p.business_model and p.business_model.kind in ("split-oss-commercial", "twin-licensing")
    ]
    if closed:
        return Answer("not met", f"{text} The terms of {_listed(closed)} are not free.")
    if unknown:
        return Answer("open", f"{text} The business model of {_listed(unknown)} is not classed.")
    if split:
        return Answer("answered", f"{text} Open-core terms concern {_listed(split)}.")
    return Answer("answered", f"{text} None of them has open-core terms.")


@_check("development")
@_of_the_winner
def development(study: Study, result: Evaluation, winner: StackResult) -> Answer:
    """Which parts' development could be mined, and how many people are at work."""
    parts = _parts(study, winner)
    known = {
        row.candidate: row.value
        for row in result.metrics
        if row.metric == ACTIVE and row.candidate in parts and row.value is not None
    }
    dark = [study.candidates[name].name for name in parts if name not in known]
    if not known:
        return Answer("not met", f"No history of {_listed(dark)} could be mined.")
    people = _listed([f"{study.candidates[n].name} {v:g}" for n, v in known.items()])
    text = f"Persons who committed in the 12 months to {result.as_of}: {people}."
    if dark:
        return Answer("open", f"{text} Not mined: {_listed(dark)}.")
    return Answer("answered", text)


@_check("stability")
def stability(study: Study, result: Evaluation) -> Answer:
    """Weights, after the attitude, of stability and survivability against function."""
    stable = sum(w.effective for w in result.weights if w.group in STABLE)
    function = sum(w.effective for w in result.weights if w.group in FUNCTION)
    if not stable and not function:
        return Answer("open", "No criterion stands for stability or for function.")
    text = (
        f"Stability and survivability have {stable * 100:.0f}{THIN}% of the weight, function has "
        f"{function * 100:.0f}{THIN}% (attitude {result.attitude.replace('_', ' ')})."
    )
    return Answer("answered" if stable > function else "not met", text)


@_check("survey")
def survey(study: Study, result: Evaluation) -> Answer:
    """The filters of the state that compared stacks with the site."""
    filters = study.criteria.state
    if study.site is None or not filters:
        return Answer("not met", "No fact of the site was compared with what a stack requires.")
    fell = sum(1 for s in result.stacks if s.stage == "state")
    names = _listed([f.name.lower() for f in filters])
    removed = f"{fell} of {len(result.stacks)} stacks fell by them"
    return Answer("answered", f"The site was compared in {names}; {removed}.")


@_check("support")
@_of_the_winner
def support(study: Study, result: Evaluation, winner: StackResult) -> Answer:
    """Whether the need asks for paid support, and whether the winner has it."""
    found = next((f for f in winner.functions if f.function == SUPPORT), None)
    if found is None:
        return Answer("open", "The need does not say which support is wanted.")
    asked = "required" if found.required else "wanted, not required"
    giver = study.candidates.get(found.via)
    if found.value == "no":
        return Answer("not met", f"Paid support is {asked}, and {winner.name} has none.")
    by = f" through {giver.name}" if giver else ""
    which = "Paid support" if found.value == "yes" else "Paid support for some parts"
    return Answer("answered", f"Paid support is {asked}. {which} is to be had{by}.")


@_check("impedance")
@_of_the_winner
def impedance(study: Study, result: Evaluation, winner: StackResult) -> Answer:
    """Parts that a distribution packages: those need no build or repository of their own."""
    parts = [study.candidates[name] for name in _parts(study, winner)]
    packaged: dict[str, list[str]] = {}
    for part in parts:
        for where in dict.fromkeys(f"{p.distribution} {p.release}" for p in part.packages):
            packaged.setdefault(where, []).append(part.name)
    if not packaged:
        return Answer("open", f"No package of a part of {winner.name} is known.")
    where, names = max(packaged.items(), key=lambda item: (len(item[1]), item[0]))
    text = f"{len(names)} of {len(parts)} parts are packages of {where}"
    missing = [p.name for p in parts if p.name not in names]
    if missing:
        return Answer("open", f"{text}; {_listed(missing)} must come from elsewhere.")
    return Answer("answered", f"{text}, so none has to be built.")


@_check("training")
@_of_the_winner
def training(study: Study, result: Evaluation, winner: StackResult) -> Answer:
    """Hours of adoption that are left after what the staff knows already."""
    stack = study.stacks[winner.id]
    if stack.effort is None or study.site is None:
        return Answer("open", f"Nobody estimated the hours of adoption of {winner.name}.")
    hours, left = stack.effort.adopt_hours.value, 1 - reuse(study, stack)
    staff = study.site.staff
    lacking = [s for s in skills_of(stack) if known_share(staff, s) < 1]
    skills = f" to learn {_listed(lacking)}" if lacking else ""
    after = Interval(low=hours.low * left, high=hours.high * left)
    text = (
        f"{_span(after, 'hours')} of adoption are left{skills}, of {_span(hours, 'hours')} for "
        "people who know none of it."
    )
    return Answer("answered", text)


@_check("organisation")
def organisation(study: Study, result: Evaluation) -> Answer:
    """What no data of this study can answer."""
    return Answer("open", "Nothing in the data answers this; it is for the organisation.")


def _parts(study: Study, winner: StackResult) -> list[str]:
    return components(study, study.stacks[winner.id])


def _span(value: Interval, unit: str) -> str:
    low, high = (f"{end:,.0f}".replace(",", THIN) for end in (value.low, value.high))
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1] if names else "none"
