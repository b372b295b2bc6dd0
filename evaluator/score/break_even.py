"""Break-even points: at which value of an input another stack becomes the lazy choice.

Everything else stays at the middle of its interval, one input at a time.  Effort is linear in all
inputs but the horizon and the learning exponent: the former is tried year by year, the latter is
found by bisection, all others have a closed form.  The ranges that are searched are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any, Literal

from evaluator.result.lazy_user import BreakEven, BreakEvens
from evaluator.score.lazy_user import known_share, skills_of
from evaluator.study.model import Study
from evaluator.study.stack import Effort

FURTHEST = 10
"""Inputs are searched from 0 to so many times the highest end of their interval (ours)."""
MOST_YEARS = 20
MOST_EXPONENT = 1.0
MOST_SKILLS = 3
"""Larger sets of skills are not searched, but for all that a stack asks for (ours)."""

STEPS = 200

SHARED = {
    "rate": ("the hourly rate", "EUR/hour"),
    "per_point": ("the price of a point of mental load", "EUR/point"),
    "exponent": ("the learning exponent", ""),
    "horizon": ("the horizon", "years"),
}
OWN = {
    "adopt_hours": ("adoption work", "hours"),
    "switch_hours": ("switching work", "hours"),
    "run_hours_per_year": ("yearly work", "hours/year"),
    "money_once_eur": ("one-off money", "EUR"),
    "money_eur_per_year": ("yearly money", "EUR/year"),
    "mental_points": ("mental load", "points"),
}


@dataclass(frozen=True)
class Inputs:
    """The effort's inputs, each at one value."""

    rate: float
    per_point: float
    exponent: float
    horizon: float
    stacks: Mapping[str, Mapping[str, float]]
    """Per stack, the fields of its effort."""
    skills: Mapping[str, frozenset[str]]
    known: Mapping[str, float]
    """Share of the administrators who have each skill."""

    def effort(self, key: str) -> float:
        """E in EUR over the horizon, by the formula of :func:`evaluator.score.lazy_user.efforts`.

        The horizon counts in whole years, at least one.
        """
        own, years = self.stacks[key], max(1, round(self.horizon))
        asked = self.skills[key]
        reused = sum(self.known.get(s, 0.0) for s in sorted(asked)) / len(asked) if asked else 0.0
        learnt: float = sum(float(t) ** -self.exponent for t in range(1, years + 1))
        hours = own["adopt_hours"] * (1 - reused) + own["switch_hours"]
        hours += own["run_hours_per_year"] * learnt
        money = own["money_once_eur"] + own["money_eur_per_year"] * years
        return money + self.rate * hours + self.per_point * own["mental_points"]

    def lead(self, key: str) -> float:
        """By how much the others' least effort exceeds this one; positive for the lazy choice."""
        return min(self.effort(k) for k in self.stacks if k != key) - self.effort(key)


@dataclass(frozen=True)
class Dial:
    """One input that is turned while all others stay; ``of`` is the stack that it belongs to."""

    id: str
    of: str
    what: str
    unit: str
    now: float
    top: float
    turned: Callable[[float], Inputs]

    def lead(self, key: str, value: float) -> float:
        return self.turned(value).lead(key)


Found = tuple[float, Literal["above", "below"]] | None


def break_evens(study: Study, contenders: Sequence[str]) -> BreakEvens | None:
    """Where the least effort among the contenders changes; None where no effort is known."""
    rule, site = study.criteria.effort, study.site
    stated = {key: e for key in contenders if (e := study.stacks[key].effort) is not None}
    if rule is None or site is None or not stated:
        return None
    staff = site.staff
    skills = {key: frozenset(skills_of(study.stacks[key])) for key in stated}
    inputs = Inputs(
        rate=staff.rate_eur_per_hour.middle,
        per_point=rule.mental_eur_per_point.value.middle,
        exponent=rule.learning_exponent.value.middle,
        horizon=rule.horizon_years.value.middle,
        stacks={
            key: {f: getattr(e, f).value.middle for f in Effort.model_fields}
            for key, e in stated.items()
        },
        skills=skills,
        known={skill: known_share(staff, skill) for skill in frozenset().union(*skills.values())},
    )
    tops = {
        "rate": FURTHEST * staff.rate_eur_per_hour.high,
        "per_point": FURTHEST * rule.mental_eur_per_point.value.high,
        "exponent": max(MOST_EXPONENT, inputs.exponent),
        "horizon": float(max(MOST_YEARS, round(inputs.horizon))),
        **{
            field: FURTHEST * max(getattr(e, field).value.high for e in stated.values())
            for field in Effort.model_fields
        },
    }
    totals = {key: inputs.effort(key) for key in inputs.stacks}
    order = sorted(totals, key=lambda key: (totals[key], key))
    points = []
    for rival in order[1:]:
        name = study.stacks[rival].name
        for dial in [
            *_shared(inputs, tops),
            *_own(inputs, tops, rival, "its own"),
            *_own(inputs, tops, order[0], study.stacks[order[0]].name),
        ]:
            points.append(_point(rival, name, dial, _search(dial, rival)))
        points.append(_training(inputs, rival, name, staff.administrators))
    return BreakEvens(least=order[0], efforts=totals, points=points)


def _shared(inputs: Inputs, tops: Mapping[str, float]) -> Iterator[Dial]:
    for field, (what, unit) in SHARED.items():
        turned = partial(_with_shared, inputs, field)
        yield Dial(field, "", what, unit, getattr(inputs, field), tops[field], turned)


def _with_shared(inputs: Inputs, field: str, value: float) -> Inputs:
    changed: dict[str, Any] = {field: value}
    return replace(inputs, **changed)


def _own(inputs: Inputs, tops: Mapping[str, float], key: str, whose: str) -> Iterator[Dial]:
    for field, (what, unit) in OWN.items():
        said = f"{whose} {what}" if whose == "its own" else f"the {what} of {whose}"
        turned = partial(_with_own, inputs, key, field)
        yield Dial(field, key, said, unit, inputs.stacks[key][field], tops[field], turned)


def _with_own(inputs: Inputs, key: str, field: str, value: float) -> Inputs:
    return replace(inputs, stacks={**inputs.stacks, key: {**inputs.stacks[key], field: value}})


def _search(dial: Dial, rival: str) -> Found:
    """The value nearest to the present one beyond which the rival leads."""
    if dial.id == "horizon":
        return _yearly(dial, rival)
    return _bisect(dial, rival) if dial.id == "exponent" else _linear(dial, rival)


def _yearly(dial: Dial, rival: str) -> Found:
    now = max(1, round(dial.now))
    for distance in range(1, int(dial.top) + 1):
        if now - distance >= 1 and dial.lead(rival, now - distance) > 0:
            return float(now - distance), "below"
        if now + distance <= dial.top and dial.lead(rival, now + distance) > 0:
            return float(now + distance), "above"
    return None


def _linear(dial: Dial, rival: str) -> Found:
    """Efforts are lines: the rival's is under all others in one interval, or nowhere."""
    if dial.top <= 0:
        return None
    zero, full = dial.turned(0.0), dial.turned(dial.top)
    low, high = 0.0, dial.top
    for other in zero.stacks:
        if other == rival:
            continue
        start = zero.effort(other) - zero.effort(rival)
        end = full.effort(other) - full.effort(rival)
        hair = 1e-12 * max(zero.effort(other), full.effort(other), 1.0)
        if abs(end - start) <= hair:  # the input moves both alike
            if start <= hair:
                return None
        elif end > start:
            low = max(low, -start * dial.top / (end - start))
        else:
            high = min(high, -start * dial.top / (end - start))
    if low >= high:
        return None
    return (low, "above") if dial.now <= low else (high, "below")


def _bisect(dial: Dial, rival: str) -> Found:
    ends: tuple[tuple[float, Literal["above", "below"]], ...] = (
        (dial.top, "above"),
        (0.0, "below"),
    )
    for end, side in ends:
        before = dial.now
        for step in range(1, STEPS + 1):
            beyond = dial.now + (end - dial.now) * step / STEPS
            if dial.lead(rival, beyond) > 0:
                while abs(beyond - before) > 1e-9 * dial.top:
                    middle = (before + beyond) / 2
                    if dial.lead(rival, middle) > 0:
                        beyond = middle
                    else:
                        before = middle
                return beyond, side
            before = beyond
    return None


def _point(rival: str, name: str, dial: Dial, found: Found) -> BreakEven:
    unit = f" {dial.unit}" if dial.unit else ""
    low = 1.0 if dial.id == "horizon" else 0.0
    if found is None:
        text = (
            f"{name} does not become the lazy choice by {dial.what} within "
            f"{_number(low)} to {_number(dial.top)}{unit}"
        )
    else:
        side = {"above": "is above", "below": "is below"}[found[1]]
        if dial.id == "horizon":
            side = "is at least" if found[1] == "above" else "is at most"
        text = (
            f"{name} becomes the lazy choice when {dial.what} {side} {_number(found[0])}{unit} "
            f"(now {_number(dial.now)})"
        )
    return BreakEven(
        stack=rival,
        input=dial.id,
        of=dial.of,
        unit=dial.unit,
        now=dial.now,
        value=found[0] if found else None,
        side=found[1] if found else "",
        low=low,
        high=dial.top,
        text=text,
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.3g}"


def _training(inputs: Inputs, rival: str, name: str, administrators: int) -> BreakEven:
    """The fewest skills, then the fewest administrators who learn them, that make it the choice."""
    missing = sorted(s for s in inputs.skills[rival] if inputs.known[s] < 1)
    sizes = [*range(1, min(MOST_SKILLS, len(missing)) + 1)]
    sizes += [len(missing)] if len(missing) > MOST_SKILLS else []
    for size in sizes if administrators > 0 else []:
        for number in sorted({*range(1, min(administrators, FURTHEST) + 1), administrators}):
            for learnt in combinations(missing, size):
                share = number / administrators
                known = {**inputs.known, **{s: max(share, inputs.known[s]) for s in learnt}}
                if replace(inputs, known=known).lead(rival) > 0:
                    return _learnt(rival, name, learnt, number, administrators)
    return _learnt(rival, name, (), 0, administrators)


def _learnt(
    rival: str, name: str, skills: Sequence[str], number: int, administrators: int
) -> BreakEven:
    if skills:
        names = ", ".join(skills[:-1]) + " and " * (len(skills) > 1) + skills[-1]
        who = (
            "the staff knows"
            if number == administrators
            else f"{number} of {administrators} administrators {'knows' if number == 1 else 'know'}"
        )
        text = f"{name} becomes the lazy choice once {who} {names}"
    else:
        text = (
            f"{name} does not become the lazy choice by training in up to {MOST_SKILLS} of the "
            "skills that it asks for, nor in all of them"
        )
    return BreakEven(
        stack=rival,
        input="skills",
        of="",
        unit="administrators",
        now=0.0,
        value=float(number) if skills else None,
        side="above" if skills else "",
        low=0.0,
        high=float(administrators),
        text=text,
        skills=list(skills),
    )
