"""The elimination trail: every filter held against every stack, with what was compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from evaluator.result import FunctionMatch, Light
from evaluator.result.lazy_user import FilterCheck, TrailRow
from evaluator.score.lazy_user import shortfall, unmet_need
from evaluator.study.criteria import StateFilter
from evaluator.study.fact import Fact
from evaluator.study.model import Study
from evaluator.study.stack import Stack


def trail(
    study: Study,
    stack: Stack,
    matches: Sequence[FunctionMatch],
    lights: Sequence[Light],
    as_of: dt.date,
) -> TrailRow:
    """All filters in the order in which they are asked: need, state, mandatory lights."""
    checks = [*_need(study, matches), *_state(study, stack, as_of), *_lights(study, lights)]
    return TrailRow(stack=stack.id, checks=checks)


def _need(study: Study, matches: Sequence[FunctionMatch]) -> Iterator[FilterCheck]:
    for match in matches:
        if not match.required:
            continue
        unmet = unmet_need([match])
        giver = study.candidates.get(match.via)
        by = giver.name if giver else "the combination"
        yield FilterCheck(
            stage="need",
            filter=match.function,
            name=match.name,
            outcome="failed" if unmet else "passed",
            text=unmet[0][1] if unmet else f"{match.name}: provided by {by}",
            source=match.source,
            relaxed=f"{match.name} as a wish and no longer required" if unmet else "",
        )


def _state(study: Study, stack: Stack, as_of: dt.date) -> Iterator[FilterCheck]:
    since, until = stack.available.since, stack.available.until
    there = stack.available.holds(as_of)
    span = f"from {since or 'the start'} to {until or 'today'}"
    yield FilterCheck(
        stage="state",
        filter="available",
        name="Available",
        outcome="passed" if there else "failed",
        text=f"{'' if there else 'not '}available on {as_of} ({span})",
        source=stack.available.source,
    )
    facts = study.site.state if study.site else {}
    for rule in study.criteria.state:
        required, have = stack.requires.get(rule.requirement), facts.get(rule.site)
        if required is None or have is None or not required.holds(as_of):
            yield _not_asked(rule, "nothing required")
        elif not have.holds(as_of):
            yield _not_asked(rule, f"not yet or no longer true of the site on {as_of}")
        else:
            yield _compared(rule, required, have)


def _not_asked(rule: StateFilter, why: str) -> FilterCheck:
    return FilterCheck(
        stage="state",
        filter=rule.id,
        name=rule.name,
        outcome="not_asked",
        text=f"{rule.name}: {why}",
        source=[],
    )


def _compared(rule: StateFilter, required: Fact, have: Fact) -> FilterCheck:
    reason = shortfall(rule, required, have)
    needs, has = required.value, have.value
    numbers: dict[str, float] = {}
    relaxed = f"{rule.name} set aside"
    if rule.rule == "at_most" and isinstance(needs, int | float) and isinstance(has, int | float):
        unit = f" {required.unit}" if required.unit else ""
        numbers = {"needed": float(needs), "has": float(has)}
        relaxed = f"{rule.name} from {has:g} to {needs:g}{unit}"
    return FilterCheck(
        stage="state",
        filter=rule.id,
        name=rule.name,
        outcome="failed" if reason else "passed",
        text=f"{rule.name}: {reason or f'needs {_said(required)}, the site has {_said(have)}'}",
        source=list(dict.fromkeys([*required.source, *have.source])),
        relaxed=relaxed if reason else "",
        **numbers,
    )


def _said(fact: Fact) -> str:
    value = fact.value
    if isinstance(value, list):
        return " or ".join(map(str, value))
    if isinstance(value, bool):
        return "one" if value else "none"
    return f"{value} {fact.unit}".strip()


def _lights(study: Study, lights: Sequence[Light]) -> Iterator[FilterCheck]:
    sources: Mapping[str, list[str]] = {s.id: s.source for s in study.criteria.semaphores}
    for light in lights:
        if light.mandatory:
            yield FilterCheck(
                stage="semaphore",
                filter=light.semaphore,
                name=f"{light.name} of {study.candidates[light.candidate].name}",
                outcome="failed"
                if light.fails
                else "not_asked"
                if light.colour == "grey"
                else "passed",
                text=f"{light.name}: {light.colour} for {light.candidate} ({light.text})",
                source=sources[light.semaphore],
                relaxed=f"the light “{light.name}” no longer mandatory" if light.fails else "",
            )
