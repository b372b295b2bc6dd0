"""AHP against published examples, and what must hold for any judgements."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.rank.methods import find_method, judge, parameters_of
from evaluator.rank.pairwise import (
    RANDOM_INDEX,
    priorities,
    random_index,
    read_judgements,
    shown,
)
from evaluator.rank.problem import Problem
from evaluator.study.document import read_document

PUBLISHED = Path(__file__).parent / "published"
AHP = find_method("ahp")
ABC = ("a", "b", "c")


def asked(problem, **typed):
    parameters, wrong = parameters_of(AHP, typed, problem)
    assert not wrong, wrong
    return judge(problem, AHP, parameters)


def refused_parameter(problem, **typed):
    _, wrong = parameters_of(AHP, typed, problem)
    assert len(wrong) == 1
    return wrong[0][1]


def example(name):
    """A published example: its problem, what is typed for AHP, and what the paper prints."""
    data = read_document(PUBLISHED / f"{name}.yml").data
    names, criteria = list(data["alternatives"]), list(data["criteria"])
    problem = Problem.of(
        np.ones((len(names), len(criteria))),
        np.ones(len(criteria)),
        alternatives=names,
        criteria=criteria,
    )
    typed = dict(data["methods"]["ahp"])
    if "judgements" in data:
        typed["criteria"] = data["judgements"]
    expected = json.loads((PUBLISHED / f"{name}.expected.json").read_text())
    return problem, typed, expected["methods"]["ahp"], expected["digits"]


@pytest.mark.parametrize("name", ["ahp-saaty-2008", "ahp-saaty-2005", "ahp-wikipedia-leader"])
def test_published_priorities_to_the_printed_digits(name):
    problem, typed, expected, digits = example(name)
    found = asked(problem, **typed)
    scores = dict(zip(problem.alternatives, found.scores.round(digits).tolist(), strict=True))
    assert scores == expected["scores"]
    assert dict(zip(problem.alternatives, found.ranks.tolist(), strict=True)) == expected["ranks"]
    for criterion, ratio in expected.get("consistency_ratios", {}).items():
        assert round(found.detail["alternatives"][criterion]["CR"], digits) == ratio


def test_table_of_random_indices_is_that_of_saaty_1980():
    assert RANDOM_INDEX[2:10] == (0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
    assert random_index(16) == pytest.approx((2.7699 * 16 - 4.3513 - 16) / 15)
    assert 1.5 < random_index(40) < 1.8


weights = st.lists(st.integers(1, 9), min_size=1, max_size=9)


@given(weights)
def test_consistent_judgements_give_the_weights_back(typed):
    exact = np.array(typed, dtype=float)
    names = [f"n{i}" for i in range(len(typed))]
    found = priorities(read_judgements((exact[:, None] / exact).tolist(), names))
    assert found.values == pytest.approx(exact / exact.sum())
    assert found.lambda_max == pytest.approx(len(typed))
    assert found.consistency_ratio == pytest.approx(0, abs=1e-9)
    assert found.worst is None


@st.composite
def judgements(draw):
    count = draw(st.integers(3, 7))
    matrix = np.ones((count, count))
    for i in range(count):
        for j in range(i):
            value = draw(st.sampled_from([*range(1, 10), *(1 / k for k in range(2, 10))]))
            matrix[i, j], matrix[j, i] = value, 1 / value
    return matrix


@given(judgements(), st.randoms(use_true_random=False))
def test_order_of_names_does_not_matter(matrix, random):
    names = [f"n{i}" for i in range(len(matrix))]
    order = list(range(len(matrix)))
    random.shuffle(order)
    found = priorities(read_judgements(matrix.tolist(), names))
    other = priorities(
        read_judgements(matrix[np.ix_(order, order)].tolist(), [names[i] for i in order])
    )
    assert dict(zip(other.names, other.values, strict=True)) == pytest.approx(
        dict(zip(found.names, found.values, strict=True))
    )
    assert other.consistency_ratio == pytest.approx(found.consistency_ratio, abs=1e-9)


@given(judgements())
def test_pairs_and_the_matrix_are_the_same_judgements(matrix):
    names = [f"n{i}" for i in range(len(matrix))]
    pairs = {
        a: {names[j]: shown_or_number(matrix[i, j]) for j in range(i + 1, len(names))}
        for i, a in enumerate(names)
    }
    assert np.array(read_judgements(pairs, names).matrix) == pytest.approx(matrix)


def shown_or_number(value):
    return value if value >= 1 else shown(value)


@settings(max_examples=50)
@given(judgements())
def test_the_fitting_value_mends_what_it_says(matrix):
    names = [f"n{i}" for i in range(len(matrix))]
    found = priorities(read_judgements(matrix.tolist(), names))
    if found.worst is None:
        return
    i, j = names.index(found.worst.first), names.index(found.worst.second)
    assert matrix[i, j] == pytest.approx(found.worst.typed)
    implied = np.array(found.values)[:, None] / np.array(found.values)
    off = np.abs(np.log(matrix / implied))
    assert off[i, j] == pytest.approx(off.max())
    mended = matrix.copy()
    mended[i, j], mended[j, i] = found.worst.fitting, 1 / found.worst.fitting
    again = priorities(read_judgements(mended.tolist(), names))
    assert again.consistency_ratio == pytest.approx(found.worst.consistency_ratio, abs=1e-9)
    assert again.consistency_ratio <= found.consistency_ratio + 1e-9


# Saaty's school selection (1980): CR of the criteria is far above 0.1
SCHOOL = {
    "L": {"F": 4, "S": 3, "V": 1, "C": 3, "M": 4},
    "F": {"S": 7, "V": 3, "C": "1/5", "M": 1},
    "S": {"V": "1/5", "C": "1/5", "M": "1/6"},
    "V": {"C": 1, "M": "1/3"},
    "C": {"M": 3},
}


def school(**typed):
    names = ["L", "F", "S", "V", "C", "M"]
    problem = Problem.of(np.arange(1.0, 13).reshape(2, 6), np.ones(6), criteria=names)
    return asked(problem, criteria=SCHOOL, **typed)


def test_inconsistent_judgements_are_answered_with_a_caution_that_names_the_worst():
    found = school()
    assert found.scores.sum() == pytest.approx(1)
    assert found.detail["criteria"]["CR"] == pytest.approx(0.229, abs=5e-4)
    (caution,) = found.cautions
    assert "CR 0.229 exceeds 0.1" in caution
    assert "L against S, typed 3" in caution
    assert "priorities say 9.23" in caution


def test_inconsistent_judgements_are_refused_where_that_is_asked_for():
    found = school(inconsistent="refuse")
    assert found.scores is None
    assert "L against S" in found.refused
    assert school(inconsistent="refuse", max_cr=0.25).cautions == ()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ([[1, 2], [0.5, 1]], "3 rows of 3 judgements (for a, b, c), it has rows of 2, 2"),
        ([[1, 2, 3], [0.5, 1], [1, 1, 1]], "rows of 3, 2, 3"),
        ([[1, 3, 1], [3, 1, 1], [1, 1, 1]], "a against b is 3, so b against a must be 1/3, not 3"),
        ([[2, 1, 1], [1, 1, 1], [1, 1, 1]], "a against itself is 2, it must be 1"),
        ({"a": {"b": 0, "c": 1}, "b": {"c": 1}}, "a against b is 0; a judgement is a positive"),
        ({"a": {"b": -3, "c": 1}, "b": {"c": 1}}, "a against b is -3"),
        ({"a": {"b": "1/0", "c": 1}, "b": {"c": 1}}, "a against b is '1/0'"),
        ({"a": {"b": "much", "c": 1}, "b": {"c": 1}}, "a against b is 'much'"),
        ({"a": {"b": True, "c": 1}, "b": {"c": 1}}, "a against b is True"),
        ({"a": {"b": float("nan"), "c": 1}, "b": {"c": 1}}, "a against b is nan"),
        ({"a": {"b": float("inf"), "c": 1}, "b": {"c": 1}}, "a against b is inf"),
        ({"a": {"b": 10**400, "c": 1}, "b": {"c": 1}}, "a against b is 1000"),
        ({"a": {"b": 3}}, "no judgement between a and c, b and c"),
        ({"a": {"b": 3, "x": 2}}, "unknown name 'x'; allowed: a, b, c"),
        ({"a": 3}, "a: pairs are written as {a: {other: 3}}"),
        ("a>b", "judgements are a square matrix, or pairs"),
        ({"a": {"b": 3, "c": 1}, "b": {"a": 3, "c": 1}}, "b against a must be 1/3, not 3"),
    ],
)
def test_mistakes_in_judgements_are_explained(typed, says):
    problem = Problem.of(np.ones((2, 3)), np.ones(3), criteria=ABC)
    assert says in refused_parameter(problem, criteria=typed)


def test_mistakes_between_alternatives_name_the_criterion():
    problem = Problem.of(np.ones((2, 1)), [1], criteria=["speed"])
    assert "speed: no judgement between a1 and a2" in refused_parameter(
        problem, alternatives={"speed": {}}
    )
    assert "'sped'" not in refused_parameter(problem, alternatives={"sped": {}})
    assert "did you mean 'speed'?" in refused_parameter(problem, alternatives={"sped": {}})


def test_a_reciprocal_may_be_typed_as_a_rounded_decimal():
    exact = read_judgements([[1, 3], [0.33, 1]], ["a", "b"])
    assert exact.matrix == ((1.0, 3.0), (1 / 3, 1.0))
    assert read_judgements([[1, 0.13], [8, 1]], ["a", "b"]).matrix[0][1] == 1 / 8


def test_a_judgement_beyond_nine_is_answered_with_a_caution():
    problem = Problem.of([[1, 1], [1, 2]], [1, 1], criteria=["a", "b"])
    found = asked(problem, criteria={"a": {"b": "1/12"}})
    assert found.scores is not None
    assert "b against a is 12" in found.cautions[0]


def test_measured_criteria_follow_from_the_values_and_the_weights():
    problem = Problem.of([[2, 10], [6, 30]], [0.75, 0.25], [True, False])
    found = asked(problem)
    assert found.scores == pytest.approx([0.75 * 0.25 + 0.25 * 0.75, 0.75 * 0.75 + 0.25 * 0.25])


def test_ideal_mode_divides_by_the_best_on_each_criterion():
    problem = Problem.of([[2, 10], [6, 30]], [0.75, 0.25], [True, False])
    scores = np.array([0.75 / 3 + 0.25, 0.75 + 0.25 / 3])
    assert asked(problem, mode="ideal").scores == pytest.approx(scores / scores.sum())


@pytest.mark.parametrize("bad", [0.0, -4.0])
def test_values_without_shares_are_refused_with_the_alternative(bad):
    problem = Problem.of([[2, 1], [bad, 3]], [1, 1], alternatives=["A", "B"])
    assert f"B has {bad:g}" in asked(problem).refused
    # without weight, or judged, they do not matter
    assert asked(problem.with_weights(np.array([0.0, 1.0]))).scores == pytest.approx([0.25, 0.75])
    assert asked(problem, alternatives={"c1": {"A": {"B": 1}}}).scores is not None


def test_belton_gear_1983_a_copy_turns_the_order_round_but_not_in_ideal_mode():
    three = [
        [[1, "1/9", 1], [9, 1, 9], [1, "1/9", 1]],
        [[1, 9, 9], ["1/9", 1, 1], ["1/9", 1, 1]],
        [[1, "8/9", 8], ["9/8", 1, 9], ["1/8", "1/9", 1]],
    ]
    names = ["A", "B", "C", "D"]
    four = [[[*row, row[1]] for row in [*m, m[1]]] for m in three]  # D is a copy of B
    found = {}
    for count, matrices in ((3, three), (4, four)):
        problem = Problem.of(np.ones((count, 3)), np.ones(3), alternatives=names[:count])
        typed = dict(zip(problem.criteria, matrices, strict=True))
        for mode in ("distributive", "ideal"):
            found[count, mode] = asked(problem, alternatives=typed, mode=mode).scores
    assert found[3, "distributive"].round(2).tolist() == [0.45, 0.47, 0.08]
    assert found[4, "distributive"].round(2).tolist() == [0.37, 0.29, 0.06, 0.29]
    assert found[3, "ideal"][1] > found[3, "ideal"][0]
    assert found[4, "ideal"][1] > found[4, "ideal"][0]


def test_one_alternative_has_everything():
    assert asked(Problem.of([[3.0, 4.0]], [1, 2])).scores == pytest.approx([1])


def test_no_weight_at_all_is_refused():
    assert "no criterion has a weight" in asked(Problem.of([[1.0], [2.0]], [0])).refused


def test_judgements_of_more_alternatives_are_narrowed_to_those_at_hand():
    problem = Problem.of(np.ones((3, 1)), [1], alternatives=ABC)
    parameters, _ = parameters_of(
        AHP, {"alternatives": {"c1": {"a": {"b": 2, "c": 8}, "b": {"c": 4}}}}, problem
    )
    assert judge(problem.rows([0, 2]), AHP, parameters).scores == pytest.approx([8 / 9, 1 / 9])


@given(st.integers(0, 2**32 - 1), st.sampled_from(["distributive", "ideal"]))
@settings(max_examples=25)
def test_many_draws_are_each_the_same_as_alone(seed, mode):
    rng = np.random.default_rng(seed)
    values, drawn = rng.uniform(1, 9, (6, 4, 3)), rng.dirichlet(np.ones(3), 6)
    up = [True, False, True]
    problem = Problem.of(values[0], drawn[0], up, alternatives="ABCD", criteria="xyz")
    typed = {"y": {"A": {"B": 2, "C": 3, "D": 4}, "B": {"C": 2, "D": 2}, "C": {"D": 1}}}
    parameters, wrong = parameters_of(AHP, {"alternatives": typed, "mode": mode}, problem)
    assert not wrong
    together = AHP.many(values, drawn, np.array(up), parameters)
    same = AHP.many(values[0], drawn, np.array(up), parameters)
    for k in range(6):
        one = problem.with_values(values[k]).with_weights(drawn[k])
        assert together[k] == pytest.approx(judge(one, AHP, parameters).scores)
    assert same[0] == pytest.approx(together[0])


def test_nobody_answers_in_simulations_for_values_without_shares():
    parameters, _ = parameters_of(AHP, {}, Problem.of([[1.0, 0.0]], [1, 1]))
    index = AHP.many(np.array([[1.0, 0.0], [2.0, 3.0]]), np.array([[0.5, 0.5]]), True, parameters)
    assert np.isnan(index).all()
