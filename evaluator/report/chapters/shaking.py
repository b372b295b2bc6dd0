"""The part of chapter 11 that moves inputs and contenders: tornado, Sobol indices, reversal."""

from __future__ import annotations

from collections.abc import Iterable

from evaluator.rank.sobol import CONFIDENCE
from evaluator.report.case import Case
from evaluator.report.document import (
    Block,
    Callout,
    Cell,
    Column,
    Figure,
    Heading,
    Inlines,
    Missing,
    Paragraph,
    Ref,
    Table,
    cite,
)
from evaluator.report.figures import robustness as figures
from evaluator.report.prose import count, enumeration, number, number_cell, percent, text_cell
from evaluator.result.robustness import Examined, Robustness, SobolIndex, TornadoBar

SHOWN = 10


class Names:
    """Names as the reader knows them."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.criteria = {w.criterion: w.name for w in case.evaluation.weights}

    def stack(self, key: str) -> str:
        found = self.case.evaluation.find(key)
        return found.name if found else key

    def stacks(self, keys: Iterable[str]) -> str:
        return enumeration([self.stack(key) for key in keys])

    def input(self, row: TornadoBar | SobolIndex) -> str:
        name = self.criteria.get(row.criterion, row.criterion)
        if row.kind == "weight":
            return f"weight of {name}"
        return f"{name} of {self.case.name(row.of)}" if row.of else f"all values of {name}"


def not_there(heading: str, part: Examined) -> list[Block]:
    kind = "It failed" if part.outcome == "error" else "It does not apply"
    return [Heading(heading), Callout("Not computed", ((f"{kind}: {part.reason}.",),))]


# --- one input, all inputs ------------------------------------------------------------------


def tornado(found: Robustness, names: Names) -> list[Block]:
    heading, part = "What does each input alone do?", found.tornado
    if part.outcome != "ok" or part.margin is None:
        return not_there(heading, part)
    winner, bars = names.stack(part.winner), part.bars[:SHOWN]
    if not bars:
        return [Heading(heading), Paragraph(("Nothing is uncertain, so nothing moves the lead.",))]
    flips = [bar for bar in part.bars if bar.leader_low or bar.leader_high]
    words = (
        f"{count(len(flips), 'input').capitalize()} of {len(part.bars)} would put another one "
        f"first by itself: {enumeration([names.input(bar) for bar in flips[:SHOWN]])}."
        if flips
        else f"No input by itself takes the first place from {winner}, of {len(part.bars)} that "
        "were moved to both ends."
    )
    left_out = (
        f" {count(part.unanswered, 'input').capitalize()} lead to no answer at one end."
        if part.unanswered
        else ""
    )
    left_out += (
        f" {number(part.left_out, 0)} uncertain values of later places were not moved."
        if part.left_out
        else ""
    )
    named = [(names.input(bar), bar) for bar in bars]
    return [
        Heading(heading),
        Paragraph(
            (
                f"{words} The lead of {winner} is {number(part.margin, 3)}; ",
                Ref("fig-tornado"),
                " and ",
                Ref("tornado"),
                f" show the {len(bars)} inputs that move it most.",
            )
        ),
        Figure(
            "fig-tornado",
            "What moves the lead most? Each input alone at its low and at its high end.",
            figures.tornado(named, part.margin),
            "Tornado chart: "
            + "; ".join(
                f"{name} {number(bar.margin_low, 3)} to {number(bar.margin_high, 3)}"
                for name, bar in named
            )
            + ".",
            ("The solid line is the lead as it stands. Source: the ranking stage.",),
        ),
        Table(
            "tornado",
            "Which inputs move the lead most, and does the first place change?",
            (
                Column("Input", share=2.2),
                Column("from", "right", 0.6),
                Column("to", "right", 0.6),
                Column("Lead at low", "right", 0.8),
                Column("Lead at high", "right", 0.8),
                Column("Then first", share=1.6),
            ),
            tuple(
                (
                    text_cell(name),
                    number_cell(bar.low),
                    number_cell(bar.high),
                    number_cell(bar.margin_low, digits=3),
                    number_cell(bar.margin_high, digits=3),
                    _flip(bar, names),
                )
                for name, bar in named
            ),
            layout="small",
            note=(
                f"Weights move by ± {percent(part.spread)} of themselves, values over their "
                "intervals (ours). While one component moves, the others behind the same value "
                "stand at the middle of their intervals, so both ends can lie on one side of the "
                f"lead.{left_out}",
            ),
        ),
    ]


def _flip(bar: TornadoBar, names: Names) -> Cell:
    said = [
        f"{names.stack(leader)} at the {end} end"
        for leader, end in ((bar.leader_low, "low"), (bar.leader_high, "high"))
        if leader
    ]
    return text_cell("; ".join(said) or "no other")


def sobol(found: Robustness, names: Names) -> list[Block]:
    heading, part = "What do all inputs do together?", found.sobol
    if part.outcome != "ok" or not part.indices:
        return not_there(heading, part)
    top = part.indices[0]
    alone = sum(max(row.first, 0.0) for row in part.indices)
    words = (
        f"One input counts most for how unsure the lead is, {names.input(top)}: to know all else "
        f"would leave {percent(min(top.total, 1.0))} of the variance. "
    )
    words += (
        "The inputs add up rather than interact. "
        if alone >= 0.8
        else f"Single inputs explain {percent(min(alone, 1.0))} of it; the rest comes from their "
        "interplay, so that no table of single effects tells all. "
    )
    return [
        Heading(heading),
        Paragraph(
            (
                words + "Who wants a surer answer should first find out more about the inputs on "
                "top of ",
                Ref("sobol"),
                ". The indices are Sobol's",
                cite("sobol-2001"),
                ", computed with SALib",
                cite("salib"),
                ".",
            )
        ),
        Table(
            "sobol",
            "Which inputs does the lead vary with, alone and in all?",
            (
                Column("Input", share=2.4),
                Column("Alone", "right", 0.7),
                Column("±", "right", 0.5),
                Column("In all", "right", 0.7),
                Column("±", "right", 0.5),
            ),
            tuple(
                (
                    text_cell(names.input(row)),
                    number_cell(row.first, digits=2),
                    number_cell(row.first_half, digits=2),
                    number_cell(row.total, digits=2),
                    number_cell(row.total_half, digits=2),
                )
                for row in part.indices[:SHOWN]
            ),
            layout="small",
            note=(
                f"The {min(SHOWN, len(part.indices))} highest of {len(part.indices)}. Shares of "
                f"the variance, each with half of its {percent(CONFIDENCE)} interval; an estimate "
                f"below 0 is noise. {number(part.runs, 0)} runs on "
                f"{number(part.points, 0)} base points. "
                + (
                    "There are many uncertain values, so those of one criterion count as one input "
                    "(ours)."
                    if part.grouped
                    else ""
                )
                + (
                    f" {number(part.left_out, 0)} uncertain values of later places were held."
                    if part.left_out
                    else ""
                ),
            ),
        ),
    ]


# --- reversal -------------------------------------------------------------------------------

_CHANGES = {
    "without": "without {}",
    "copy": "with a copy of {}",
    "dominated": "with one more that is worst in everything",
}


def reversal(found: Robustness, names: Names) -> list[Block]:
    heading, part = "Does the order hang on who takes part?", found.reversal
    if part.outcome != "ok":
        return not_there(heading, part)
    intro = (
        "Each contender was taken away in turn, one was added that is worst in everything, and the "
        "first and the last were copied. "
    )
    if not part.trials:
        words = (
            f"In {number(part.tried, 0)} trials none of {number(part.pairs, 0)} pairs was turned "
            "round: who else takes part does not decide the order."
        )
        return [Heading(heading), Paragraph((intro + words,))]
    turned = [trial for trial in part.trials if trial.flips]
    wins = sum(1 for trial in turned if trial.winner_changes)
    said = f"{len(turned)} of {part.tried} trials turned pairs round, " + (
        f"{wins} of them the first place. "
        if wins
        else "none of them the first place: only later places hang on who takes part. "
    )
    return [
        Heading(heading),
        Paragraph((f"{intro}{said}", Ref("reversals"), " lists them.")),
        Table(
            "reversals",
            "Which pairs does a change of the field turn round, and by which method?",
            (
                Column("Field", share=1.6),
                Column("Method", share=0.8),
                Column("Turned round", share=2.6),
                Column("First changes", "center", 0.6),
            ),
            tuple(
                (
                    text_cell(_CHANGES[trial.change].format(names.stack(trial.of))),
                    text_cell(trial.method.replace("_", " ")),
                    _pairs(trial.flips, names) if trial.answered else Cell((Missing("no answer"),)),
                    text_cell("yes" if trial.winner_changes else "no"),
                )
                for trial in part.trials[: 2 * SHOWN]
            ),
            layout="small",
            note=_more(len(part.trials)),
            cards=True,
        ),
    ]


def _pairs(flips: list[tuple[str, str]], names: Names) -> Cell:
    said = [f"{names.stack(a)} falls behind {names.stack(b)}" for a, b in flips[:3]]
    more = f"; and {len(flips) - 3} more" if len(flips) > 3 else ""
    return text_cell("; ".join(said) + more)


def _more(trials: int) -> Inlines:
    return (f"The first {2 * SHOWN} of {trials}.",) if trials > 2 * SHOWN else ()
