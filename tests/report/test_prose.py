"""The words follow from the result: another result, another sentence."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from evaluator.content import criteria_folder
from evaluator.report.build import build_document
from evaluator.report.case import Case
from evaluator.report.chapters.appendices import appendices
from evaluator.report.chapters.conclusions import conclusions
from evaluator.report.chapters.implementation import implementation
from evaluator.report.chapters.results import results
from evaluator.report.chapters.technologies import related_technologies
from evaluator.report.document import Chapter, Document, Verdict, as_tree, cited
from evaluator.report.prose import THIN, count, enumeration, euros, number, percent, span
from evaluator.result import Evaluation
from evaluator.study.bibliography import read_references
from evaluator.study.model import Study

Make = Callable[[str | None], Evaluation]


def words(value: Any) -> str:
    """Everything that a reader would read, drawings left out."""
    if isinstance(value, dict):
        return " ".join(words(v) for k, v in value.items() if k not in ("svg", "kind", "label"))
    if isinstance(value, list):
        return " ".join(words(v) for v in value)
    return str(value)


CHAPTERS: dict[str, Callable[[Case], Chapter]] = {
    "technologies": related_technologies,
    "implementation": implementation,
    "results": results,
    "conclusions": conclusions,
}


def tree_of(*chapters: Chapter) -> Any:
    return as_tree(Document("", "", (2021, 1, 1), (), Verdict("", (), (), True), chapters))


def chapter(evaluation: Evaluation, study: Study, label: str) -> str:
    made = CHAPTERS[label](Case(evaluation, study))
    return words(tree_of(made)["chapters"])


def table(evaluation: Evaluation, study: Study, label: str) -> list[list[str]]:
    case = Case(evaluation, study)
    made = (results(case),) if label == "trail" else appendices(case)
    blocks = [b for c in tree_of(*made)["chapters"] for b in c["blocks"] if b.get("label") == label]
    return [
        ["".join(i["text"] for i in cell["content"] if "text" in i) for cell in row]
        for row in blocks[0]["rows"]
    ]


def test_conclusions_name_the_winner(study: Study, evaluate: Make) -> None:
    first = chapter(evaluate("first"), study, "conclusions")
    second = chapter(evaluate("second"), study, "conclusions")
    assert "First stack  answers" in first or "First stack answers" in first
    assert "Second stack  answers" in second or "Second stack answers" in second


def test_without_a_winner_the_report_says_so(study: Study, evaluate: Make) -> None:
    nothing = evaluate(None)
    assert "No stack of the 3 fits Example Hosting" in chapter(nothing, study, "conclusions")
    assert "Nothing is left to rank" in chapter(nothing, study, "results")
    assert "as an example and not as advice" in chapter(nothing, study, "implementation")


def test_sure_and_unsure_results_read_differently(study: Study, evaluation: Evaluation) -> None:
    def with_probability(share: float) -> Evaluation:
        stacks = list(evaluation.stacks)
        stacks[0] = stacks[0].model_copy(update={"first_rank_probability": share})
        return evaluation.model_copy(update={"stacks": stacks})

    assert "too few or too much alike" in chapter(with_probability(0.97), study, "conclusions")
    assert "can change the order" in chapter(with_probability(0.6), study, "conclusions")
    assert "another stack comes first" in chapter(with_probability(0.2), study, "conclusions")


def test_agreement_of_the_methods_is_judged_by_its_size(
    study: Study, evaluation: Evaluation
) -> None:
    low = evaluation.model_copy(update={"agreement": 0.31})
    assert "agree well" in chapter(evaluation, study, "results")
    assert "disagree" in chapter(low, study, "results")


def test_indistinguishable_stacks_are_named(study: Study, evaluation: Evaluation) -> None:
    selection = evaluation.selection.model_copy(update={"indistinguishable": ["first", "second"]})
    text = chapter(evaluation.model_copy(update={"selection": selection}), study, "results")
    assert "cannot tell First stack and Second stack apart" in text


def test_the_trail_names_stage_and_reason(study: Study, evaluation: Evaluation) -> None:
    assert table(evaluation, study, "trail") == [
        ["Third stack", "the need", "Failover: needed, not provided", "0.200"]
    ]


def test_missing_values_are_said_and_never_zero(study: Study, evaluation: Evaluation) -> None:
    rows = table(evaluation, study, "table-metrics")
    missing = [r for r in rows if r[1] == "time to first response"]
    assert len(missing) == 4
    assert {r[2] for r in missing} == {"not available"}
    cell = next(
        r for r in table(evaluation, study, "table-matrix") if r[:2] == ["Second stack", "People"]
    )
    assert cell[2] == "not available"
    source = next(r for r in table(evaluation, study, "table-provenance") if r[0] == "delta-git")
    assert source[3] == "not available"


def test_grey_lights_are_counted(study: Study, evaluation: Evaluation) -> None:
    assert "2 lights stayed grey" in chapter(evaluation, study, "results")


def test_a_year_without_work_is_told_from_one_with_work(
    study: Study, evaluation: Evaluation
) -> None:
    text = chapter(evaluation, study, "technologies")
    assert "In 2020, Alpha saw no commit and Beta 96 commits." in text
    assert "Alpha has come to rest." in text


def test_bibliography_is_numbered_by_first_citation(study: Study, evaluation: Evaluation) -> None:
    document = build_document(Case(evaluation, study))
    order = cited(document)
    assert sorted(order) == ["book", "paper"]
    tree = as_tree(document)
    assert [(e["number"], e["key"]) for e in tree["bibliography"]] == list(enumerate(order, 1))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (0.123, "0.12"),
        (12.34, "12.3"),
        (12345.6, f"12{THIN}346"),
        (-2.5, "−2.50"),
        (0.0042, "0.0042"),
        (0.00002, "2e−5"),
    ],
)
def test_numbers(value: float, expected: str) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, "0"), (0.001, f"<{THIN}1"), (0.5, "50"), (0.999, f">{THIN}99"), (1.0, "100")],
)
def test_percent_never_rounds_into_certainty(share: float, expected: str) -> None:
    assert percent(share) == f"{expected}{THIN}%"


def test_words_for_counts_and_lists() -> None:
    assert count(0, "stack") == "no stack"
    assert count(1, "criterion", "criteria") == "one criterion"
    assert count(12, "stack") == "12 stacks"
    assert enumeration(["a", "b", "c"]) == "a, b and c"
    assert span(2.0, 2.0) == "2"
    assert euros(12345) == f"12{THIN}300{THIN}EUR"


def test_every_work_that_the_chapters_cite_is_in_the_bibliography() -> None:
    known = read_references(criteria_folder() / "refs.bib")
    folder = files("evaluator.report.chapters")
    cited_keys = {
        argument.value
        for module in folder.iterdir()
        if module.name.endswith(".py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "cite"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    assert len(cited_keys) > 5
    assert cited_keys <= set(known)
