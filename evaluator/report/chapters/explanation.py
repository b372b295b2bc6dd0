"""Why the winner beats the runner-up: what each criterion adds to its lead, what turns it."""

from __future__ import annotations

from evaluator.explain import Explanation, explain
from evaluator.explain.model import Side
from evaluator.report.case import Case
from evaluator.report.document import (
    Block,
    Bullets,
    Cell,
    Chapter,
    Code,
    Column,
    Inlines,
    Paragraph,
    Strong,
    Table,
    cite,
)
from evaluator.report.prose import enumeration, number, span, text_cell
from evaluator.study.fact import OURS

MOST = 3


def explanation(case: Case) -> Chapter:
    return Chapter(
        "explanation", "Why the winner beats the runner-up", tuple(_blocks(case)), appendix=True
    )


def _blocks(case: Case) -> list[Block]:
    if case.winner is None or case.runner_up is None:
        return [Paragraph(("Fewer than two are left, so there is nothing to compare.",))]
    found = explain(case.evaluation, case.winner.id)
    if found.against is None or found.difference is None:
        return [Paragraph(("The two that lead are equal on every criterion.",))]
    mine, other = found.subject.name, found.against.name
    return [
        Paragraph(
            (
                Strong(mine),
                f" is {number(found.difference, 3)} ahead of ",
                Strong(other),
                " in the score" if found.difference >= 0 else " in the score (it is behind)",
                f" of {_names(case, found)}. The table shares that difference out among the "
                "criteria by Shapley values",
                cite("shapley-1953"),
                f": what the {case.subject}'s own value does in place of the other's, averaged "
                "over all orders in which values can be exchanged",
                cite(OURS),
                ". The points sum to the difference; in a weighted sum each is the weight times "
                "the difference of the scaled values. ",
                _decided(found),
            )
        ),
        _table(found),
        Bullets(tuple(_turning(found))),
        Paragraph(
            (
                "The command ",
                Code(f"evaluate explain {found.subject.id} --against {found.against.id}"),
                " goes on from here: to the metric, its n and window, the repository, and the "
                "line of the file that states a fact.",
            )
        ),
    ]


def _names(case: Case, found: Explanation) -> str:
    names = {m.id: m.name for m in case.evaluation.methods}
    return enumeration([names.get(m, m) for m in found.methods])


def _decided(found: Explanation) -> str:
    if found.decided_by == "effort":
        return (
            "It is not this difference that decided: effort did, since the rule asks for the "
            "least effort among those that quality does not tell apart."
            if "tell apart" in found.rule
            else "It is not this difference that decided: the rule asks for the least effort."
        )
    return "No effort had to decide between the two."


def _table(found: Explanation) -> Table:
    rows = [
        (
            text_cell(c.name),
            Cell((_signed(c.points),), c.points),
            Cell((number(c.effective, 3),), c.effective),
            _side(c.mine),
            _side(c.other),
            text_cell(c.unit),
        )
        for c in found.contributions
    ]
    total = (Cell((Strong("Sum"),)), Cell((Strong(_signed(found.difference or 0)),)))
    return Table(
        "table-contributions",
        "How much does each criterion contribute to the lead of the winner?",
        (
            Column("Criterion", share=2),
            Column("Points", "right"),
            Column("Weight", "right"),
            Column("Winner", "right", 1),
            Column("Runner-up", "right", 1),
            Column("Unit", share=1.4),
        ),
        (*rows, (*total, *(Cell(()) for _ in range(4)))),
        layout="small",
        note=("Intervals stand where a value is not known exactly.",),
    )


def _side(side: Side) -> Cell:
    if side.low < side.high:
        return Cell((span(side.low, side.high),), side.value)
    return Cell((number(side.value),), side.value)


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number(round(value, 4) + 0.0, 4)


def _turning(found: Explanation) -> list[Inlines]:
    """The smallest changes that turn the order in quality, and what matters most of the unknown."""
    names = {c.criterion: c.name for c in found.contributions}
    if found.weight_changes:
        first = found.weight_changes[0]
        weight = (
            f"The smallest change of one weight that turns the order: {names[first.criterion]} "
            f"from {number(first.effective, 3)} to {number(first.needed, 3)}."
        )
    else:
        weight = "No change of one weight, from nothing to everything, turns the order."
    inside = [v for v in found.value_changes if v.within == "interval"]
    value = (
        "Inside the interval of one cell the order can turn by "
        f"{enumeration(sorted({names[v.criterion] for v in inside}))}."
        if inside
        else "No value turns the order inside its own interval, all others staying."
    )
    turning = [u for u in found.unknowns if u.turns]
    missing = [u for u in found.unknowns if u.missing]
    shown = [f"{names[u.criterion]} of {u.component}" for u in (turning or missing)[:MOST]]
    if turning:
        unknown = f"What is not known of a single component can turn it: {enumeration(shown)}."
    elif missing:
        unknown = (
            "Nothing that is not known of a single component turns it; of what is missing, most "
            f"depends on {enumeration(shown)}."
        )
    else:
        unknown = "Nothing that the two are compared on is missing."
    return [(weight,), (value,), (unknown,)]
