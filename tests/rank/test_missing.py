"""What stands in for values that nobody knows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.rank.methods import Refusal
from evaluator.rank.missing import IMPUTATIONS, POLICIES, Cell, complete

GONE = Cell()
TABLE = [
    [Cell(1.0), GONE],
    [Cell(2.0), Cell(3.0)],
    [Cell(3.0, 2.0, 4.0), Cell(5.0)],
    [GONE, Cell(10.0, 9.0, 12.0)],
]


def done(cells=TABLE, maximise=(True, False), **policy):
    return complete(
        cells,
        alternatives="ABCD"[: len(cells)],
        criteria=["x", "y"][: len(maximise)],
        maximise=maximise,
        weights=[1.0] * len(maximise),
        **policy,
    )


def test_interval_keeps_what_is_not_known_uncertain():
    found = done()
    problem = found.problem
    assert problem.values.tolist() == [[1, 7.5], [2, 3], [3, 5], [2.5, 10]]
    assert problem.low.tolist() == [[1, 3], [2, 3], [2, 5], [1, 9]]
    assert problem.high.tolist() == [[1, 12], [2, 3], [4, 5], [4, 12]]
    assert problem.assumed.tolist() == [[False, True], [False] * 2, [False] * 2, [True, False]]
    assert found.notes == (
        "x of D is missing and may be anything from 1 to 4, the known span of the column",
        "y of A is missing and may be anything from 3 to 12, the known span of the column",
    )


@pytest.mark.parametrize(("by", "x", "y"), [("median", 2, 5), ("mean", 2, 6), ("knn", 2.5, 4)])
def test_impute_takes_a_number_as_if_it_were_known(by, x, y):
    problem = done(policy="impute", imputation=by).problem
    assert problem.values[3, 0] == pytest.approx(x)
    assert problem.values[0, 1] == pytest.approx(y)
    filled = problem.assumed
    assert (problem.low[filled] == problem.values[filled]).all()
    assert (problem.high[filled] == problem.values[filled]).all()


def test_neighbours_are_those_that_are_near_in_every_unit():
    near = [[1 + i / 10, 0.0, 1000.0] for i in range(5)]
    far = [[9 + i / 10, 100.0, 9000.0] for i in range(5)]  # nearer only as z's unit has it
    rows = [*near, *far, [5.0, 10_000.0, 5000.0], [1.2, 100.0, None]]
    problem = complete(
        [[Cell(v) for v in row] for row in rows],
        alternatives=[str(i) for i in range(12)],
        criteria="xzy",
        maximise=[True] * 3,
        weights=[1.0] * 3,
        policy="impute",
        imputation="knn",
    ).problem
    assert problem.values[11, 2] == pytest.approx(1000)


def test_penalise_takes_the_worst_known_value():
    found = done(policy="penalise")
    assert found.problem.values[3, 0] == 1  # more is better
    assert found.problem.values[0, 1] == 10  # less is better
    assert "y of A is missing and is taken as 10, the worst known value" in found.notes


def test_drop_leaves_out_the_alternative_and_names_it():
    found = done(policy="drop")
    assert found.problem.alternatives == ("B", "C")
    assert found.problem.values.tolist() == [[2, 3], [3, 5]]
    assert found.dropped == ("A", "D")
    assert found.notes == ("A was left out: no value of y", "D was left out: no value of x")
    assert not found.problem.assumed.any()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("imputation", IMPUTATIONS)
def test_a_whole_table_is_left_alone(policy, imputation):
    found = done(
        [[Cell(1.0), Cell(2.0)], [Cell(None, 3.0, 5.0), Cell(4.0)]],
        policy=policy,
        imputation=imputation,
    )
    assert found.problem.values.tolist() == [[1, 2], [4, 4]]
    assert found.problem.low[1, 0] == 3
    assert found.notes == ()
    assert not found.problem.assumed.any()


@pytest.mark.parametrize("policy", ["interval", "impute", "penalise"])
def test_a_column_of_which_nothing_is_known_is_explained(policy):
    with pytest.raises(Refusal, match="nobody knows any value of y"):
        done([[Cell(1.0), GONE], [Cell(2.0), GONE]], policy=policy)


def test_dropping_everything_is_explained():
    with pytest.raises(Refusal, match="dropping them leaves none"):
        done([[Cell(1.0), GONE], [GONE, Cell(2.0)]], policy="drop")


@pytest.mark.parametrize("typed", [{"policy": "guess"}, {"imputation": "magic"}])
def test_unknown_policies_are_explained(typed):
    with pytest.raises(Refusal, match="is unknown here"):
        done(**typed)


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_whatever_is_missing_the_problem_is_whole_and_known_values_stay(policy, seed):
    rng = np.random.default_rng(seed)
    values = rng.uniform(-5, 5, (6, 3))
    gone = rng.random((6, 3)) < 0.4
    gone[0] = False
    cells = [
        [GONE if g else Cell(float(v)) for v, g in zip(row, lost, strict=True)]
        for row, lost in zip(values, gone, strict=True)
    ]
    problem = complete(
        cells,
        alternatives=[str(i) for i in range(6)],
        criteria="xyz",
        maximise=[True, False, True],
        weights=[1, 1, 1],
        policy=policy,
    ).problem
    assert np.isfinite(problem.values).all()
    assert ((problem.low <= problem.values) & (problem.values <= problem.high)).all()
    kept = [int(name) for name in problem.alternatives]
    known = ~gone[kept]
    assert problem.values[known] == pytest.approx(values[kept][known])
    assert (problem.assumed == gone[kept]).all()
