"""The chapter on robustness says what the engine found, and nothing where it found nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evaluator.rank.methods import all_methods, parameters_of
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Problem
from evaluator.rank.robustness import assess
from evaluator.report.case import Case
from evaluator.report.chapters.robustness import robustness
from evaluator.report.document import Document, Verdict, as_tree


@pytest.fixture(scope="module")
def case(shipped_run):
    return Case(shipped_run.evaluation, shipped_run.analysis.study)


def blocks_of(case):
    chapters = robustness(case)
    tree = as_tree(Document("", "", (2021, 1, 1), (), Verdict("", (), (), True), chapters))
    return [block for chapter in tree["chapters"] for block in chapter["blocks"]]


def with_problem(case, values, methods=("topsis",), names=None, **options):
    """The same case, but its contenders were judged on another table."""
    names = names or [stack.id for stack in case.evaluation.stacks][: len(values)]
    problem = Problem.of(values, np.ones(len(values[0])), alternatives=names, **options)
    known = all_methods()
    panel = Panel(tuple((known[m], parameters_of(known[m], {}, problem)[0]) for m in methods))
    found = assess(problem, panel, np.random.default_rng(0), draws=200)
    evaluation = case.evaluation.model_copy(update={"robustness": found})
    return Case(evaluation, case.study)


def words(block):
    return json.dumps(block, ensure_ascii=False)


def tables(blocks):
    return {b["label"]: b for b in blocks if b["kind"] == "table"}


def test_shipped_study_has_all_tables_with_its_contenders(case):
    blocks = blocks_of(case)
    found = tables(blocks)
    assert {"consensus-orders", "central-weights", "weight-stability", "tornado", "sobol"} <= set(
        found
    )
    assert len(found["consensus-orders"]["rows"]) == len(case.ranked)
    assert len(found["tornado"]["rows"]) == len(found["sobol"]["rows"]) == 10
    for stack in case.ranked:
        assert stack.name in words(found["central-weights"])
    assert "not computed" not in words(blocks).casefold()


def test_reversals_are_listed_with_both_names(case):
    """A copy of the second turns the first two round (Belton and Gear, 1983)."""
    other = with_problem(case, [[1, 9, 8], [9, 1, 9], [1, 1, 1]], ("saw",))
    blocks = blocks_of(other)
    text = words(blocks)
    trials = other.evaluation.robustness.reversal.trials
    assert bool(trials) == ("reversals" in tables(blocks))
    for trial in trials:
        for pair in trial.flips[:3]:
            ahead, behind = (case.evaluation.stack(key).name for key in pair)
            assert f"{ahead} falls behind {behind}" in text


def test_one_that_dominates_is_said_to_withstand_every_weight(case):
    blocks = blocks_of(with_problem(case, [[3, 3], [2, 2], [1, 1]]))
    text = words(blocks)
    assert "No single weight, however it moves, takes the first place" in text
    assert "never first" in words(tables(blocks)["central-weights"])


def test_what_could_not_be_computed_is_explained(case):
    values = np.random.default_rng(0).random((80, 3))
    names = [f"x{i}" for i in range(80)]
    text = words(blocks_of(with_problem(case, values, names=names)))
    assert "80 alternatives: each would have to be taken away in turn" in text
    assert "exact up to 10 alternatives" in text


@pytest.mark.parametrize("count", [0, 1])
def test_without_an_order_there_is_no_chapter(case, count):
    alone = (
        with_problem(case, [[1, 2]])
        if count
        else Case(case.evaluation.model_copy(update={"robustness": None}), case.study)
    )
    assert robustness(alone) == ()
