"""Lazy User Model: the need, the user's state, and the least effort.

The model (Tétard and Collan, 2009) is non-compensatory: the need defines the solutions, the state
limits them, and the user takes the one with the least effort.  It publishes no numeric form, so
every number here is ours; using it to recommend rather than to explain is our extension.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from evaluator.findings import EvaluationError, Finding
from evaluator.result import EffortResult, FunctionMatch
from evaluator.study.candidate import Provision
from evaluator.study.criteria import StateFilter
from evaluator.study.fact import Fact, Interval
from evaluator.study.model import Study
from evaluator.study.site import Staff
from evaluator.study.stack import Effort, Stack

Draws = npt.NDArray[np.float64]

RANKING: Mapping[str, int] = {"no": 0, "partial": 1, "yes": 2}


def components(study: Study, stack: Stack) -> list[str]:
    """Candidates of a stack, each once, a suite replaced by itself and its parts."""
    found: dict[str, None] = {}
    pending = list(stack.components.values())[::-1]
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = None
            pending += study.candidates[name].parts[::-1]
    return list(found)


def functions(study: Study, stack: Stack, as_of: dt.date) -> list[FunctionMatch]:
    """How the stack meets each function of the need, and through which component.

    What the stack itself states (a function that emerges from, or is lost by, the combination)
    goes before what its components provide; nothing stated counts as no.
    """
    names = {f.id: f.name for f in study.catalogue.functions}
    matches = []
    for need in study.criteria.need:
        via, provision = _provider(study, stack, need.function, as_of)
        matches.append(
            FunctionMatch(
                function=need.function,
                name=names[need.function],
                required=need.required,
                value=provision.value if provision else "no",
                via=via,
                source=provision.source if provision else [],
            )
        )
    return matches


def _provider(
    study: Study, stack: Stack, function: str, as_of: dt.date
) -> tuple[str, Provision | None]:
    own = stack.provides.get(function)
    if own is not None and own.holds(as_of):
        return stack.id, own
    best: tuple[str, Provision | None] = ("", None)
    for name in components(study, stack):
        offered = study.candidates[name].provides.get(function)
        if offered is None or not offered.holds(as_of):
            continue
        if best[1] is None or RANKING[offered.value] > RANKING[best[1].value]:
            best = (name, offered)
    return best


def functional_match(matches: Sequence[FunctionMatch]) -> float:
    """Share of the wanted functions that are met: yes 1, partial ½, no 0 (ours)."""
    if not matches:
        return 1.0
    return sum(RANKING[m.value] / 2 for m in matches) / len(matches)


def unmet_need(matches: Sequence[FunctionMatch]) -> list[tuple[str, str]]:
    """Filter and reason for each required function that is not fully provided."""
    return [
        (
            m.function,
            f"{m.name}: needed, {'only partly' if m.value == 'partial' else 'not'} provided",
        )
        for m in matches
        if m.required and m.value != "yes"
    ]


def unmet_state(study: Study, stack: Stack, as_of: dt.date) -> list[tuple[str, str]]:
    """Filter and reason for each condition of the user's state that the stack breaks."""
    broken = []
    if not stack.available.holds(as_of):
        since, until = stack.available.since, stack.available.until
        span = f"from {since or 'the start'} to {until or 'today'}"
        broken.append(("available", f"not available on {as_of} ({span})"))
    if study.site is None:
        return broken
    for rule in study.criteria.state:
        required, have = stack.requires.get(rule.requirement), study.site.state[rule.site]
        # a site fact that was not yet true (an operating system not yet released) filters nothing
        if required is None or not required.holds(as_of) or not have.holds(as_of):
            continue
        if reason := shortfall(rule, required, have):
            broken.append((rule.id, f"{rule.name}: {reason}"))
    return broken


def shortfall(rule: StateFilter, required: Fact, have: Fact) -> str:
    """In what the site's fact falls short of the requirement; empty when it does not."""
    needs, has = required.value, have.value
    unit = f" {required.unit}" if required.unit else ""
    if rule.rule == "implies":
        return "required, the site has none" if needs and not has else ""
    if rule.rule == "contains":
        allowed = needs if isinstance(needs, list) else [needs]
        return "" if has in allowed else f"needs {' or '.join(map(str, allowed))}, the site: {has}"
    if not isinstance(needs, int | float) or not isinstance(has, int | float):
        raise EvaluationError(
            Finding(
                "state-not-numbers",
                f"state filter {rule.id!r} compares {needs!r} with the site's {has!r}",
                remedy="rule 'at_most' compares numbers; 'implies' and 'contains' compare others",
            )
        )
    return f"needs {needs:g}{unit}, the site has {has:g}" if needs > has else ""


def skills_of(stack: Stack) -> list[str]:
    """Skills that the stack requires, each once."""
    skills = stack.requires.get("skills")
    if skills is None or not isinstance(skills.value, list):
        return []
    return list(dict.fromkeys(skills.value))


def known_share(staff: Staff, skill: str) -> float:
    """Share of the administrators who have a skill: all of them unless a number is stated."""
    if skill not in staff.skills:
        return 0.0
    if skill not in staff.skilled:
        return 1.0
    return staff.skilled[skill] / staff.administrators if staff.administrators else 0.0


def reuse(study: Study, stack: Stack) -> float:
    """Share of the skills that the stack requires which the staff has already (ours).

    A skill that only some administrators have counts by their share.
    """
    skills = skills_of(stack)
    if study.site is None or not skills:
        return 0.0
    return sum(known_share(study.site.staff, skill) for skill in skills) / len(skills)


def efforts(
    study: Study, contenders: Sequence[str], rng: np.random.Generator, draws: int
) -> dict[str, EffortResult]:
    """Effort of every stack over the horizon, and who has the least among the contenders.

    ``E = money + rate (h_adopt (1 - reuse) + h_switch + sum_t h_run t^-b) + k mental`` in EUR.
    Every input is uniform over its interval, and one draw puts the inputs of one kind at the same
    place in the intervals of all stacks: they were estimated by the same people on the same scale,
    so who learns slowly learns every stack slowly (ours).  Equal stacks then tie.
    """
    rule, site = study.criteria.effort, study.site
    if rule is None or site is None:
        return {}
    horizon = np.rint(_draw(rule.horizon_years.value, rng, draws)).clip(1)
    exponent = _draw(rule.learning_exponent.value, rng, draws)
    per_point = _draw(rule.mental_eur_per_point.value, rng, draws)
    rate = _draw(site.staff.rate_eur_per_hour, rng, draws)
    places = {name: rng.uniform(size=draws) for name in Effort.model_fields}
    years = np.arange(1, int(horizon.max()) + 1)[:, None]
    learnt = np.where(years <= horizon, years**-exponent, 0.0).sum(axis=0)
    parts: dict[str, dict[str, Draws]] = {}
    for key, stack in study.stacks.items():
        drawn = {name: _at(getattr(stack.effort, name).value, places[name]) for name in places}
        parts[key] = {
            "money": drawn["money_once_eur"] + drawn["money_eur_per_year"] * horizon,
            "adopt": rate * drawn["adopt_hours"] * (1 - reuse(study, stack)),
            "switch": rate * drawn["switch_hours"],
            "run": rate * learnt * drawn["run_hours_per_year"],
            "mental": per_point * drawn["mental_points"],
        }
    totals = {key: sum(p.values(), np.zeros(draws)) for key, p in parts.items()}
    least = _least(totals, contenders)
    return {
        key: EffortResult(
            low=float(np.quantile(total, 0.05)),
            median=float(np.quantile(total, 0.5)),
            high=float(np.quantile(total, 0.95)),
            **{name: float(values.mean()) for name, values in parts[key].items()},
            least_probability=least.get(key, 0.0),
        )
        for key, total in totals.items()
    }


def _least(totals: Mapping[str, Draws], contenders: Sequence[str]) -> dict[str, float]:
    if not contenders:
        return {}
    matrix = np.stack([totals[key] for key in contenders])
    least = matrix == matrix.min(axis=0)  # stacks that tie in a draw share it
    return dict(zip(contenders, (least / least.sum(axis=0)).mean(axis=1).tolist(), strict=True))


def _draw(interval: Interval, rng: np.random.Generator, draws: int) -> Draws:
    return _at(interval, rng.uniform(size=draws))


def _at(interval: Interval, places: Draws) -> Draws:
    """Values at places between 0, the low end, and 1, the high end."""
    return interval.low + places * (interval.high - interval.low)
