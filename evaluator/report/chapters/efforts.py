"""Appendix on effort: every interval that went into the estimate, and who says so."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.document import Cell, Chapter, Column, Paragraph, Table, cite
from evaluator.report.prose import count, interval, number, percent, text_cell
from evaluator.score.lazy_user import reuse
from evaluator.study.fact import Interval, Sourced
from evaluator.study.stack import Effort

INPUTS = {
    "adopt_hours": ("adoption", "hours"),
    "switch_hours": ("switching", "hours"),
    "run_hours_per_year": ("running", "hours/year"),
    "money_once_eur": ("money, once", "EUR"),
    "money_eur_per_year": ("money, yearly", "EUR/year"),
    "mental_points": ("mental load", "points"),
}


def efforts(case: Case) -> Chapter:
    stacks = [case.study.stacks[s.id] for s in case.evaluation.stacks if s.id in case.study.stacks]
    inputs = [
        (stack.name, *INPUTS[name], getattr(stack.effort, name))
        for stack in stacks
        if stack.effort
        for name in Effort.model_fields
    ]
    ours = sum(1 for *_, value in inputs if "ours" in value.source)
    return Chapter(
        "efforts",
        "Inputs of the effort",
        (
            Paragraph(
                (
                    f"{count(len(inputs), 'interval').capitalize()}, of which {number(ours, 0)} "
                    "are ours: nobody has published such figures. Each draw takes one value from "
                    "each interval; the inputs of one kind lie at the same place in the intervals "
                    "of all stacks, since the same people estimated them on one scale.",
                )
            ),
            *_rule(case),
            Table(
                "table-reuse",
                "Which skills does a stack ask for, and which has the staff already?",
                (
                    Column("Stack", share=1.6),
                    Column("Skills required", share=3),
                    Column("Share reused", "right", 0.8),
                ),
                tuple(
                    (
                        text_cell(stack.name),
                        Cell((", ".join(skills.value), cite(*skills.source)))
                        if (skills := stack.requires.get("skills"))
                        and isinstance(skills.value, list)
                        else text_cell("none named"),
                        Cell((percent(reuse(case.study, stack)),), reuse(case.study, stack)),
                    )
                    for stack in stacks
                ),
                layout="small",
                cards=True,
                note=(
                    f"The staff has: {', '.join(case.site.staff.skills) or 'none named'}",
                    cite(*case.site.staff.source),
                    ".",
                ),
            ),
            Table(
                "table-effort-inputs",
                "How much work, money and mental load was estimated for each stack, and why?",
                (
                    Column("Stack", share=1.5),
                    Column("Input", share=0.8),
                    Column("Interval", "right", 1),
                    Column("Unit", share=0.8),
                    Column("Reason", share=4),
                ),
                tuple(
                    (
                        text_cell(name),
                        text_cell(what),
                        Cell((interval(value.value),), value.value.low),
                        text_cell(unit),
                        Cell((value.reason or value.note, cite(*value.source))),
                    )
                    for name, what, unit, value in inputs
                ),
                layout="small",
                cards=True,
            ),
        ),
        appendix=True,
    )


def _rule(case: Case) -> list[Table]:
    rule, staff = case.study.criteria.effort, case.site.staff
    if rule is None:
        return []
    rows: tuple[tuple[str, str, Interval, Sourced], ...] = (
        ("Horizon", "years", rule.horizon_years.value, rule.horizon_years),
        ("Rate", "EUR/hour", staff.rate_eur_per_hour, staff),
        ("Learning exponent b", "", rule.learning_exponent.value, rule.learning_exponent),
        ("Mental load k", "EUR/point", rule.mental_eur_per_point.value, rule.mental_eur_per_point),
    )
    table = Table(
        "table-effort-rule",
        "Which numbers turn hours, money and mental load into one effort?",
        (
            Column("Number", share=1.3),
            Column("Interval", "right", 0.8),
            Column("Unit", share=0.8),
            Column("Reason", share=4),
        ),
        tuple(
            (
                text_cell(name),
                Cell((interval(value),), value.low),
                text_cell(unit),
                Cell((who.reason or who.note, cite(*who.source))),
            )
            for name, unit, value, who in rows
        ),
        layout="small",
        cards=True,
    )
    return [table]
