"""The Lazy User's side: the whole trail, the smallest relaxations and the break-even points."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.document import (
    Block,
    Bullets,
    Cell,
    Column,
    Heading,
    Inlines,
    Paragraph,
    Ref,
    Strong,
    Table,
    cite,
)
from evaluator.report.prose import capital, count, enumeration, euros, number, text_cell
from evaluator.result.lazy_user import BreakEven, FilterCheck, Relaxation
from evaluator.study.fact import OURS

MARKS = {"passed": "✓", "failed": "×", "not_asked": "–"}


def trail(case: Case) -> list[Block]:
    """Every filter against every stack, in the order in which they are asked."""
    found = case.evaluation.lazy_user
    rows = {row.stack: row.checks for row in found.trail} if found else {}
    order: dict[tuple[str, str], str] = {}
    lights = {s.id: s.name for s in case.study.criteria.semaphores}
    for checks in rows.values():
        for check in checks:
            order.setdefault((check.stage, check.filter), lights.get(check.filter, check.name))
    if not order:
        return []
    stacks = [(at, s) for at, s in enumerate(case.evaluation.stacks, 1) if s.id in rows]
    return [
        Heading("Every filter and every stack"),
        Table(
            "table-trail",
            f"Which {case.subject} passes which filter? Columns are {case.subject}s by their "
            "number: " + "; ".join(f"{at} {s.name}" for at, s in stacks) + ".",
            (
                Column("Filter", share=3.2),
                Column("Stage", share=1.4),
                *(Column(str(at), "center", 1) for at, _ in stacks),
            ),
            tuple(
                (
                    text_cell(name),
                    text_cell(stage),
                    *(text_cell(_mark(rows[s.id], stage, filter)) for _, s in stacks),
                )
                for (stage, filter), name in order.items()
            ),
            layout="landscape",
            note=(
                "✓ passed, × failed, – nothing to compare. Filters are asked from top to bottom. "
                "The comparisons that failed are in ",
                Ref("table-failed"),
                ".",
            ),
        ),
        *_failed(case),
    ]


def _mark(checks: list[FilterCheck], stage: str, filter: str) -> str:
    """Failed if it fails for any component, passed if it passes for any."""
    outcomes = {c.outcome for c in checks if (c.stage, c.filter) == (stage, filter)}
    return (
        next((m for outcome, m in MARKS.items() if outcome in outcomes), "–")
        if ("failed" not in outcomes)
        else MARKS["failed"]
    )


def _failed(case: Case) -> list[Block]:
    found = case.evaluation.lazy_user
    names = {s.id: s.name for s in case.evaluation.stacks}
    rows = [
        (
            text_cell(names.get(row.stack, row.stack)),
            text_cell(check.stage),
            Cell((check.text, cite(*check.source))),
            text_cell(check.relaxed or "nothing can"),
        )
        for row in (found.trail if found else [])
        for check in row.failed
    ]
    if not rows:
        return []
    return [
        Table(
            "table-failed",
            "What was compared where a filter failed, on what evidence, and what would mend it?",
            (
                Column(capital(case.subject), share=1.4),
                Column("Stage", share=0.6),
                Column("Comparison", share=3),
                Column("What would let it pass", share=2),
            ),
            tuple(rows),
            layout="small",
            cards=True,
        )
    ]


def relaxations(case: Case) -> list[Block]:
    """The smallest sets of filters whose relaxation lets a stack in."""
    found = case.evaluation.lazy_user
    if found is None or not (found.relaxations.smallest or found.relaxations.beyond):
        return []
    left = found.relaxations
    opening = (
        f"Nothing is left, so something has to give. The smallest relaxations that let a "
        f"{case.subject} in"
        if not case.ranked
        else f"The smallest relaxations that would let another {case.subject} in"
    )
    more = f"; {count(left.more, 'further one')} are not listed" if left.more else ""
    blocks: list[Block] = []
    if left.smallest:
        blocks += [
            Paragraph(
                (
                    f"{opening} are these, fewest filters first{more}. That a filter is relaxed "
                    "at all is our extension of the model",
                    cite(OURS),
                    ".",
                )
            ),
            Bullets(tuple(_relaxation(case, r) for r in left.smallest), ordered=True),
        ]
    if left.beyond:
        names = {s.id: s.name for s in case.evaluation.stacks}
        said = [f"{names.get(k, k)} ({why})" for k, why in left.beyond.items()]
        blocks.append(Paragraph((f"No relaxation lets in {enumeration(said)}.",)))
    return blocks


def _relaxation(case: Case, relaxation: Relaxation) -> Inlines:
    names = {s.id: s.name for s in case.evaluation.stacks}
    readmitted = "; ".join(names.get(k, k) for k in relaxation.readmits)
    winner = names.get(relaxation.winner or "", "none")
    still = relaxation.winner == case.evaluation.selection.winner
    then = f"{winner} would still win" if still else f"{winner} would then win"
    asked = enumeration([f.text for f in relaxation.filters])
    return (Strong(capital(asked)), f" lets in: {readmitted}. {then}.")


def break_evens(case: Case) -> list[Block]:
    """At which value of an input another stack becomes the lazy choice."""
    found = case.evaluation.lazy_user.break_evens if case.evaluation.lazy_user else None
    if found is None or not found.points:
        return []
    names = {s.id: s.name for s in case.evaluation.stacks}
    shown = [p for p in found.points if p.value is not None]
    never = [p for p in found.points if p.value is None]
    least = names.get(found.least, found.least)
    blocks: list[Block] = [
        Heading("Break-even points"),
        Paragraph(
            (
                f"At the middles of all intervals {least} asks for the least effort, "
                f"{euros(found.efforts[found.least])}. "
                + (
                    "Another becomes the lazy choice when one input alone changes as "
                    if shown
                    else "No single input changes that within the ranges that were searched. "
                ),
                *((Ref("break-even"), " says. ") if shown else ()),
                "Searched were 0 to ten times the highest end of an interval, 1 to 20 years, "
                "exponents from 0 to 1, and training in up to three skills or in all of them",
                cite(OURS),
                ".",
            )
        ),
    ]
    if shown:
        blocks.append(
            Table(
                "break-even",
                "From where on is another the lazy choice?",
                (
                    Column("Break-even point", share=4),
                    Column("Now", "right", 0.7),
                    Column("Then", "right", 0.7),
                    Column("Unit", share=0.8),
                ),
                tuple(_point(p) for p in shown),
                layout="small",
                cards=True,
            )
        )
    if never and shown:
        blocks.append(Paragraph((_never(names, never),)))
    return blocks


def _point(point: BreakEven) -> tuple[Cell, ...]:
    value = point.value or 0.0
    return (
        text_cell(point.text.removesuffix(f" (now {point.text.rpartition('(now ')[2]}") + "."),
        Cell((number(point.now),), point.now),
        Cell((number(value),), value),
        text_cell(point.unit),
    )


SHARED_WORDS = {
    "rate": "the hourly rate",
    "per_point": "the price of a point of mental load",
    "exponent": "the learning exponent",
    "horizon": "the horizon",
    "skills": "training",
}


def _never(names: dict[str, str], points: list[BreakEven]) -> str:
    """Which inputs that all share change nothing, and how many of the others."""
    rivals = {p.stack for p in points}
    by_input = {
        word: {p.stack for p in points if p.input == key} for key, word in SHARED_WORDS.items()
    }
    nothing = [word for word, stacks in by_input.items() if stacks == rivals and stacks]
    others = sum(1 for p in points if SHARED_WORDS.get(p.input, "") not in nothing)
    said = f"None becomes it within range by {enumeration(nothing, 'or')}" if nothing else ""
    rest = f"{count(others, 'other input')} of single stacks change nothing" if others else ""
    return capital("; ".join(part for part in (said, rest) if part)) + "."
