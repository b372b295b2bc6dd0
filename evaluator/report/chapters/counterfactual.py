"""Chapter 10 on what would change the answer: filters that decided alone, shared parts."""

from __future__ import annotations

from itertools import combinations

from evaluator.report.case import Case
from evaluator.report.document import Block, Bullets, Heading, Inlines, Paragraph, Strong, cite
from evaluator.report.prose import enumeration, euros, number
from evaluator.result import StackResult
from evaluator.study.fact import OURS

ENOUGH_CONTENDERS = 4
"""Fewer, or ones that share most parts, do not show that a choice is robust (ours)."""


def differing_share(first: StackResult, second: StackResult) -> float:
    """Share of the roles of two stacks that they do not fill alike."""
    roles = {*first.components, *second.components}
    differ = sum(1 for r in roles if first.components.get(r) != second.components.get(r))
    return differ / len(roles) if roles else 0.0


def wide_field(case: Case) -> bool:
    """Whether the contenders are many and unlike enough for first ranks to mean much."""
    return len(case.ranked) >= ENOUGH_CONTENDERS and all(
        differing_share(a, b) > 0.5 for a, b in combinations(case.ranked, 2)
    )


def shared_parts(case: Case) -> str:
    """What the contenders have in common, as a sentence; empty when that is nothing."""
    if len(case.ranked) < 2:
        return ""
    roles = list(dict.fromkeys(r for s in case.ranked for r in s.components))
    found = {r: list(dict.fromkeys(s.components.get(r, "") for s in case.ranked)) for r in roles}
    differ = {r: parts for r, parts in found.items() if len(parts) > 1}
    common = len(roles) - len(differ)
    if not common:
        return ""
    if not differ:
        return f"The contenders have all {len(roles)} parts in common."
    ways = {r: [case.name(p) if p else "none" for p in parts] for r, parts in differ.items()}
    if len(case.ranked) == 2:
        against = enumeration([" against ".join(names) for names in ways.values()])
        start = f"The comparison is {against}"
    else:
        choices = [f"{case.role_name(r).lower()} ({', '.join(n)})" for r, n in ways.items()]
        start = f"The {len(case.ranked)} contenders differ in {enumeration(choices)}"
    return (
        f"{start}: {common} of {len(roles)} parts are common to all, and on those the ranking says "
        "nothing."
    )


def _filter(case: Case, stack: StackResult) -> tuple[str, tuple[str, ...], str]:
    """What the deciding filter is called, who asks for it, and why."""
    criteria = case.study.criteria
    if stack.stage == "need":
        names = {f.id: f.name for f in case.study.catalogue.functions}
        need = next((n for n in criteria.need if n.function == stack.only_by), None)
        source = tuple(need.source) if need else ()
        name = names.get(stack.only_by, stack.only_by)
        why = (need.reason or need.note) if need else ""
        return f"the need for {name.lower()}", source, why
    if stack.stage == "state":
        rule = next((r for r in criteria.state if r.id == stack.only_by), None)
        if rule:
            why = rule.reason or rule.note
            return f"the state filter “{rule.name}”", tuple(rule.source), why
        return "its dates of availability", (), ""
    light = next((s for s in criteria.semaphores if s.id == stack.only_by), None)
    source = tuple(light.source) if light else ()
    return f"the mandatory light “{light.name if light else stack.only_by}”", source, ""


def what_would_change(case: Case) -> list[Block]:
    if not case.removed:
        return []
    blocks: list[Block] = [Heading("What would change the answer")]
    alone = [s for s in case.removed if s.only_by]
    if not alone:
        return [
            *blocks,
            Paragraph(
                (
                    f"No single filter decides: every removed {case.subject} breaks at least "
                    "two, so to give "
                    "up any one of them would bring none back.",
                )
            ),
        ]
    return [
        *blocks,
        Paragraph(
            (
                f"{len(alone)} of the {len(case.removed)} removed {case.subject}s fell by one "
                "filter alone. "
                "Who doubts such a filter should look at what it kept out; to give up any other "
                f"one would bring no {case.subject} back.",
            )
        ),
        Bullets(tuple(_without(case, stack) for stack in alone)),
    ]


def _without(case: Case, stack: StackResult) -> Inlines:
    name, source, reason = _filter(case, stack)
    ours = " (a filter of ours)" if OURS in source else ""
    winner = case.winner
    score = (
        "its quality cannot be given, since most of it would be assumed"
        if stack.score is None
        else f"its reference score is {number(stack.score, 3)}"
    )
    beside = ""
    if winner is not None:
        own = number(winner.score, 3) if winner.score is not None else ""
        own += " and " if own and winner.effort else ""
        median = euros(winner.effort.median) if winner.effort else ""
        if own or median:
            beside = f", beside {own}{median} of {winner.name}"
    words = (
        f": without {name}{ours} it would have been a contender; {score}"
        + (f", its effort {euros(stack.effort.median)}" if stack.effort else "")
        + f"{beside}."
    )
    why = f" The reason for the filter: {reason.strip().rstrip('.')}." if reason else ""
    return (Strong(stack.name), words + why, *([cite(*source)] if why and source else []))
