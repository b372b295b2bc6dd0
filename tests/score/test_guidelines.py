"""The guide's checklist: its answers come from the run, so they change when the run does."""

from __future__ import annotations

from typing import get_args

import pytest

from evaluator.result import FunctionMatch
from evaluator.score.business import MEANINGS, UNCLASSED, business_models
from evaluator.score.guidelines import CHECKS, answers
from evaluator.study.candidate import BusinessModel
from evaluator.study.criteria import Guideline, GuidelineCheck


@pytest.fixture
def answer(shipped, shipped_run):
    """The answer of one check, on the shipped study or on another result or study."""

    def ask(check, *, result=None, study=None):
        study = study or shipped.study
        line = Guideline(id="g", text="Text", check=check, answer="Comment", source=["book"])
        criteria = study.criteria.model_copy(update={"guidelines": [line]})
        asked = study.model_copy(update={"criteria": criteria})
        (row,) = answers(asked, result or shipped_run.evaluation)
        assert (row.comment, row.check) == ("Comment", check or "")
        return row

    return ask


@pytest.fixture
def without_winner(shipped_run):
    result = shipped_run.evaluation
    nobody = result.selection.model_copy(update={"winner": None, "runner_up": None})
    return result.model_copy(update={"selection": nobody})


def winning(result, stack):
    chosen = result.selection.model_copy(update={"winner": stack})
    return result.model_copy(update={"selection": chosen})


def test_every_check_that_a_file_may_name_exists():
    assert set(CHECKS) == set(get_args(GuidelineCheck))


def test_every_guideline_of_the_shipped_file_is_answered_by_the_run(shipped_run):
    rows = shipped_run.evaluation.daffara.guidelines
    assert len(rows) == 13
    assert all(row.answer and row.comment for row in rows)
    assert {row.status for row in rows} == {"answered", "open"}


def test_a_guideline_without_a_check_keeps_its_comment_only(answer):
    row = answer(None)
    assert (row.status, row.answer) == ("answered", "")


@pytest.mark.parametrize(
    "check",
    ["commitment", "procurement", "big-switch", "licences", "development", "support", "training",
     "impedance"],
)  # fmt: skip
def test_another_winner_gives_another_answer_and_none_leaves_it_open(
    answer, check, shipped_run, without_winner
):
    now = answer(check)
    other = answer(check, result=winning(shipped_run.evaluation, "keepalived-haproxy"))
    nobody = answer(check, result=without_winner)
    assert nobody.status == "open"
    assert len({now.answer, other.answer, nobody.answer}) == 3


def test_licences_name_every_part_and_its_open_core_terms(answer, shipped, shipped_run):
    row = answer("licences")
    for name in ("Corosync (BSD-3-Clause, community)", "HAProxy", "resource-agents"):
        assert name in row.answer
    assert row.answer.endswith("Open-core terms concern HAProxy.")
    assert row.status == "answered"
    closed = answer("licences", result=winning(shipped_run.evaluation, "hp-serviceguard"))
    assert closed.status == "not met"
    haproxy = shipped.study.candidates["haproxy"]
    silent = haproxy.model_copy(update={"business_model": None})
    study = shipped.study.model_copy(
        update={"candidates": {**shipped.study.candidates, "haproxy": silent}}
    )
    unknown = answer("licences", study=study)
    assert unknown.status == "open"
    assert "HAProxy is not classed" in unknown.answer


def test_stability_against_function_by_the_weights_after_the_attitude(answer, shipped_run):
    """Typed .45 survivability × 1.5 + .15 stability × 1.5 = .9; function .2 × .75 = .15."""
    rest = 0.15 * 0.75 + 0.05
    tried = sum(w.typed for w in shipped_run.evaluation.weights if w.group == "tried")
    total = 0.9 + 0.15 + rest + tried / (1 - tried)  # the others share what trials leave
    row = answer("stability")
    assert f"have {round(90 / total)}\N{NARROW NO-BREAK SPACE}% of the weight" in row.answer
    assert f"function has {round(15 / total)}\N{NARROW NO-BREAK SPACE}%" in row.answer
    assert row.status == "answered"
    weights = [
        w.model_copy(update={"effective": 0.9 if w.group == "function" else 0.01})
        for w in shipped_run.evaluation.weights
    ]
    turned = answer(
        "stability", result=shipped_run.evaluation.model_copy(update={"weights": weights})
    )
    assert turned.status == "not met"


def test_training_is_what_the_staff_does_not_know_yet(answer, shipped):
    """106 to 240 hours, 2 of 6 skills known: 70.67 to 160 are left."""
    assert answer("training").answer.startswith("71 to 160 hours of adoption are left to learn")
    site = shipped.study.site
    asked = shipped.study.stacks["pacemaker-corosync-drbd-haproxy"].requires["skills"].value
    taught = site.staff.model_copy(update={"skills": asked})
    study = shipped.study.model_copy(update={"site": site.model_copy(update={"staff": taught})})
    assert answer("training", study=study).answer.startswith("0 hours of adoption are left, of")


@pytest.mark.parametrize(
    ("value", "status", "says"),
    [("yes", "answered", "Paid support is to be had"),
     ("partial", "answered", "for some parts"), ("no", "not met", "has none")],
)  # fmt: skip
def test_support(answer, shipped_run, value, status, says):
    result = shipped_run.evaluation
    match = FunctionMatch(function="commercial-support", name="Support", required=False,
                          value=value, via="", source=[])  # fmt: skip
    stacks = [s.model_copy(update={"functions": [match]}) for s in result.stacks]
    row = answer("support", result=result.model_copy(update={"stacks": stacks}))
    assert row.status == status
    assert says in row.answer


def test_survey_needs_a_site_and_filters(answer, shipped):
    assert "5 of 15 stacks fell by them" in answer("survey").answer
    bare = shipped.study.model_copy(update={"site": None})
    assert answer("survey", study=bare).status == "not met"


def test_without_a_site_or_efforts_the_answers_stay_open(answer, shipped, shipped_run):
    study = shipped.study
    stacks = {k: s.model_copy(update={"effort": None}) for k, s in study.stacks.items()}
    bare = study.model_copy(update={"site": None, "stacks": stacks})
    for check in ("procurement", "training"):
        assert answer(check, study=bare).status == "open"
    assert answer("big-switch", study=bare).answer.startswith("The switch is estimated at unknown")


def test_development_that_was_not_mined(answer, shipped_run):
    row = answer("development")
    assert "Pacemaker 13" in row.answer
    dark = shipped_run.evaluation.model_copy(update={"metrics": []})
    assert answer("development", result=dark).status == "not met"
    some = [m for m in shipped_run.evaluation.metrics if m.candidate != "drbd"]
    partly = answer(
        "development", result=shipped_run.evaluation.model_copy(update={"metrics": some})
    )
    assert partly.status == "open"
    assert partly.answer.endswith("Not mined: DRBD.")


def test_business_models_say_what_the_class_means(shipped):
    assert set(MEANINGS) == set(get_args(BusinessModel.model_fields["kind"].annotation))
    silent = shipped.study.candidates["drbd"].model_copy(update={"business_model": None})
    study = shipped.study.model_copy(
        update={"candidates": {**shipped.study.candidates, "drbd": silent}}
    )
    haproxy, drbd = business_models(study, ["haproxy", "drbd"])
    assert (haproxy.kind, haproxy.meaning) == (
        "split-oss-commercial", MEANINGS["split-oss-commercial"],
    )  # fmt: skip
    assert (drbd.kind, drbd.meaning, drbd.source) == ("", UNCLASSED, [])
