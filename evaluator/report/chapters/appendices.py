"""Appendices: every number that the chapters rest on."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.chapters.checklist import tests
from evaluator.report.chapters.data_quality import data_quality
from evaluator.report.chapters.efforts import efforts
from evaluator.report.chapters.needs import needs
from evaluator.report.document import (
    Block,
    Cell,
    Chapter,
    Code,
    Column,
    Emphasis,
    Inline,
    Missing,
    Paragraph,
    Ref,
    Table,
    cite,
)
from evaluator.report.prose import (
    MISSING_WORDS,
    capital,
    count,
    enumeration,
    number,
    number_cell,
    span,
    text_cell,
)
from evaluator.result import CriterionValue


def appendices(case: Case) -> tuple[Chapter, ...]:
    return (
        _matrix(case),
        _weights(case),
        *([needs(case)] if case.study.criteria.need or case.study.criteria.state else []),
        *([efforts(case)] if case.weighed else []),
        _metrics(case),
        data_quality(case),
        _provenance(case),
        _inputs(case),
    )


def _value(cell: CriterionValue) -> Cell:
    if cell.value is None:
        return Cell((Missing(MISSING_WORDS[cell.outcome]),))
    return Cell((number(cell.value),), cell.value)


MOST_NAMED = 3


def _via(case: Case, cell: CriterionValue) -> str:
    if len(cell.via) > MOST_NAMED:
        return f"{len(cell.via)} parts"
    stacks = {s.id: s.name for s in case.evaluation.stacks}
    return ", ".join(
        case.name(v) if v in case.study.candidates else stacks.get(v, v) for v in cell.via
    )


def _observations(case: Case, cell: CriterionValue) -> Cell:
    """Number of observations behind a metric that one component decided."""
    criterion = next((c for c in case.study.criteria.criteria if c.id == cell.criterion), None)
    row = None
    if criterion and criterion.metric and len(cell.via) == 1:
        row = case.metric(cell.via[0], criterion.metric)
    return number_cell(row.n, digits=0) if row and row.n is not None else text_cell("")


def _matrix(case: Case) -> Chapter:
    names = {w.criterion: w.name for w in case.evaluation.weights}
    rows = tuple(
        (
            text_cell(stack.name),
            text_cell(names.get(cell.criterion, cell.criterion)),
            _value(cell),
            Cell((span(cell.low, cell.high),), cell.low),
            text_cell(cell.unit),
            text_cell(
                ("partly assumed" if cell.value is not None else "assumed")
                if cell.assumed
                else "known"
            ),
            text_cell(_via(case, cell)),
            _observations(case, cell),
            text_cell(cell.note),
        )
        for stack in case.evaluation.stacks
        for cell in stack.values
    )
    assumed = sum(1 for s in case.evaluation.stacks for c in s.values if c.assumed)
    return Chapter(
        "matrix",
        "The full decision matrix",
        (
            Paragraph(
                (
                    f"{count(len(rows), 'cell').capitalize()}, of which {number(assumed, 0)} rest "
                    "in whole or in part on the range of their column because a component's value "
                    "is missing. Via names the components that decided the value, n counts the "
                    "observations where one component decided; the others are in ",
                    Ref("metrics"),
                    ".",
                )
            ),
            Table(
                "table-matrix",
                f"What is each {case.subject} worth on each criterion?",
                (
                    Column(f"{capital(case.subject)}", share=2),
                    Column("Criterion", share=1.7),
                    Column("Value", "right", 0.8),
                    Column("Interval", "right", 0.9),
                    Column("Unit", share=1.2),
                    Column("Data", share=0.8),
                    Column("Via", share=1.2),
                    Column("n", "right", 0.5),
                    Column("Note", share=2),
                ),
                rows,
                layout="landscape",
            ),
        ),
        appendix=True,
    )


def _weights(case: Case) -> Chapter:
    evaluation = case.evaluation
    changed = any(abs(w.typed - w.effective) > 5e-4 for w in evaluation.weights)
    ours = sum(1 for w in evaluation.weights if "ours" in w.source)
    rows = tuple(
        (
            Cell((w.name, cite(*w.source))),
            text_cell(w.group),
            text_cell("more is better" if w.direction == "max" else "less is better"),
            Cell((f"{100 * w.typed:.1f}",), w.typed),
            Cell((f"{100 * w.effective:.1f}",), w.effective),
            text_cell(w.reason),
        )
        for w in sorted(evaluation.weights, key=lambda w: (-w.effective, w.criterion))
    )
    return Chapter(
        "weights",
        "Weights",
        (
            Paragraph(
                (
                    f"{count(len(rows), 'weight').capitalize()}, of which {number(ours, 0)} are "
                    "ours. "
                    + (
                        "The attitude moves them: typed is the share in the criteria file, "
                        "effective the share after it."
                        if changed
                        else "The attitude leaves them as they were typed."
                    ),
                )
            ),
            Table(
                "table-weights",
                "How much does each criterion count (% of the whole), and says who?",
                (
                    Column("Criterion", share=1.8),
                    Column("Group", share=0.9),
                    Column("Direction", share=1),
                    Column("Typed", "right", 0.6),
                    Column("Effective", "right", 0.8),
                    Column("Reason", share=3),
                ),
                rows,
                layout="small",
            ),
        ),
        appendix=True,
    )


def _metrics(case: Case) -> Chapter:
    names = {q.check: q.name.lower() for q in case.evaluation.quality}
    rows = []
    for row in sorted(case.evaluation.metrics, key=lambda r: (r.candidate, r.metric)):
        interval = (
            Cell((span(row.low, row.high),), row.low)
            if row.low is not None and row.high is not None and row.low != row.high
            else Cell(())
        )
        rows.append(
            (
                text_cell(case.name(row.candidate)),
                text_cell(row.metric.replace("_", " ")),
                number_cell(row.value, row.outcome),
                interval,
                text_cell(row.unit),
                number_cell(row.n, "ok", 0) if row.n is not None else Cell((Missing("–"),)),
                text_cell(row.note),
                _marks([names.get(check, check) for check in row.quality]),
            )
        )
    missing = sum(1 for r in case.evaluation.metrics if r.outcome != "ok")
    return Chapter(
        "metrics",
        "Metrics",
        (
            Paragraph(
                (
                    f"{number(len(rows), 0)} values as of {case.evaluation.as_of}; "
                    f"{number(missing, 0)} of them are missing and say why in the note. Data names "
                    "what is to be known of the data behind a value; ",
                    Ref("quality"),
                    " says how much of it there is in which source. Windows are in ",
                    Ref("definitions"),
                    ".",
                )
            ),
            Table(
                "table-metrics",
                "What was measured of each candidate?",
                (
                    Column("Candidate", share=1),
                    Column("Metric", share=1.75),
                    Column("Value", "right", 0.85),
                    Column("Interval", "right", 0.85),
                    Column("Unit", share=0.95),
                    Column("n", "right", 0.5),
                    Column("Note", share=2.1),
                    Column("Data", share=1.3),
                ),
                tuple(rows),
                layout="small",
            ),
            *tests(case),
        ),
        appendix=True,
    )


def _marks(names: list[str]) -> Cell:
    return Cell((Emphasis(", ".join(names)),)) if names else Cell(())


def _provenance(case: Case) -> Chapter:
    rows = []
    for source in sorted(case.evaluation.sources, key=lambda s: (s.outcome != "ok", s.id)):
        ok = source.outcome == "ok"
        head: tuple[Inline, ...] = (Code(source.head),) if source.head else ()
        dropped = ", ".join(f"{k} {number(v, 0)}" for k, v in sorted(source.dropped.items()) if v)
        period = f"{source.first} to {source.last}" if source.first and source.last else ""
        rows.append(
            (
                text_cell(source.id),
                Cell((Code(source.url), *((" ", *head) if head else ()))),
                text_cell(f"{source.backend} {source.backend_version}".strip()),
                number_cell(source.items, "ok" if ok else source.outcome, 0),
                text_cell(period),
                text_cell(str(source.retrieved) if source.retrieved else ""),
                text_cell(
                    "; ".join(
                        x
                        for x in (
                            source.reason,
                            f"dropped: {dropped}" if dropped else "",
                            source.note,
                        )
                        if x
                    )
                ),
            )
        )
    unavailable = [s.id for s in case.evaluation.sources if s.outcome == "not_available"]
    blocks: list[Block] = [
        Paragraph(
            (
                f"The data come from {count(len(rows), 'source')}, mined for the snapshot of "
                f"{case.evaluation.snapshot_date}. ",
                f"Not available, and counted nowhere as zero: {enumeration(unavailable)}."
                if unavailable
                else "All of them could be had.",
                " What is to be known of the data of each is in ",
                Ref("quality"),
                ".",
            )
        ),
        Table(
            "table-provenance",
            "Where does each figure come from?",
            (
                Column("Source", share=1),
                Column("Address and head", share=2.6),
                Column("Backend", share=0.9),
                Column("Items", "right", 0.7),
                Column("Period", share=1.1),
                Column("Mined", share=0.8),
                Column("Note", share=2),
            ),
            tuple(rows),
            layout="landscape",
            note=("Items are commits or messages. Persons are kept as pseudonyms only.",),
        ),
    ]
    return Chapter("provenance", "Provenance", tuple(blocks), appendix=True)


def _inputs(case: Case) -> Chapter:
    evaluation = case.evaluation
    return Chapter(
        "inputs",
        "Inputs and software",
        (
            Paragraph(
                (
                    f"The same inputs, seed ({evaluation.seed}) and number of draws "
                    f"({number(evaluation.draws, 0)}) give this report again, byte by byte. "
                    f"Criteria: {evaluation.criteria}; attitude: {evaluation.attitude}.",
                )
            ),
            Table(
                "table-inputs",
                "Which files were read?",
                (Column("File", share=1), Column("SHA-256", share=1.6)),
                tuple(
                    (Cell((Code(path),), path), Cell((Code(digest),)))
                    for path, digest in sorted(evaluation.inputs.items())
                ),
                layout="small",
            ),
            Table(
                "table-versions",
                "Which software computed it?",
                (Column("Software", share=1), Column("Version", share=1)),
                tuple(
                    (text_cell(name), text_cell(version))
                    for name, version in sorted(evaluation.versions.items())
                ),
                layout="small",
            ),
        ),
        appendix=True,
    )
