"""The decision rule: what quality leaves open, effort decides; and a reason that holds."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from evaluator.rank import Ranking
from evaluator.result import EffortResult
from evaluator.score import Removal, Scores
from evaluator.select import RULES, grouped, percent, select

NAMES = ["pacemaker-corosync-drbd", "keepalived-haproxy", "heartbeat-drbd"]
A, B, C = NAMES


def effort(median):
    return EffortResult(
        low=median * 0.8, median=median, high=median * 1.2, money=median, adopt=0, switch=0,
        run=0, mental=0, least_probability=0.25,
    )  # fmt: skip


@pytest.fixture
def chosen(shipped):
    """Selects among synthetic rankings: ranks, medians of effort, who beats whom."""

    def run(ranks, efforts, beats, *, rule="quality_then_effort", removed=None, first=None):
        base = shipped.study
        names = list(ranks)
        study = base.model_copy(
            update={
                "stacks": {k: base.stacks[k] for k in [*names, *(removed or {})]},
                "criteria": base.criteria.model_copy(
                    update={"decision": base.criteria.decision.model_copy(update={"rule": rule})}
                ),
            }
        )
        count = len(names)
        acceptability = np.zeros((count, count))
        for i, share in enumerate(first or [1.0, *[0.0] * count][:count]):
            acceptability[i, 0] = share
        wins = np.zeros((count, count))
        for (winner, loser), share in beats.items():
            wins[names.index(winner), names.index(loser)] = share
        zeros = np.zeros(count)
        ranking = Ranking(
            names=names, rank=np.array(list(ranks.values()), dtype=np.int64), score=zeros,
            score_low=zeros, score_high=zeros, acceptability=acceptability, beats=wins,
            method_scores={}, method_ranks={}, agreement=None, reference_scores={},
        )  # fmt: skip
        scores = Scores(
            lights={}, functions={}, match={}, removed=removed or {},
            efforts={k: effort(v) for k, v in efforts.items()},
            matrix={}, parts={}, component_matrix={}, coverage=1.0,
        )  # fmt: skip
        return select(study, scores, ranking)

    return run


CLEAR = {(A, B): 0.97, (A, C): 1.0, (B, C): 0.95}
OUT = {"suse-ha": Removal("state", [("operating-system", "Operating system: …")])}


def test_quality_decides_when_it_can(chosen):
    order = chosen({A: 1, B: 2, C: 3}, {A: 300, B: 100, C: 50}, CLEAR)
    assert order.final == [A, B, C]
    assert order.selection.winner == A
    assert order.selection.runner_up == B
    assert order.selection.indistinguishable == []
    assert "cannot tell" not in order.selection.reason
    assert order.effort_ranks == {C: 1, B: 2, A: 3}
    assert order.selection.rule == RULES["quality_then_effort"]


def test_effort_decides_among_those_that_quality_cannot_tell_apart(chosen):
    beats = {**CLEAR, (A, B): 0.89}
    order = chosen({A: 1, B: 2, C: 3}, {A: 300, B: 100, C: 50}, beats, first=[0.7, 0.3, 0])
    assert order.final == [B, A, C]
    assert order.selection.winner == B
    assert order.selection.indistinguishable == [A, B]
    assert "it ranks 2 of 3 in quality" in order.selection.reason
    assert f"comes first in {percent(0.3)} of" in order.selection.reason
    assert "cannot tell it apart from “Pacemaker, Corosync and DRBD”" in order.selection.reason


def test_nine_of_ten_draws_tell_apart(chosen):
    beats = {**CLEAR, (A, B): 0.9}
    assert chosen({A: 1, B: 2, C: 3}, {A: 9, B: 1, C: 1}, beats).selection.winner == A


def test_one_far_below_may_still_not_be_told_apart(chosen):
    beats = {(A, B): 0.95, (A, C): 0.8}
    order = chosen({A: 1, B: 2, C: 3}, {A: 300, B: 100, C: 50}, beats)
    assert order.final == [C, A, B]


def test_least_effort_is_the_lazy_user_s_rule(chosen):
    order = chosen({A: 1, B: 2, C: 3}, {A: 300, B: 100, C: 50}, CLEAR, rule="least_effort")
    assert order.final == [C, B, A]
    assert order.selection.rule == RULES["least_effort"]
    assert f"asks the least effort, in {percent(0.25)} of the draws" in order.selection.reason


def test_equal_effort_shares_its_rank_and_the_name_decides_the_order(chosen):
    order = chosen({A: 1, B: 1, C: 1}, {A: 5, B: 5, C: 5}, {})
    assert order.effort_ranks == {A: 1, B: 1, C: 1}
    assert order.final == sorted(NAMES)
    assert set(order.selection.indistinguishable) == set(NAMES)


def test_only_one_left(chosen):
    order = chosen({A: 1}, {A: 300}, {}, removed=OUT)
    assert (order.selection.winner, order.selection.runner_up) == (A, None)
    assert "only one left" in order.selection.reason
    assert "next best" not in order.selection.reason
    assert "between 240 and 360 EUR" in order.selection.reason


def test_none_left(chosen):
    removed = {**OUT, A: Removal("need", [("quorum", "Quorum: needed, not provided")])}
    order = chosen({}, {}, {}, removed=removed)
    assert order.final == []
    assert order.selection.winner is None
    assert order.selection.runner_up is None
    assert "No stack is left" in order.selection.reason
    trail = "Of 2 stacks, 1 lacks a required function and 1 does not fit the organisation."
    assert trail in order.selection.reason
    assert "EUR" not in order.selection.reason


def test_nothing_removed(chosen):
    reason = chosen({A: 1, B: 2}, {A: 3, B: 1}, {(A, B): 1}).selection.reason
    assert "All 2 stacks meet the need, fit the organisation and pass the lights." in reason
    assert "required function" not in reason


def test_reason_of_the_shipped_run_states_only_what_the_result_holds(shipped_run):
    evaluation = shipped_run.evaluation
    reason, winner = evaluation.selection.reason, evaluation.winner
    ranked = [s for s in evaluation.stacks if s.outcome == "ranked"]
    effort = winner.effort
    horizon = shipped_run.analysis.study.criteria.effort.horizon_years.value
    stages = Counter(s.stage for s in evaluation.stacks if s.stage)
    known = {
        *map(str, stages.values()),
        str(len(evaluation.stacks)),
        f"{horizon.low:g}",
        f"{horizon.high:g}",
        grouped(evaluation.draws),
        str(len(ranked)),
        str(winner.quality_rank),
        percent(winner.first_rank_probability),
        grouped(effort.low),
        grouped(effort.high),
    }
    assert set(re.findall(r"\d[\d\u202f]*%?", reason)) <= known
    assert winner.name in reason
    assert evaluation.stack(evaluation.selection.runner_up).name in reason


def test_final_ranks_follow_the_order_of_the_result(shipped_run):
    stacks = shipped_run.evaluation.stacks
    ranked = [s for s in stacks if s.outcome == "ranked"]
    assert [s.rank for s in ranked] == list(range(1, len(ranked) + 1))
    assert stacks[: len(ranked)] == ranked
    for stack in stacks[len(ranked) :]:
        assert stack.rank is None
        assert stack.removed_by
        assert stack.reasons
        assert stack.stage in ("need", "state", "semaphore")


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.0004, "less than 1 %"),
        (0.3, "30 %"),
        (0.9996, "more than 99 %"),
        (1, "100 %"),
    ],
)
def test_only_all_is_a_hundred_percent(share, text):
    assert percent(share).replace("\N{NARROW NO-BREAK SPACE}", " ") == text
