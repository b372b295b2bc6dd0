"""The SME guide beside the ranking: coverage, attitudes, business models and guidelines."""

from __future__ import annotations

from collections import Counter

from evaluator.report.case import Case
from evaluator.report.document import (
    Block,
    Cell,
    Column,
    Heading,
    Inlines,
    Lamp,
    Paragraph,
    Ref,
    Strong,
    Table,
    cite,
)
from evaluator.report.prose import capital, count, enumeration, number, percent, text_cell
from evaluator.result.daffara import CoverageRow, GuidelineRow
from evaluator.study.fact import OURS


def coverage(case: Case) -> list[Block]:
    """How many lights could be lit per semaphore, and why the others could not."""
    guide = case.evaluation.daffara
    if guide is None or not guide.coverage.semaphores or not guide.coverage.components:
        return []
    found = guide.coverage
    lit, asked = (sum(getattr(r, f) for r in found.semaphores) for f in ("lit", "asked"))
    reasons: dict[str, Counter[str]] = {}
    for light in found.unlit:
        reasons.setdefault(light.semaphore, Counter())[light.reason] += 1
    partly = [r for r in found.components if r.lit < r.asked]
    fewest = min((r.lit for r in partly), default=0)
    darkest = [r for r in partly if r.lit == fewest]
    blocks: list[Block] = [
        Paragraph(
            (
                f"{number(lit, 0)} of {number(asked, 0)} lights could be lit "
                f"({percent(lit / asked if asked else 0)}); ",
                Ref("coverage"),
                " says which could not, and why. "
                if partly
                else " counts them by semaphore and none is missing. ",
                f"Every component has {number(fewest, 0)} of {number(darkest[0].asked, 0)}."
                if len(darkest) == len(found.components)
                else f"Fewest has {_names(darkest)} with {number(fewest, 0)} of "
                f"{number(darkest[0].asked, 0)}."
                if partly
                else "",
            )
        ),
        Table(
            "coverage",
            "How many lights could be lit, and why not the others?",
            (
                Column("Light", share=1.3),
                Column("Lit", "right", 0.5),
                Column("Asked", "right", 0.5),
                Column("Why not (components)", share=4),
            ),
            tuple(
                (
                    text_cell(row.name),
                    Cell((number(row.lit, 0),), row.lit),
                    Cell((number(row.asked, 0),), row.asked),
                    text_cell(_why(reasons.get(row.id, Counter()))),
                )
                for row in found.semaphores
            ),
            layout="small",
            cards=True,
            note=(
                "What each single light saw, and the reason where it saw nothing, is in ",
                Ref("metrics"),
                ".",
            ),
        ),
    ]
    return blocks


def tests(case: Case) -> list[Block]:
    """The test behind each lit slope: what was fitted, and within what it counts as zero."""
    slopes = {s.id for s in case.study.criteria.semaphores if s.rule == "slope"}
    rows = [
        (text_cell(case.name(c)), text_cell(x.name), Cell((Lamp(x.colour),)), text_cell(x.text))
        for c, lights in case.lights.items()
        for x in lights.values()
        if x.semaphore in slopes and x.colour != "grey"
    ]
    if not rows:
        return []
    return [
        Table(
            "slopes",
            "Which slope lit which light, and within what band does a slope count as zero?",
            (
                Column("Component", share=1),
                Column("Light", share=1.1),
                Column("Colour", "center", 0.5),
                Column("Test", share=4),
            ),
            tuple(rows),
            layout="small",
            cards=True,
        )
    ]


def _names(rows: list[CoverageRow]) -> str:
    return enumeration([row.name for row in rows])


MOST_REASONS = 4


def _why(reasons: Counter[str]) -> str:
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    said = [f"{reason.rstrip('.')} ({times})" for reason, times in ordered[:MOST_REASONS]]
    left = len(ordered) - len(said)
    return "; ".join([*said, *([f"{count(left, 'other reason')}"] if left else [])])


def attitudes(case: Case) -> list[Block]:
    """What the file's other attitudes to risk would have chosen."""
    guide = case.evaluation.daffara
    if guide is None or len(guide.attitudes) < 2:
        return []
    chosen = case.evaluation.selection.winner
    same = all(row.winner == chosen for row in guide.attitudes)
    names = {s.id: s.name for s in case.evaluation.stacks}
    words = (
        f"All {len(guide.attitudes)} attitudes to risk choose {names.get(chosen or '', 'none')}."
        if same
        else "The choice depends on the attitude to risk."
    )
    return [
        Paragraph(
            (
                f"An attitude multiplies the typed weights of each group of criteria by a factor, "
                f"and they are normalised again. {words} Both weights of each criterion are in ",
                Ref("weights"),
                ".",
            )
        ),
        Table(
            "attitudes",
            f"Which {case.subject} would each attitude to risk have chosen?",
            (
                Column("Attitude", share=1),
                Column("Factors", share=2.6),
                Column("Choice", share=1.6),
                Column("Next", share=1.6),
            ),
            tuple(
                (
                    Cell((Strong(row.attitude.replace("_", " ")), " (used)"))
                    if row.used
                    else text_cell(row.attitude.replace("_", " ")),
                    Cell(
                        (
                            ", ".join(f"{group} × {f:g}" for group, f in row.factors.items())
                            or "as typed",
                            cite(*case.study.criteria.attitudes[row.attitude].source),
                        )
                    ),
                    text_cell(row.refused or names.get(row.winner or "", "none")),
                    text_cell(names.get(row.runner_up or "", "none")),
                )
                for row in guide.attitudes
            ),
            layout="small",
            cards=True,
        ),
    ]


def business_models(case: Case) -> list[Block]:
    """Class of each part of the chosen stack in the guide's taxonomy."""
    guide = case.evaluation.daffara
    if guide is None or not guide.business_models or case.winner is None:
        return []
    whose = "each part of " if case.subject == "stack" else ""
    return [
        Heading("Who lives from it: business models"),
        Paragraph(
            (
                "The guide classes free software by the business model of those who make it",
                cite("daffara-smeguide", "daffara-taxonomy"),
                "; what a class means for who adopts it is our reading",
                cite(OURS),
                ".",
            )
        ),
        Table(
            "business-models",
            f"Which business model is behind {whose}{case.winner.name}?",
            (
                Column("Part", share=1),
                Column("Class", share=1.2),
                Column("What it means for the adopter (ours)", share=3),
            ),
            tuple(
                (
                    text_cell(row.name),
                    Cell(
                        (
                            (row.kind or "not classed").replace("-", " "),
                            cite(*row.source),
                        )
                    ),
                    text_cell(f"{row.meaning}."),
                )
                for row in guide.business_models
            ),
            layout="small",
            cards=True,
        ),
    ]


def guidelines(case: Case) -> list[Block]:
    """The guide's chapter 5 as a checklist with this run's answers."""
    guide = case.evaluation.daffara
    if guide is None or not guide.guidelines:
        return []
    rows = guide.guidelines
    tally = Counter(row.status for row in rows)
    said = [
        count(tally[status], f"is {status}", f"are {status}")
        for status in ("answered", "open", "not met")
        if tally[status]
    ]
    return [
        Heading("Guidelines of the SME guide"),
        Paragraph(
            (
                f"{capital(count(len(rows), 'guideline'))} were held against this run: "
                f"{enumeration(said)}. The answers are made from the run's data, the comments are "
                "the analyst's",
                cite(OURS),
                ".",
            )
        ),
        Table(
            "guidelines",
            "How does this run answer the guidelines?",
            (
                Column("Guideline", share=1.2),
                Column("Status", share=0.6),
                Column("Answer of this run", share=2.6),
                Column("Comment", share=1.6),
            ),
            tuple(_guideline(row) for row in rows),
            layout="small",
            cards=True,
        ),
    ]


def _guideline(row: GuidelineRow) -> tuple[Cell, ...]:
    answer: Inlines = (row.answer,) if row.answer else ("By comment only",)
    return (
        Cell((row.text, cite(*row.source))),
        text_cell(row.status),
        Cell(answer),
        Cell((row.comment,)),
    )
