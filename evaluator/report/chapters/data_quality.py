"""Appendix: what is to be known of each source's data."""

from __future__ import annotations

from collections import Counter

from evaluator.quality import all_checks
from evaluator.report.case import Case
from evaluator.report.document import Block, Chapter, Column, Inline, Paragraph, Ref, Table
from evaluator.report.prose import capital, count, enumeration, number, number_cell, text_cell
from evaluator.result import QualityRow


def data_quality(case: Case) -> Chapter:
    rows = case.evaluation.quality
    watched = {row.source for row in rows}
    clean = sorted(
        s.id for s in case.evaluation.sources if s.outcome == "ok" and s.id not in watched
    )
    cautions = sum(1 for row in rows if row.severity == "caution")
    words: list[Inline] = [
        f"As of {case.evaluation.as_of}, the records of {count(len(watched), 'source')} hold "
        f"{count(len(rows), 'peculiarity', 'peculiarities')} that a reader of their figures must "
        f"know, {number(cautions, 0)} of which can mislead (caution): they touch a metric within "
        "the window that it looks at. Checks and thresholds are ours (",
        Ref("table-checks"),
        "); they judge the records, not the projects. ",
        Ref("metrics"),
        " names them beside the values that they touch.",
    ]
    if clean:
        words.append(f" None was found in {enumeration(clean)}.")
    blocks: list[Block] = [Paragraph(tuple(words))]
    if rows:
        blocks.append(_observations(rows))
    blocks.append(_checks(rows))
    return Chapter("quality", "Data quality", tuple(blocks), appendix=True)


def _observations(rows: list[QualityRow]) -> Table:
    return Table(
        "table-quality",
        "What is to be known of each source's data?",
        (
            Column("Source", share=1),
            Column("Observation", share=1.2),
            Column("Severity", share=0.7),
            Column("Finding", share=3.4),
            Column("n", "right", 0.6),
            Column("Touches", share=2.6),
        ),
        tuple(
            (
                text_cell(row.source),
                text_cell(row.name),
                text_cell(row.severity),
                text_cell(capital(row.text)),
                number_cell(row.n, digits=0),
                text_cell(", ".join(m.replace("_", " ") for m in row.affects)),
            )
            for row in rows
        ),
        layout="landscape",
        note=(
            "n counts the items that were looked at. Touches names the metrics that read the "
            "items concerned; none where these are older than what the metrics look at.",
        ),
    )


def _checks(rows: list[QualityRow]) -> Table:
    found = Counter(row.check for row in rows)
    return Table(
        "table-checks",
        "What is looked for, and in how many sources was it found?",
        (Column("Check", share=1), Column("Looks for", share=4), Column("Sources", "right", 0.5)),
        tuple(
            (text_cell(check.name), text_cell(check.meaning), number_cell(found[key], digits=0))
            for key, check in all_checks().items()
        ),
        layout="small",
    )
