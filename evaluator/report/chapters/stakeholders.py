"""Chapter on the stakeholders: what each would choose, together, and who dissents."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.chapters.shaking import Names
from evaluator.report.document import (
    Block,
    Bullets,
    Chapter,
    Column,
    Heading,
    Inlines,
    Paragraph,
    Ref,
    Strong,
    Table,
    cite,
)
from evaluator.report.prose import (
    capital,
    count,
    enumeration,
    number,
    number_cell,
    percent,
    text_cell,
)
from evaluator.result.group import Dissent, Group
from evaluator.study.fact import OURS

RULES = {
    "arithmetic": "arithmetic mean of the weights",
    "geometric": "geometric mean of the weights",
    "borda": "Borda's count of the ranks",
}


def stakeholders(case: Case) -> tuple[Chapter, ...]:
    """The chapter; none where the study names no stakeholders."""
    group = case.evaluation.group
    if group is None:
        return ()
    names = Names(case)
    blocks: list[Block] = (
        [
            Paragraph(
                (_together(group, names), " ", Ref("stakeholders-table"), " shows each alone.")
            ),
            _table(group, names),
            Heading("Who dissents?"),
            *_minority(group, names),
        ]
        if group.collectives
        else [Paragraph(("None of the stakeholders could be asked.",))]
    )
    if group.notes:
        blocks.append(Bullets(tuple((capital(note),) for note in group.notes)))
    return (Chapter("stakeholders", "What the stakeholders say", tuple(blocks)),)


def _stacks(names: Names, keys: list[str]) -> str:
    return enumeration([names.stack(key) for key in keys])


def _together(group: Group, names: Names) -> str:
    text = (
        f"{capital(count(len(group.opinions), 'stakeholder'))} weighed the criteria, each "
        "without the study's attitude. By the weighted mean of their weights quality is best with "
        f"{_stacks(names, group.collective.winners)}. This is beside the ranking, which keeps "
        "the study's own weights."
    )
    if group.agreement is not None:
        text += f" Kendall's W among them is {number(group.agreement, 2)} (1 is the same order)."
    return text


def _table(group: Group, names: Names) -> Table:
    rows = [
        (
            text_cell(o.name),
            text_cell(percent(o.share)),
            text_cell(_stacks(names, o.winners)),
            number_cell(o.agreement, digits=2),
        )
        for o in group.opinions
    ]
    rows += [
        (
            text_cell(f"Together, {RULES[c.rule]}"),
            text_cell(""),
            text_cell(_stacks(names, c.winners)),
            text_cell(""),
        )
        for c in group.collectives
    ]
    return Table(
        "stakeholders-table",
        "Who would choose what, alone and together?",
        (
            Column("Who", share=1.4),
            Column("Share", "right", 0.6),
            Column("Would choose", share=2.4),
            Column("W with the group", "right", 0.8),
        ),
        tuple(rows),
        note=("Weights and shares are the stakeholders' own; the rules beside the mean are ours",
              cite(OURS), "."),
    )  # fmt: skip


def _minority(group: Group, names: Names) -> list[Block]:
    if not group.minority:
        return [Paragraph(("Nobody: the group's first is everybody's first.",))]
    return [Bullets(tuple(_report(found, names) for found in group.minority))]


def _report(found: Dissent, names: Names) -> Inlines:
    carried = enumeration([names.criteria[c] for c in list(found.carried_by)[:3]])
    why = f", for {carried}" if carried else ""
    turn = (
        "No step towards the group's weights makes that one their first."
        if found.moved is None
        else f"It becomes their first when {percent(found.moved)} of their weight moves towards "
        "the group's."
    )
    return (
        Strong(found.name),
        f" would take {names.stack(found.prefers)}{why}; the group's "
        f"{names.stack(found.group_prefers)} is their number {found.rank_of_group_winner}. {turn}",
    )
