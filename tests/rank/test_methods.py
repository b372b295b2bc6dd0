"""Decision methods against their papers, against two libraries, and against what must hold."""

from __future__ import annotations

import numpy as np
import pymcdm.methods
import pymcdm.normalizations
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evaluator.rank.methods import VECTORISED, by_library, ranks, unit_columns

METHODS = sorted(VECTORISED)
PEAKS = np.array([[1.0, 3000.0], [2.0, 3750.0], [5.0, 4500.0]])  # risk (min), altitude (max)


def drawn(name, matrix, weights):
    """One draw of the vectorised form."""
    return VECTORISED[name](np.asarray(matrix, float)[None], np.asarray(weights, float)[None])[0]


@pytest.mark.parametrize("form", [by_library, drawn])
def test_topsis_tzeng_huang_2011(form):
    matrix = np.array([[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]], dtype=float)
    index = form("topsis", matrix, np.array([0.3, 0.4, 0.3]))
    assert index == pytest.approx([0.5037, 0.6581, 0.7482, 0.3340], abs=5e-5)
    assert ranks(index).tolist() == [3, 2, 1, 4]


@pytest.mark.parametrize("form", [by_library, drawn])
def test_vikor_mountain_opricovic_tzeng_2004(form):
    index = form("vikor", PEAKS * [-1, 1], np.array([0.5, 0.5]))
    assert 1 - index == pytest.approx([1, 0, 1])


@pytest.mark.parametrize("form", [by_library, drawn])
def test_weighted_sum_by_hand(form):
    matrix = np.array([[0, 10], [5, 20], [10, 12]], dtype=float)
    index = form("weighted_sum", matrix, np.array([0.6, 0.4]))
    assert index == pytest.approx([0, 0.3 + 0.4, 0.6 + 0.4 * 0.2])


@st.composite
def problems(draw, smallest=2):
    """A matrix without ranges of zero, and weights that sum to 1."""
    shape = (draw(st.integers(smallest, 7)), draw(st.integers(1, 6)))
    matrix = draw(arrays(float, shape, elements=st.integers(1, 60).map(float)))
    assume((np.ptp(matrix, axis=0) > 0).all())
    weights = draw(arrays(float, shape[1], elements=st.integers(1, 20).map(float)))
    return matrix, weights / weights.sum()


@pytest.mark.parametrize("name", METHODS)
@settings(max_examples=25)
@given(problems())
def test_library_and_vectorised_forms_agree(name, problem):
    matrix, weights = problem
    assert drawn(name, matrix, weights) == pytest.approx(
        by_library(name, matrix, weights), abs=1e-9
    )


def oracle(name, matrix, weights):
    """The same methods by pymcdm, a library of other authors."""
    types = np.ones(matrix.shape[1])
    scaling = pymcdm.normalizations
    if name == "topsis":
        method = pymcdm.methods.TOPSIS(scaling.vector_normalization)
    elif name == "weighted_sum":
        method = pymcdm.methods.WSM(scaling.minmax_normalization)
    else:
        method = pymcdm.methods.VIKOR()
    return np.asarray(method(matrix, weights, types, validation=False))


@pytest.mark.parametrize("name", METHODS)
@settings(max_examples=40)
@given(problems(smallest=3))
def test_pymcdm_as_second_oracle(name, problem):
    matrix, weights = problem
    index = drawn(name, matrix, weights)
    if name == "vikor":
        regret = (1 - unit_columns(matrix)) * weights
        # pymcdm divides by these ranges without asking whether they are zero
        assume(np.ptp(regret.sum(axis=1)) > 1e-9)
        assume(np.ptp(regret.max(axis=1)) > 1e-9)
        index = 1 - index
    assert index == pytest.approx(oracle(name, matrix, weights), abs=1e-9)


def test_many_draws_are_each_the_same_as_alone():
    rng = np.random.default_rng(1)
    matrices, weights = rng.random((20, 5, 4)), rng.dirichlet(np.ones(4), 20)
    for name in METHODS:
        together = VECTORISED[name](matrices, weights)
        alone = [drawn(name, m, w) for m, w in zip(matrices, weights, strict=True)]
        assert together == pytest.approx(np.array(alone))


@pytest.mark.parametrize("name", METHODS)
@given(problems(), st.integers(0, 2**32 - 1))
def test_unit_free_and_order_free(name, problem, seed):
    matrix, weights = problem
    rng = np.random.default_rng(seed)
    index = drawn(name, matrix, weights)
    factors = rng.uniform(0.01, 100, matrix.shape[1])
    assert drawn(name, matrix * factors, weights) == pytest.approx(index, abs=1e-9)
    rows, columns = rng.permutation(matrix.shape[0]), rng.permutation(matrix.shape[1])
    shuffled = drawn(name, matrix[rows][:, columns], weights[columns])
    assert shuffled == pytest.approx(index[rows], abs=1e-9)


@pytest.mark.parametrize("name", METHODS)
@given(problems())
def test_index_is_between_0_and_1(name, problem):
    index = drawn(name, *problem)
    assert (index >= -1e-12).all()
    assert (index <= 1 + 1e-12).all()


@given(problems(), st.data())
def test_improving_a_value_never_harms_in_the_weighted_sum(problem, data):
    matrix, weights = problem
    row = data.draw(st.integers(0, matrix.shape[0] - 1))
    column = data.draw(st.integers(0, matrix.shape[1] - 1))
    better = matrix.copy()
    better[row, column] += data.draw(st.integers(1, 100))
    assume(np.ptp(better[:, column]) > 0)
    before, after = drawn("weighted_sum", matrix, weights), drawn("weighted_sum", better, weights)
    assert after[row] >= before[row] - 1e-9
    assert ranks(after)[row] <= ranks(before)[row]


@pytest.mark.parametrize("name", METHODS)
@given(problems(), st.data())
def test_dominated_alternative_is_never_first(name, problem, data):
    matrix, weights = problem
    row = data.draw(st.integers(0, matrix.shape[0] - 1))
    loss = data.draw(arrays(float, matrix.shape[1], elements=st.integers(0, 5).map(float)))
    loss[data.draw(st.integers(0, matrix.shape[1] - 1))] += 1
    dominated = np.vstack([matrix, matrix[row] - loss])
    place = ranks(drawn(name, dominated, weights))
    assert place[-1] > place[row]


@pytest.mark.parametrize("name", METHODS)
@given(problems())
def test_a_column_without_range_changes_no_rank_and_no_distance(name, problem):
    matrix, weights = problem
    padded = np.column_stack([matrix, np.full(len(matrix), 7.0)])
    heavier = np.append(weights, 3.0)
    index, with_it = drawn(name, matrix, weights), drawn(name, padded, heavier)
    assert ranks(with_it).tolist() == ranks(index).tolist()
    if name != "weighted_sum":  # which adds the same to all of them
        assert with_it == pytest.approx(index, abs=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_alternatives_that_are_all_equal_are_equally_good(name):
    index = drawn(name, np.full((3, 2), 4.0), [0.5, 0.5])
    assert np.isfinite(index).all()
    assert np.ptp(index) == 0
    assert index[0] == 1


def test_vikor_of_equal_utility_and_regret_is_quiet_and_finite():
    """Two mirrored alternatives: S and R are the same for both, so nothing tells them apart."""
    matrix, weights = np.eye(2), np.array([0.5, 0.5])
    assert by_library("vikor", matrix, weights) == pytest.approx([1, 1])
    assert drawn("vikor", matrix, weights) == pytest.approx([1, 1])


def test_ranks_share_the_better_place():
    assert ranks(np.array([0.2, 0.9, 0.9, 0.5])).tolist() == [4, 1, 1, 3]
    assert ranks(np.array([0.3, 0.1 + 0.2])).tolist() == [1, 1]  # equal but for rounding
    assert ranks(np.array([[1.0, 2.0], [2.0, 1.0]])).tolist() == [[2, 1], [1, 2]]


@settings(max_examples=25)
@given(problems(smallest=3))
def test_vikor_is_the_library_s_own_q(problem):
    import skcriteria as skc
    from skcriteria.agg.vikor import VIKOR

    matrix, weights = problem
    regret = (1 - unit_columns(matrix)) * weights
    assume(np.ptp(regret.sum(axis=1)) > 1e-9)
    assume(np.ptp(regret.max(axis=1)) > 1e-9)
    data = skc.mkdm(matrix, [max] * matrix.shape[1], weights=weights)
    expected = 1 - np.asarray(VIKOR(v=0.5).evaluate(data).e_.q_k)
    assert by_library("vikor", matrix, weights) == pytest.approx(expected, abs=1e-9)


def test_vikor_does_not_stretch_rounding_over_the_scale():
    """S is 0.3 for all three, but in floating point 0.30000000000000004 for some."""
    matrix = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=float)
    weights = np.array([0.1 + 0.2, 0.3, 0.3])
    for form in (by_library, drawn):
        assert form("vikor", matrix, weights) == pytest.approx([1, 1, 1])
