"""The rest of chapter 10: effort, components in their roles, and smaller solutions."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.chapters.results_cells import STAGES, score_cell
from evaluator.report.document import (
    Block,
    Bullets,
    Cell,
    Column,
    Emphasis,
    Figure,
    Heading,
    Inline,
    Inlines,
    Missing,
    Paragraph,
    Ref,
    Strong,
    Table,
    cite,
)
from evaluator.report.figures import ranking
from evaluator.report.prose import (
    count,
    enumeration,
    euros,
    number,
    number_cell,
    percent,
    share_cell,
    span,
    text_cell,
)
from evaluator.result import StackResult

# --- effort ---------------------------------------------------------------------------------


def effort(case: Case) -> list[Block]:
    estimated = [(s, s.effort) for s in case.evaluation.stacks if s.effort]
    stacks = sorted(estimated, key=lambda pair: (pair[1].median, pair[0].id))
    if not stacks:
        return []
    removed = {s.id for s in case.removed}
    parts = ("money", "adopt", "switch", "run", "mental")
    rows = tuple(
        (
            text_cell(s.name + ("\u00a0*" if s.id in removed else "")),
            Cell((number(own.median, 0),), own.median),
            Cell((span(own.low, own.high, 0),), own.low),
            *(Cell((number(getattr(own, p), 0),), getattr(own, p)) for p in parts),
            Cell((Missing("removed"),)) if s.id in removed else share_cell(own.least_probability),
        )
        for s, own in stacks
    )
    contenders = [pair for pair in stacks if pair[0].id not in removed]
    words: list[Inline] = []
    if contenders:
        least, own = contenders[0]
        largest = max(parts, key=lambda p: getattr(own, p))
        names = {key: name for key, name, _, _ in ranking.EFFORT_PARTS}
        words = [
            f"{least.name} asks for the least effort of those that are left, "
            f"{euros(own.median)} over the horizon; its largest part is "
            f"{names[largest]}. "
        ]
        if len(contenders) > 1:
            words.append(_how_surely(own.least_probability))
    words.append(
        "Every number of hours, money and mental load is an interval of ours with its reason ("
    )
    words += [Ref("efforts"), "); none is a quotation."]
    blocks: list[Block] = [
        Heading("Effort"),
        Paragraph(tuple(words)),
        Table(
            "effort",
            "What does each stack ask for over the horizon, in EUR?",
            (
                Column("Stack", share=2),
                Column("Median", "right", 0.8),
                Column("5 to 95 %", "right", 1.5),
                Column("Money", "right", 0.8),
                Column("Adoption", "right", 0.8),
                Column("Switching", "right", 0.85),
                Column("Running", "right", 0.8),
                Column("Mental load", "right", 0.8),
                Column("Least in", "right", 0.8),
            ),
            rows,
            layout="small",
            note=(
                "* removed by a filter and shown for comparison. Parts are means. Least in: "
                "share of the draws in which it is the least among those left.",
            ),
        ),
    ]
    if svg := ranking.effort_parts(case):
        blocks.append(
            Figure(
                "fig-effort",
                "What does the effort consist of? Means in thousand EUR over the horizon.",
                svg,
                "Stacked bars of the effort of each stack by money, adoption, switching, running "
                "and mental load.",
                (
                    f"n = {number(case.evaluation.draws, 0)} draws. Source: stack files and site "
                    "file.",
                ),
            )
        )
    return blocks


def _how_surely(share: float) -> str:
    """How far the draws agree on which contender asks for the least."""
    if share == 1:
        return "It is the least in every draw. "
    if share >= 0.9:
        return f"It is the least in nearly all draws ({percent(share)}). "
    if share > 0.5:
        return (
            f"It is the least in {percent(share)} of the draws, so the intervals leave the order "
            "open. "
        )
    return (
        f"Yet it is the least in no more than {percent(share)} of the draws, so the order says "
        "little. "
    )


# --- components -----------------------------------------------------------------------------


def components(case: Case) -> list[Block]:
    contested = {r: found for r, found in case.evaluation.components.items() if len(found) > 1}
    alone = [r for r, found in case.evaluation.components.items() if len(found) == 1]
    if not contested:
        return []
    chosen = set(case.winner.components.values()) if case.winner else set()
    rows = []
    for role, found in contested.items():
        for component in found:
            title = case.name(component.id)
            rows.append(
                (
                    text_cell(case.role_name(role)),
                    Cell((Strong(title),)) if component.id in chosen else text_cell(title),
                    number_cell(component.rank, digits=0),
                    score_cell(component),
                    share_cell(component.first_rank_probability),
                )
            )
    combined = case.subject == "stack"
    words: list[Inline] = [
        f"Inside its role each {'component' if combined else 'candidate'} was ranked by the same "
        "methods, on the criteria that apply to a component. "
    ]
    if case.winner and combined:
        behind = [
            f"{case.name(c.id)} ({case.role_name(role).lower()}, rank {c.rank})"
            for role, found in contested.items()
            for c in found
            if case.winner.components.get(role) == c.id and c.rank is not None and c.rank > 1
        ]
        words.append(
            f"Not every part of {case.winner.name} leads its role: {enumeration(behind)}. "
            if behind
            else f"Every part of {case.winner.name} that has a rival leads its role. "
        )
        compatibility = case.study.stacks[case.winner.id].compatibility
        if why := (compatibility.note or compatibility.reason).strip().rstrip("."):
            words += [
                "The stack's file says of the combination"
                + (", and so why they are used all the same: " if behind else ": "),
                Emphasis(why),
                cite(*compatibility.source),
                ". ",
            ]
        elif behind:
            words.append("The stack's file does not say why they are used all the same. ")
    if alone:
        roles = enumeration([case.role_name(r).lower() for r in alone])
        words.append(f"There was no rival for {roles}.")
    return [
        Heading(f"{'Components' if combined else 'Candidates'} in their roles"),
        Paragraph(tuple(words)),
        Table(
            "components",
            f"Which {'component' if combined else 'candidate'} leads in each role?",
            (
                Column("Role", share=1.6),
                Column("Component" if combined else "Candidate", share=1.6),
                Column("Rank", "right", 0.6),
                Column("Score (5 to 95 %)", "right", 1.4),
                Column("First in", "right", 0.8),
            ),
            tuple(rows),
            layout="small",
            note=(
                ""
                if not chosen
                else "Parts of the chosen stack are in bold."
                if case.subject == "stack"
                else "The chosen candidate is in bold.",
            ),
        ),
    ]


# --- minor scale ----------------------------------------------------------------------------


MOST_MINOR = 4


def minor_stacks(case: Case) -> list[StackResult]:
    """Stacks of fewer parts than the winner and without a suite, the smallest first."""
    winner = case.winner
    if winner is None:
        return []
    suites = {c.id for c in case.study.candidates.values() if c.kind == "suite"}
    smaller = [
        s
        for s in case.evaluation.stacks
        if len(s.components) < len(winner.components) and not suites & set(s.components.values())
    ]
    return sorted(
        smaller, key=lambda s: (len(s.components), s.effort.median if s.effort else 0.0, s.id)
    )[:MOST_MINOR]


def minor_scale(case: Case) -> list[Block]:
    winner, minor = case.winner, minor_stacks(case)
    if winner is None or not minor:
        return []
    return [
        Heading("Comparison with solutions of a minor scale"),
        Paragraph(
            (
                f"{winner.name} meets {percent(winner.functional_match)} of the functions with "
                f"{count(len(winner.components), 'part')}. The smallest stacks do with fewer:",
            )
        ),
        Bullets(tuple(_fate(winner, stack) for stack in minor)),
        Paragraph((_comparison(case, winner, minor),)),
        Table(
            "minor",
            "How do the metrics of smaller solutions compare with those of the chosen stack?",
            (
                Column("Criterion", share=1.6),
                Column("Unit", share=1),
                Column(winner.name, "right", 1.1),
                *(Column(s.name, "right", 1) for s in minor),
            ),
            tuple(
                (
                    text_cell(weight.name),
                    text_cell(plain_unit(cell.unit)),
                    *(_criterion_cell(s, weight.criterion) for s in (winner, *minor)),
                )
                for weight in case.evaluation.weights
                for cell in winner.values
                if cell.criterion == weight.criterion
            ),
            layout="small",
            note=(
                "Columns that the matrix holds as logarithms are turned back into their unit here. "
                "≈ rests in part on the range of the column, because a component's value is "
                "missing. A stack's value is the worst, the mean or the best of its parts, so "
                "one with fewer parts has fewer that can pull it down.",
            ),
        ),
    ]


def plain_unit(unit: str) -> str:
    """A unit without the logarithm in which the matrix holds its column."""
    return unit[len(_LOG) : -1] if unit.startswith(_LOG) else unit


def plain_value(value: float, unit: str) -> float:
    """A value of the matrix in its plain unit; for a mean of logarithms, their mean undone."""
    return 10**value - 1 if unit.startswith(_LOG) else value


def _comparison(case: Case, winner: StackResult, minor: list[StackResult]) -> str:
    """On how many criteria each smaller stack equals or beats the winner."""
    directions = {w.criterion: w.direction for w in case.evaluation.weights}
    own = {v.criterion: v.value for v in winner.values}
    said = []
    for stack in minor:
        pairs = [
            (v.value, mine, directions[v.criterion])
            for v in stack.values
            if v.criterion in directions
            and v.value is not None
            and (mine := own.get(v.criterion)) is not None
        ]
        reached = sum(1 for v, mine, way in pairs if (v >= mine if way == "max" else v <= mine))
        said.append(f"{stack.name} on {reached} of {len(pairs)}")
    return f"They equal or beat it on some of the criteria known of both: {'; '.join(said)}."


_LOG = "log10(1 + "


def _fate(winner: StackResult, stack: StackResult) -> Inlines:
    words = f" ({count(len(stack.components), 'part')}) meets {percent(stack.functional_match)} "
    words += "of the functions"
    if winner.effort and stack.effort and winner.effort.median:
        share = stack.effort.median / winner.effort.median
        words += (
            f", asks for {percent(share)} of the effort"
            if share < 1
            else f", asks for {number(share, 1)} times the effort"
        )
    if stack.outcome == "ranked":
        return (Strong(stack.name), f"{words}, and took rank {number(stack.rank or 0, 0)}.")
    reason = f": {stack.reasons[0]}" if stack.reasons else ""
    more = f" (and {count(len(stack.reasons) - 1, 'other')})" if len(stack.reasons) > 1 else ""
    return (
        Strong(stack.name),
        f"{words}, but fell at {STAGES.get(stack.stage, stack.removed_by)}{reason}{more}.",
    )


def _criterion_cell(stack: StackResult, criterion: str) -> Cell:
    for cell in stack.values:
        if cell.criterion == criterion and cell.value is not None:
            value = plain_value(cell.value, cell.unit)
            return Cell((("≈ " if cell.assumed else "") + number(value),), value)
    return Cell((Missing(),))
