"""What another attitude would have chosen: each row is what a run with it really chooses."""

from __future__ import annotations

import pytest

from evaluator.findings import EvaluationError, Finding
from evaluator.select.otherwise import attitudes
from evaluator.study.criteria import Attitude


def with_attitude(shipped, name, attitude=None):
    criteria = shipped.study.criteria
    known = {**criteria.attitudes, **({name: attitude} if attitude else {})}
    asked = criteria.model_copy(update={"attitude": name, "attitudes": known})
    study = shipped.study.model_copy(update={"criteria": asked})
    return type(shipped)(study, shipped.snapshot)


def test_each_attitude_is_what_a_run_with_it_chooses(shipped, shipped_run):
    rows = {r.attitude: r for r in shipped_run.evaluation.daffara.attitudes}
    assert set(rows) == {"mission_critical", "research", "neutral"}
    assert [name for name, row in rows.items() if row.used] == ["mission_critical"]
    chosen = with_attitude(shipped, "research").run().selection
    assert (rows["research"].winner, rows["research"].runner_up) == (
        chosen.winner, chosen.runner_up,
    )  # fmt: skip


def test_an_attitude_can_change_the_choice(shipped):
    """With all the weight on stability, the younger balancer is no advantage any more."""
    factors = {"survivability": 0.0, "activity": 0.0, "support": 0.0, "function": 0.0}
    made_up = Attitude(factors=factors, source=["ours"], reason="synthetic")
    rows = with_attitude(shipped, "old_only", made_up).run().evaluation.daffara.attitudes
    used = next(row for row in rows if row.used)
    other = next(row for row in rows if row.attitude == "mission_critical")
    assert used.attitude == "old_only"
    assert used.winner != other.winner


def test_an_attitude_under_which_nothing_ranks_says_so(shipped, shipped_run):
    def refuse(study, scores):
        raise EvaluationError(Finding("no-method-left", "every method refused"))

    rows = attitudes(shipped.study, None, shipped_run.selection, refuse)
    refused = [row for row in rows if not row.used]
    assert {(row.winner, row.refused) for row in refused} == {(None, "every method refused")}
    assert [r.winner for r in rows if r.used] == [shipped_run.selection.winner]


@pytest.mark.parametrize("stage", ["daffara", "lazy_user"])
def test_both_models_survive_a_round_trip_through_json(shipped_run, stage):
    result = shipped_run.evaluation
    again = type(result).model_validate_json(result.model_dump_json())
    assert getattr(again, stage) == getattr(result, stage)
