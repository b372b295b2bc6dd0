"""Filters and inverters against scikit-criteria, and what they refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import skcriteria as skc
from hypothesis import given, settings
from hypothesis import strategies as st
from skcriteria.preprocessing.filters import FilterNonDominated

from evaluator.rank.methods import Refusal
from evaluator.rank.preparation import INVERTERS, Limit, dominated_by, invert, screen
from evaluator.rank.problem import Problem

TABLE = Problem.of(
    [[100, 3], [200, 4], [300, 9], [150, 2]],
    [1, 1],
    [False, True],
    alternatives=["A", "B", "C", "D"],
    criteria=["price", "speed"],
)


def test_limits_remove_alternatives_with_the_reason():
    found = screen(TABLE, [Limit("price", at_most=200), Limit("speed", at_least=3)])
    assert found.problem.alternatives == ("A", "B")  # a limit is kept by what equals it
    assert dict(found.removed) == {
        "C": "price is 300, above the most that is accepted, 200",
        "D": "speed is 2, below the least that is accepted, 3",
    }


def test_dominated_alternatives_are_removed_with_who_is_better():
    found = screen(TABLE, non_dominated=True)
    assert found.problem.alternatives == ("A", "B", "C")
    assert dict(found.removed) == {"D": "A is better or equal on every criterion"}


def test_without_limits_nothing_is_removed():
    found = screen(TABLE)
    assert found.problem.alternatives == TABLE.alternatives
    assert not found.removed


def test_a_value_that_is_only_assumed_removes_nobody():

    assumed = np.zeros(TABLE.shape, dtype=bool)
    assumed[2, 0] = True
    found = screen(replace(TABLE, assumed=assumed), [Limit("price", at_most=150)])
    assert found.problem.alternatives == ("A", "C", "D")
    assert found.notes == ("price of C is not known, so it was kept",)


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        (Limit("prise", at_most=1), "'prise', which is no criterion"),
        (Limit("price", at_least=5, at_most=4), "no value of price is at least 5 and at most 4"),
        (Limit("price", at_most=1), "the filters leave no alternative (A: price is 100"),
    ],
)
def test_filters_that_cannot_be_are_explained(limit, says):
    with pytest.raises(Refusal) as refused:
        screen(TABLE, [limit])
    assert says in refused.value.reason


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (draw(st.integers(2, 9)), draw(st.integers(1, 3)))
    return Problem.of(
        rng.integers(1, 5, shape).astype(float), np.ones(shape[1]), rng.random(shape[1]) < 0.5
    )


def matrix_of(problem):
    return skc.mkdm(
        problem.values,
        [max if up else min for up in problem.maximise],
        alternatives=list(problem.alternatives),
    )


@settings(max_examples=25)
@given(problems())
def test_dominance_is_that_of_scikit_criteria(problem):
    kept = FilterNonDominated(strict=False).transform(matrix_of(problem)).alternatives
    assert list(screen(problem, non_dominated=True).problem.alternatives) == list(kept)


def test_dominance_among_ten_thousand():
    values = np.random.default_rng(1).random((10_000, 3))
    values[7] = 2
    found = dominated_by(Problem.of(values, np.ones(3)))
    assert found[7] == -1
    assert (np.delete(found, 7) >= 0).all()


@pytest.mark.parametrize("name", sorted(INVERTERS))
@settings(max_examples=20)
@given(problem=problems())
def test_inverting_keeps_the_order_of_each_column_and_its_intervals(name, problem):
    turned = invert(problem, name)
    assert turned.maximise.all()
    for j, up in enumerate(problem.maximise):
        before = problem.values[:, j] * (1 if up else -1)
        steps = np.sign(before[:, None] - before)
        assert (
            np.sign(np.round(turned.values[:, j][:, None] - turned.values[:, j], 9)) == steps
        ).all()
    wide = Problem.of(
        problem.values,
        problem.weights,
        problem.maximise,
        low=problem.values * 0.9,
        high=problem.values * 1.2,
    )
    other = invert(wide, name)
    assert (other.low <= other.values + 1e-12).all()
    assert (other.values <= other.high + 1e-12).all()


def test_inverters_by_hand():
    problem = Problem.of([[2, 10], [4, 20]], [1, 1], [False, True])
    assert invert(problem, "negate").values.tolist() == [[-2, 10], [-4, 20]]
    assert invert(problem, "reciprocal").values.tolist() == [[0.5, 10], [0.25, 20]]
    assert invert(problem, "minmax").values.tolist() == [[1, 0], [0, 1]]
    assert invert(problem, "benefit_cost").values.tolist() == [[1, 0.5], [0.5, 1]]


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("reciprocal", [[0, 1], [2, 3]], "c1 is minimised and holds or spans 0"),
        ("reciprocal", [[-1, 1], [2, 3]], "c1 is minimised and holds or spans 0"),
        ("benefit_cost", [[0, 1], [2, 3]], "c1 is minimised and holds or spans 0"),
        ("benefit_cost", [[1, -1], [2, 3]], "no negative values"),
        ("benefit_cost", [[1, 0], [2, 0]], "a column of zeros"),
        ("upside_down", [[1, 0], [2, 0]], "no inverter is called 'upside_down'"),
    ],
)
def test_tables_without_an_inverse_are_refused(name, values, says):
    with pytest.raises(Refusal) as refused:
        invert(Problem.of(values, [1, 1], [False, True]), name)
    assert says in refused.value.reason
    assert refused.value.remedy


def test_a_zero_is_no_harm_where_more_is_better():
    assert (
        invert(Problem.of([[1, 0], [2, 5]], [1, 1], [False, True]), "reciprocal").values[0, 1] == 0
    )
