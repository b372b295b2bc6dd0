"""The part of chapter 11 on the chosen stack's own weak spots, as far as the data show them."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.document import Block, Bullets, Heading, Inlines, Paragraph, Ref, Strong
from evaluator.report.prose import count, enumeration, interval, number, percent
from evaluator.result import MetricRow, StackResult

COMMITS_OF_ONE = {
    "contributor_absence_factor": ("One person", "commits"),
    "elephant_factor": ("One organisation", "commits whose origin is known"),
}


def risks(case: Case) -> list[Block]:
    winner = case.winner
    if winner is None:
        return []
    items = [
        *_lights(case, winner),
        *_concentration(case, winner),
        *_retention(case, winner),
        *_worst(case, winner),
    ]
    return [
        Heading(f"Risks of the chosen {case.subject}"),
        *(
            [Bullets(tuple(items))]
            if items
            else [Paragraph((f"No light, count or criterion speaks against {winner.name}.",))]
        ),
        Paragraph(_maintenance(case, winner)),
    ]


def _of_colour(case: Case, winner: StackResult, *colours: str) -> dict[str, list[str]]:
    """Components with a light of one of the colours, by the light's name."""
    found: dict[str, list[str]] = {}
    for light in winner.lights:
        if light.colour in colours:
            found.setdefault(light.name, []).append(case.name(light.candidate))
    return found


def _lights(case: Case, winner: StackResult) -> list[Inlines]:
    parts = len(dict.fromkeys(winner.components.values()))
    items: list[Inlines] = []
    for colour in ("black", "red"):
        if found := _of_colour(case, winner, colour):
            said = "; ".join(f"{name} for {enumeration(who)}" for name, who in found.items())
            items.append((Strong(f"Lights that are {colour}:"), f" {said} (", Ref("lights"), ")."))
    for name, who in _of_colour(case, winner, "grey").items():
        whom = "every part" if len(who) == parts else enumeration(who)
        items.append((Strong(f"{name}:"), f" unknown for {whom}; it may hide good or bad news."))
    return items


def _rows(case: Case, winner: StackResult, metric: str) -> list[MetricRow]:
    parts = dict.fromkeys(winner.components.values())
    return [row for c in parts if (row := case.metric(c, metric))]


def _concentration(case: Case, winner: StackResult) -> list[Inlines]:
    items: list[Inlines] = []
    for metric, (who, noun) in COMMITS_OF_ONE.items():
        rows = _rows(case, winner, metric)
        alone = [r for r in rows if r.value == 1]
        if not alone:
            continue
        # unknown affiliations may hide a second organisation: the row's interval then says so
        open_ones = [r for r in alone if r.high is not None and r.high > 1]
        names = enumeration(
            [f"{case.name(r.candidate)} (n = {number(r.n or 0, 0)})" for r in alone]
        )
        share = f"all {len(rows)}" if len(alone) == len(rows) else f"{len(alone)} of {len(rows)}"
        words = f" makes at least half of the {noun} for {names}" + (
            f": {share} parts with a known value (n commits in {alone[0].window})."
            if case.subject == "stack"
            else f" (n commits in {alone[0].window})."
        )
        if open_ones:
            words += (
                f" For {enumeration([case.name(r.candidate) for r in open_ones])} commits of "
                "unknown origin may hide a second one."
            )
        items.append((Strong(who), words))
    return items


def _retention(case: Case, winner: StackResult) -> list[Inlines]:
    rows = _rows(case, winner, "retention")
    if not rows:
        return []
    least = min(rows, key=lambda r: (r.value or 0, r.candidate))
    unknown = len(dict.fromkeys(winner.components.values())) - len(rows)
    below = sum(1 for r in rows if (r.value or 0) < 0.5)
    if case.subject == "candidate":
        who = f"{percent(least.value or 0)} of {number(least.n or 0, 0)} persons of the year before"
        return [(Strong("Retention:"), f" {who} committed again.")]
    return [
        (
            Strong("Retention"),
            f" is lowest for {case.name(least.candidate)}: {percent(least.value or 0)} of "
            f"{number(least.n or 0, 0)} persons of the year before committed again. It is below "
            f"one half for {below} of {len(rows)} parts"
            + (f" and unknown for {unknown}." if unknown else "."),
        )
    ]


def _worst(case: Case, winner: StackResult) -> list[Inlines]:
    """Criteria on which no stack is worse than the winner, and some are better."""
    own = {v.criterion: v.value for v in winner.values}
    names = []
    for weight in case.evaluation.weights:
        value = own.get(weight.criterion)
        known = [
            v.value
            for s in case.evaluation.stacks
            for v in s.values
            if v.criterion == weight.criterion and v.value is not None
        ]
        if value is None or min(known) == max(known):
            continue
        if value == (min(known) if weight.direction == "max" else max(known)):
            like = sum(1 for v in known if v == value) - 1
            names.append(
                f"{weight.name}"
                + (f" (with {like} other)" if like == 1 else "")
                + (f" (with {like} others)" if like > 1 else "")
            )
    if not names:
        return []
    return [
        (
            Strong(f"Worst of all {case.subject}s"),
            f" on {count(len(names), 'criterion', 'criteria')}: {enumeration(names)}.",
        )
    ]


def _maintenance(case: Case, winner: StackResult) -> Inlines:
    """What the lights and counts support on the question of further maintenance, and no more."""
    parts = [case.name(c) for c in dict.fromkeys(winner.components.values())]
    rule = case.study.criteria.effort
    years = (
        f"the {interval(rule.horizon_years.value)} years of the horizon"
        if rule
        else "the years to come"
    )
    last = [r for r in _rows(case, winner, "months_since_last_commit") if r.value is not None]
    slopes = [x for x in winner.lights if x.semaphore in _newcomer_lights(case)]
    growing = {case.name(x.candidate) for x in slopes if x.colour == "green"}
    fading = list(
        dict.fromkeys(case.name(x.candidate) for x in slopes if x.colour in ("red", "black"))
    )
    single = [
        case.name(r.candidate)
        for r in _rows(case, winner, "contributor_absence_factor")
        if r.value == 1
    ]
    words = ""
    if last:
        slowest = max(last, key=lambda r: r.value or 0)
        months = number(slowest.value or 0, 1)
        words += (
            f" As of {case.evaluation.as_of} work goes on: its last commit is {months} months old. "
            if (slowest.value or 0) <= 12 and case.subject == "candidate"
            else f" As of {case.evaluation.as_of} work goes on: of the {len(last)} parts whose "
            f"commits are known, the longest without one ({case.name(slowest.candidate)}) saw it "
            f"{months} months ago. "
            if (slowest.value or 0) <= 12
            else f" Not everywhere: {case.name(slowest.candidate)} has seen no commit for "
            f"{number(slowest.value or 0, 0)} months. "
        )
    if slopes and case.subject == "candidate":
        colours = " and ".join(dict.fromkeys(x.colour for x in slopes))
        words += f"The lights on newcomers are {colours}. "
    elif slopes:
        words += f"Newcomers grow for {len(growing) or 'none'} of {len(parts)} parts" + (
            f" and dwindle for {enumeration(fading)}. " if fading else " and dwindle for none. "
        )
    watch = list(dict.fromkeys([*fading, *single]))
    words += (
        f"So the data support that the {case.subject} is maintained at that date. "
        f"For {years} they promise nothing, least of all for "
        f"{enumeration(watch)}"
        + (": these are the parts to watch." if case.subject == "stack" else ".")
        if watch
        else f"Nothing measured here speaks against {years}; that is no promise."
    )
    return (Strong("Will it still be maintained?"), words if words.startswith(" ") else f" {words}")


def _newcomer_lights(case: Case) -> set[str]:
    return {s.id for s in case.study.criteria.semaphores if s.rule == "slope"}
