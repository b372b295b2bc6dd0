"""The stage as a whole, on synthetic matrices: scales, ties, uncertainty, attitudes, seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluator.rank import effective_weights, rank
from evaluator.rank.methods import find_method, judge, parameters_of
from evaluator.rank.problem import Problem
from evaluator.result import CriterionValue
from evaluator.study.criteria import Attitude, Criterion, Method


def value(x, *, assumed=False):
    low, high = x if isinstance(x, tuple) else (x, x)
    return CriterionValue(
        criterion="c", value=None if assumed else (low + high) / 2, low=low, high=high,
        outcome="ok", assumed=assumed, unit="", via=[], note="",
    )  # fmt: skip


@pytest.fixture(scope="session")
def ranked(shipped):
    """Ranks a matrix given as {name: row}; a pair in it is an interval."""

    def run(rows, weights=None, *, directions=None, contenders=None, draws=400, seed=1, spread=0.5,
            assumed=(), methods=None):  # fmt: skip
        count = len(next(iter(rows.values()), ()))
        weights = weights or [1 / max(count, 1)] * count
        columns = [
            Criterion(id=f"c{i}", name="C", group="g", weight=w, direction=d, metric="m",
                      source=["x"])
            for i, (w, d) in enumerate(zip(weights, directions or ["max"] * count, strict=True))
        ]  # fmt: skip
        base = shipped.study.criteria
        criteria = base.model_copy(
            update={
                "criteria": columns,
                "attitude": "neutral",
                "methods": methods or base.methods,
                "decision": base.decision.model_copy(
                    update={"draws": draws, "weight_spread": spread}
                ),
            }
        )
        matrix = {
            name: [value(x, assumed=(name, i) in assumed) for i, x in enumerate(row)]
            for name, row in rows.items()
        }
        names = list(rows) if contenders is None else contenders
        return rank(criteria, columns, matrix, names, np.random.default_rng(seed))

    return run


def test_points_are_those_of_the_library(ranked):
    rows = {"a": [3, 10], "b": [5, 40], "c": [9, 30]}
    found = ranked(rows, [0.7, 0.3], directions=["max", "min"])
    problem = Problem.of(list(rows.values()), [0.7, 0.3], [True, False])
    assert {"topsis", "weighted_sum", "vikor"} <= set(found.method_scores)
    for name, scores in found.method_scores.items():
        method = find_method(name)
        typed = {"scale": "range"} if name == "weighted_sum" else {}
        parameters, _ = parameters_of(method, typed, problem)
        judgement = judge(problem, method, parameters)
        assert scores == pytest.approx(method.towards_one(judgement.scores, parameters))
    assert found.score == pytest.approx(np.mean(list(found.method_scores.values()), axis=0))
    assert found.rank[found.names.index("b")] == 3


def test_one_alternative_and_none(ranked):
    one = ranked({"a": [1, 2]})
    assert one.rank.tolist() == [1]
    assert one.acceptability.tolist() == [[1]]
    assert np.isnan(one.score).all()
    assert one.agreement is None
    assert ranked({}).names == []


def test_all_equal_share_the_first_place(ranked):
    found = ranked({"a": [1, 2], "b": [1, 2], "c": [1, 2]})
    assert found.rank.tolist() == [1, 1, 1]
    assert found.acceptability == pytest.approx(np.full((3, 3), 1 / 3))
    assert np.isnan(found.score).all()


def test_two_twins_share_their_places(ranked):
    found = ranked({"a": [9, 9], "b": [9, 9], "c": [1, 1]})
    assert found.rank.tolist() == [1, 1, 3]
    assert found.acceptability == pytest.approx(np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]))
    assert found.beats[0, 1] == found.beats[1, 0] == 0


def test_a_constant_column_and_one_without_weight_take_no_part(ranked):
    rows = {"a": [3, 10], "b": [5, 40], "c": [9, 30]}
    plain = ranked(rows, [0.7, 0.3])
    padded = {name: [*row, 7, 100 * i] for i, (name, row) in enumerate(rows.items())}
    same = ranked(padded, [0.35, 0.15, 0.5, 0.0])
    assert same.score == pytest.approx(plain.score)
    assert same.rank.tolist() == plain.rank.tolist()
    # equal but for the sample: columns that cannot vary are not drawn
    assert same.score_low == pytest.approx(plain.score_low, abs=0.02)
    assert same.score_high == pytest.approx(plain.score_high, abs=0.02)


def test_no_weight_at_all_decides_nothing(ranked):
    found = ranked({"a": [1, 2], "b": [2, 1]}, [0.0, 0.0])
    assert found.rank.tolist() == [1, 1]
    assert np.isnan(found.score).all()


def test_removed_alternatives_span_the_scale(ranked):
    rows = {"a": [50, 50], "b": [51, 51], "zero": [0, 0], "top": [100, 100]}
    among = ranked(rows, contenders=["a", "b"])
    alone = ranked({k: rows[k] for k in ("a", "b")})
    assert alone.method_scores["weighted_sum"] == pytest.approx([0, 1])
    assert among.method_scores["weighted_sum"] == pytest.approx([0.5, 0.51])
    assert among.names == ["a", "b"]
    assert among.rank.tolist() == [2, 1]
    assert among.acceptability.shape == (2, 2)
    assert among.reference_scores["top"] == pytest.approx(1)
    assert among.reference_scores["zero"] == pytest.approx(0)


def test_without_contenders_the_removed_still_have_a_score(ranked):
    found = ranked({"a": [1, 2], "b": [2, 3]}, contenders=[])
    assert found.names == []
    assert found.rank.tolist() == []
    assert found.reference_scores == pytest.approx({"a": 0, "b": 1})


def test_missing_counts_as_the_middle_of_its_interval(ranked):
    rows = {"a": [(0, 10)], "b": [6], "c": [0], "d": [10]}
    found = ranked(rows, assumed={("a", 0)})
    assert found.method_scores["weighted_sum"] == pytest.approx([0.5, 0.6, 0, 1])
    assert found.rank.tolist() == [3, 2, 4, 1]
    # a lies anywhere between 0 and 10: above b in four of ten draws
    assert found.beats[0, 1] == pytest.approx(0.4, abs=0.08)
    assert found.score_low[0] < 0.15
    assert found.score_high[0] > 0.85
    assert found.beats[3, 2] == 1


def test_uncertainty_in_a_minimise_column_is_turned_too(ranked):
    rows = {"a": [(1, 2)], "b": [(3, 4)]}
    assert ranked(rows, directions=["min"]).beats.tolist() == [[0, 1], [0, 0]]
    assert ranked(rows, directions=["max"]).beats.tolist() == [[0, 0], [1, 0]]


def test_what_is_equal_at_the_points_may_differ_inside_the_intervals(ranked):
    rows = {"a": [(4, 6), 1], "b": [(0, 10), 1], "c": [5, 0]}
    found = ranked(rows, [0.9, 0.1])
    assert found.beats[2, 1] > 0
    assert found.acceptability[1, 0] > 0


def test_same_seed_same_result_and_another_seed_is_close(ranked):
    rows = {"a": [(2, 6), 5], "b": [(3, 5), 6], "c": [1, 9]}
    first, again, other = (ranked(rows, seed=s, draws=4000) for s in (7, 7, 8))
    assert np.array_equal(first.acceptability, again.acceptability)
    assert np.array_equal(first.score_low, again.score_low)
    assert not np.array_equal(first.acceptability, other.acceptability)
    assert other.acceptability == pytest.approx(first.acceptability, abs=0.04)
    assert other.score == pytest.approx(first.score)  # points are not drawn


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=6))
def test_shares_sum_to_one_and_dominated_is_never_first(ranked, matrix):
    rows = {str(i): row for i, row in enumerate(matrix)}
    found = ranked(rows, draws=100)
    assert found.acceptability.sum(axis=0) == pytest.approx(np.ones(len(rows)))
    assert found.acceptability.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    assert (found.beats + found.beats.T <= 1 + 1e-12).all()
    for i, row in enumerate(matrix):
        for j, other in enumerate(matrix):
            if row != other and all(x <= y for x, y in zip(row, other, strict=True)):
                assert found.rank[i] > found.rank[j]
                assert found.beats[i, j] == 0


def test_attitude_changes_the_weights_of_groups(shipped):
    criteria = shipped.study.criteria
    for name in criteria.attitudes:
        weights = effective_weights(criteria.model_copy(update={"attitude": name}))
        assert sum(weights.values()) == pytest.approx(1)
    neutral = effective_weights(criteria.model_copy(update={"attitude": "neutral"}))
    assert neutral == pytest.approx({c.id: c.weight for c in criteria.criteria})
    careful = effective_weights(criteria)
    assert careful["lights"] > neutral["lights"]
    assert careful["functional-match"] < neutral["functional-match"]
    curious = effective_weights(criteria.model_copy(update={"attitude": "research"}))
    assert curious["functional-match"] > neutral["functional-match"]
    # inside a group the proportions stay
    assert careful["lights"] / careful["retention"] == pytest.approx(
        neutral["lights"] / neutral["retention"]
    )


def test_attitude_of_a_group_by_hand(shipped):
    base = shipped.study.criteria
    columns = [
        Criterion(id=i, name="C", group=g, weight=w, direction="max", metric="m", source=["x"])
        for i, g, w in (("a", "g", 0.5), ("b", "h", 0.3), ("c", "h", 0.2))
    ]
    odd = Attitude(factors={"h": 3.0}, source=["x"])
    criteria = base.model_copy(
        update={"criteria": columns, "attitude": "odd", "attitudes": {"odd": odd}}
    )
    assert effective_weights(criteria) == pytest.approx({"a": 0.25, "b": 0.45, "c": 0.3})


def test_shipped_ranking_holds_what_it_says(shipped_run):
    evaluation = shipped_run.evaluation
    ranked = [s for s in evaluation.stacks if s.outcome == "ranked"]
    table = np.array([s.rank_acceptability for s in ranked])
    assert table.sum(axis=0) == pytest.approx(np.ones(len(ranked)))
    assert table.sum(axis=1) == pytest.approx(np.ones(len(ranked)))
    for stack in ranked:
        assert stack.first_rank_probability == stack.rank_acceptability[0]
        assert 0 <= stack.score_low <= stack.score_high <= 1
        assert stack.score == pytest.approx(np.mean(list(stack.method_scores.values())))
    assert evaluation.agreement is None or 0 <= evaluation.agreement <= 1


def test_a_method_that_fails_inside_an_interval_is_refused_and_draws_stay_whole(ranked):
    rows = {"a": [(-2, 8), 10], "b": [5, 40], "c": [9, 30]}
    methods = [Method(name=n, source=["x"]) for n in ("topsis", "weighted_product")]
    found = ranked(rows, [0.7, 0.3], methods=methods)
    assert list(found.method_ranks) == ["topsis"]
    assert "ends of their intervals" in found.refused["weighted_product"]
    assert np.isfinite(found.score_low).all()
    assert found.acceptability.sum() == pytest.approx(3)
