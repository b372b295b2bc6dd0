"""All tests of a ranking together: none takes the others with it, and all speak by name."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evaluator.rank.methods import all_methods, parameters_of
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Problem
from evaluator.rank.robustness import agreement_text, assess
from evaluator.result.robustness import Robustness

PARTS = ("orders", "smaa", "stability", "tornado", "sobol", "reversal")


def assessed(problem, contenders=None, methods=("topsis", "vikor"), **options):
    known = all_methods()
    members = tuple((known[m], parameters_of(known[m], {}, problem)[0]) for m in methods)
    rng = np.random.default_rng(4)
    return assess(problem, Panel(members, contenders), rng, draws=200, **options)


def outcomes(found):
    return {name: getattr(found, name).outcome for name in PARTS}


def test_everything_is_found_by_name_and_survives_json():
    values = np.random.default_rng(0).random((4, 3))
    names = ["<b>a</b>", "b\u202e", "", "d" * 500]
    problem = Problem.of(values, [3, 2, 1], low=values - 0.1, high=values, alternatives=names)
    found = assessed(problem)
    assert set(outcomes(found).values()) == {"ok"}
    assert set(found.smaa.rank_acceptability) == set(names)
    assert found.stability.leader == found.tornado.winner == found.sobol.winner
    assert found.orders.borda[found.stability.leader] == 1
    text = found.model_dump_json()
    assert Robustness.model_validate(json.loads(text)) == found
    assert "NaN" not in text
    assert found == assessed(problem)


def test_one_alternative_is_explained_part_by_part():
    found = assessed(Problem.of([[1, 2]], [1, 1]))
    assert found.smaa.outcome == "ok"
    for name in ("orders", "stability", "tornado", "sobol", "reversal"):
        part = getattr(found, name)
        assert part.outcome == "not_applicable"
        assert part.reason


@pytest.mark.parametrize(
    ("values", "weights"),
    [([[1, 1], [1, 1]], [1, 1]), ([[1, 2], [2, 1]], [0, 0]), ([[1e300, 1], [-1e300, 2]], [1, 1]),
     ([[0, 0], [0, 0]], [1, 1]), ([[1], [2]], [1])],
)  # fmt: skip
def test_degenerate_tables_are_answered_or_refused_with_a_reason(values, weights):
    found = assessed(Problem.of(values, weights), methods=("topsis", "vikor", "weighted_sum"))
    for name, outcome in outcomes(found).items():
        assert outcome in ("ok", "not_applicable"), name
        assert outcome == "ok" or getattr(found, name).reason
    assert "NaN" not in found.model_dump_json()


def test_many_alternatives_lose_only_what_is_too_large_for_them():
    found = assessed(Problem.of(np.random.default_rng(1).random((80, 3)), [1, 1, 1]))
    assert found.reversal.outcome == "not_applicable"
    assert "80 alternatives" in found.reversal.reason
    assert "80" in found.orders.kemeny_reason
    assert found.stability.outcome == found.tornado.outcome == found.sobol.outcome == "ok"


def test_methods_that_cannot_be_simulated_still_have_a_say_in_the_orders():
    problem = Problem.of([[1, 2], [2, 1], [3, 3]], [1, 1])
    ranks = {"a": np.array([1, 2, 3]), "b": np.array([3, 2, 1])}
    found = assessed(problem, method_ranks=ranks)
    assert found.orders.methods == ["a", "b"]
    assert found.orders.distances["a"]["b"] == 3
    assert found.panel == ["topsis", "vikor"]


def test_the_shipped_study_s_leader_is_that_of_its_ranking(shipped_run):
    evaluation = shipped_run.evaluation
    found = evaluation.robustness
    assert set(outcomes(found).values()) == {"ok"}
    best = [s.id for s in evaluation.stacks if s.quality_rank == 1]
    assert [found.stability.leader, *found.stability.tied] == best
    assert set(found.contenders) == {s.id for s in evaluation.stacks if s.outcome == "ranked"}
    assert found.orders.agreement == evaluation.agreement


@pytest.mark.parametrize(
    ("agreement", "said"),
    [(None, "no agreement"), (1.0, "same order"), (0.95, "almost"), (0.75, "similar"),
     (0.5, "partly"), (0.1, "unlike")],
)  # fmt: skip
def test_agreement_is_said_in_words(agreement, said):
    assert said in agreement_text(agreement, 3)


def test_a_method_without_answer_at_a_weight_of_one_leaves_the_others_theirs():
    values = np.random.default_rng(3).uniform(1, 9, (4, 3))
    problem = Problem.of(values, [3, 2, 1], [False, True, True])
    found = assessed(problem, methods=("topsis", "copras"))
    assert found.stability.outcome == "ok"
    assert found.stability.left_out == ["copras"]
    alone = assessed(problem, methods=("topsis",)).stability
    assert alone.left_out == []
    assert found.stability.intervals == alone.intervals
