"""Stakeholders of a study: from the criteria file to the result, the terminal and the report."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

import evaluator as ev
from evaluator.content import criteria_folder
from evaluator.display import Format, ranking
from evaluator.rank import Basis, Ranking
from evaluator.rank.methods import all_methods, parameters_of
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Problem
from evaluator.rank.stakeholders import group_of
from evaluator.rank.uncertainty import Inputs
from evaluator.report.build import build_document
from evaluator.report.case import Case
from evaluator.study.criteria import Stakeholder

ALONE = "pacemaker-corosync-drbd-haproxy-pcs"
TYPED = """
stakeholders:
  board:
    weights: {functional-match: 3, age: 1}
    share: 2
    source: [ours]
    reason: made up for a test
  admins:
    weights: {first-response: 5, commits: 1, rhythm: 2}
    source: [ours]
    reason: made up for a test
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = shutil.copytree(criteria_folder(), tmp_path_factory.mktemp("study") / "criteria")
    with (folder / "sme.yml").open("a", encoding="utf-8") as file:
        file.write(TYPED)
    return ev.load(folder / "sme.yml").run()


def test_without_stakeholders_there_is_no_group(shipped_run):
    assert shipped_run.evaluation.group is None
    document = build_document(Case(shipped_run.evaluation, shipped_run.analysis.study))
    assert "stakeholders" not in [c.label for c in document.chapters]


def test_each_is_asked_alone_together_and_in_dissent(run):
    group = run.evaluation.group
    assert [(o.name, o.share) for o in group.opinions] == [
        ("board", pytest.approx(2 / 3)),
        ("admins", pytest.approx(1 / 3)),
    ]
    assert group.opinions[0].weights["functional-match"] == pytest.approx(0.75)
    together = group.collective.weights
    assert together["age"] == pytest.approx(0.25 * 2 / 3)
    assert together["first-response"] == pytest.approx(5 / 8 / 3)
    assert [d.name for d in group.minority] == ["admins"]
    assert group.minority[0].prefers == ALONE
    assert group.minority[0].group_prefers == run.evaluation.selection.winner
    assert group.panel == run.evaluation.robustness.panel


def test_an_opinion_is_the_rank_under_these_weights(run, shipped):
    group = run.evaluation.group
    criteria = shipped.study.criteria
    alone = [
        c.model_copy(update={"weight": group.opinions[1].weights.get(c.id, 0.0)})
        for c in criteria.criteria
    ]
    study = shipped.study.model_copy(
        update={"criteria": criteria.model_copy(update={"criteria": alone, "attitude": "neutral"})}
    )
    found = replace(shipped, study=study).run().evaluation
    ranked = {s.id: s.quality_rank for s in found.stacks if s.outcome == "ranked"}
    assert group.opinions[1].ranks == ranked


def test_group_is_shown_stored_and_reported(run, tmp_path, capsys):
    ranking(run, Format.table)
    out = capsys.readouterr().out
    assert "Stakeholders: Pacemaker, Corosync, DRBD and HAProxy by the mean of their weights" in out
    assert "admins dissents: Pacemaker, Corosync, DRBD and HAProxy, with pcs" in out
    ranking(run, Format.json)
    assert json.loads(capsys.readouterr().out)["group"]["minority"][0]["name"] == "admins"
    stored = json.loads(run.save(tmp_path).read_text("utf-8"))
    assert type(run.evaluation).model_validate(stored).group == run.evaluation.group
    document = build_document(Case(run.evaluation, run.analysis.study))
    assert "stakeholders" in [c.label for c in document.chapters]


def test_weights_on_what_tells_nobody_apart_are_named(ranked_by):
    criteria, ranking_ = ranked_by(
        {"one": {"c": 1, "gone": 3}, "nobody": {"gone": 1}},
    )
    group = group_of(criteria, ranking_)
    assert [o.name for o in group.opinions] == ["one"]
    assert group.opinions[0].weights["c"] == 1
    assert [note.split()[0] for note in group.notes] == ["one's", "nobody's", "nobody"]
    criteria, ranking_ = ranked_by({"nobody": {"gone": 1}})
    assert group_of(criteria, ranking_).collectives == []


@pytest.mark.parametrize(
    "typed",
    [{"weights": {"c": 0}}, {"weights": {"c": 1e308}}, {"weights": {"c": 1}, "share": 1e308}],
)
def test_weights_that_cannot_be_normalised_are_refused(typed):
    with pytest.raises(ValidationError):
        Stakeholder(source=["x"], **typed)


@pytest.fixture
def ranked_by(shipped):
    """Stakeholders' criteria, and a ranking whose matrix has the columns c and d."""
    problem = Problem.of([[1, 2], [2, 1]], [1, 1], alternatives="AB", criteria=["c", "d"])
    topsis = all_methods()["topsis"]
    panel = Panel(((topsis, parameters_of(topsis, {}, problem)[0]),), 2)
    nothing = np.zeros(2)
    ones = np.ones(2, dtype=np.int64)
    ranking_ = Ranking(
        ["A", "B"], ones, nothing, nothing, nothing, np.eye(2), np.eye(2), {}, {}, None, {}, {},
        Basis(problem, panel, Inputs((), problem.values, ())),
    )  # fmt: skip

    def build(typed):
        people = {n: Stakeholder(weights=w, source=["x"]) for n, w in typed.items()}
        return shipped.study.criteria.model_copy(update={"stakeholders": people}), ranking_

    return build
