"""Consensus of methods, their agreement, and rank acceptability."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from evaluator.rank.consensus import consensus, kendall_w
from evaluator.rank.uncertainty import acceptability, draw_values, draw_weights
from evaluator.study.criteria import Criterion


def rows(*ranks):
    return np.array(ranks, dtype=np.int64)


def test_kendall_w_full_agreement_and_none():
    assert kendall_w(rows([1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4])) == pytest.approx(1)
    assert kendall_w(rows([1, 2, 3], [3, 2, 1])) == pytest.approx(0)


def test_kendall_w_by_hand_without_ties():
    # rank sums 5, 6, 8, 11 around 7.5: squares 6.25 + 2.25 + .25 + 12.25 = 21
    found = kendall_w(rows([1, 2, 3, 4], [1, 3, 2, 4], [3, 1, 3, 3])[:2])
    assert found == pytest.approx(12 * 18 / (4 * 60))
    assert kendall_w(rows([1, 2, 3, 4], [2, 1, 3, 4], [2, 3, 1, 4])) == pytest.approx(
        12 * ((5 - 7.5) ** 2 + (6 - 7.5) ** 2 + (7 - 7.5) ** 2 + (12 - 7.5) ** 2) / (9 * 60)
    )


def test_kendall_w_siegel_castellan_1988_ties():
    """Two judges; a tie of two counts 1.5 each and corrects the denominator by 2³ - 2."""
    # judge 1: 1.5 1.5 3; judge 2: 1 2 3 -> sums 2.5 3.5 6 around 4; S = 6.5
    assert kendall_w(rows([1, 1, 3], [1, 2, 3])) == pytest.approx(12 * 6.5 / (4 * 24 - 2 * 6))


@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=2, max_size=4
        )
    )
)
def test_kendall_w_is_friedman_s_statistic_over_its_maximum(scores):
    """W = chi² / (m (n - 1)), ties corrected alike; scipy computes chi² by itself."""
    table = np.array(scores)
    places = (table[:, None, :] < table[:, :, None]).sum(axis=-1) + 1
    found = kendall_w(places)
    if all(len(set(row)) == 1 for row in scores):
        assert found is None
    elif table.shape[1] >= 3:
        chi2 = scipy.stats.friedmanchisquare(*table.T).statistic
        assert found == pytest.approx(chi2 / (len(table) * (table.shape[1] - 1)))


@pytest.mark.parametrize("ranks", [[[1, 2, 3]], [[1], [1]], [[1, 1], [1, 1]]])
def test_kendall_w_of_too_few_or_only_ties_is_none(ranks):
    assert kendall_w(rows(*ranks)) is None


def test_consensus_is_borda():
    found = consensus(rows([1, 2, 3], [2, 1, 3], [1, 3, 2]), np.array([0.1, 0.9, 0.5]))
    assert found.tolist() == [1, 2, 3]


def test_consensus_breaks_ties_by_the_mean_index_and_then_shares():
    tied = rows([1, 2, 3], [2, 1, 3])
    assert consensus(tied, np.array([0.6, 0.7, 1.0])).tolist() == [2, 1, 3]
    assert consensus(tied, np.array([0.7, 0.7, 0.0])).tolist() == [1, 1, 3]


def test_consensus_never_lets_the_index_outvote_a_place():
    ranks = rows([1, 2], [1, 2], [1, 2])
    assert consensus(ranks, np.array([0.0, 1.0])).tolist() == [1, 2]


def test_consensus_of_many_draws_is_that_of_each():
    rng = np.random.default_rng(3)
    ranks = rng.integers(1, 5, (3, 50, 4))
    scores = rng.random((50, 4))
    together = consensus(ranks, scores)
    for i in range(50):
        assert together[i].tolist() == consensus(ranks[:, i], scores[i]).tolist()


@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=9))
def test_acceptability_rows_and_columns_sum_to_one(scores):
    table = np.array(scores)
    ranks = (table[:, None, :] > table[:, :, None]).sum(axis=-1) + 1
    found = acceptability(ranks)
    assert found.sum(axis=0) == pytest.approx(np.ones(4))
    assert found.sum(axis=1) == pytest.approx(np.ones(4))
    assert (found >= 0).all()


def test_acceptability_shares_ties():
    found = acceptability(rows([1, 1, 3], [1, 2, 3]))
    assert found == pytest.approx(np.array([[0.75, 0.25, 0], [0.25, 0.75, 0], [0, 0, 1]]))


def test_weights_stay_within_their_spread_and_sum_to_one():
    weights = np.array([0.5, 0.3, 0.2, 0.0])
    found = draw_weights(weights, 0.5, np.random.default_rng(0), 500)
    assert found.sum(axis=1) == pytest.approx(np.ones(500))
    assert (found[:, 3] == 0).all()
    ratio = found[:, 0] / found[:, 1]
    assert 0.5 / 1.5 * 5 / 3 <= ratio.min() < ratio.max() <= 1.5 / 0.5 * 5 / 3
    fixed = draw_weights(weights, 0.0, np.random.default_rng(0), 3)
    assert fixed == pytest.approx(np.tile(weights, (3, 1)))


def column(aggregate="worst", direction="max"):
    return Criterion(
        id="c", name="C", group="g", weight=1, direction=direction, metric="m",
        aggregate=aggregate, source=["x"],
    )  # fmt: skip


def test_values_stay_within_their_intervals():
    parts = [[{"a": (0.0, 1.0)}, {"a": (2.0, 2.0)}]]
    found = draw_values([column(), column()], parts, np.random.default_rng(0), 500)
    assert found.shape == (500, 1, 2)
    assert (found[..., 1] == 2).all()
    assert 0 <= found[..., 0].min() < 0.05
    assert 0.95 < found[..., 0].max() <= 1


def test_what_two_stacks_share_cannot_tell_them_apart():
    """Both hold the uncertain x; only what they do not share differs, and by the same in each."""
    parts = [[{"x": (0.0, 9.0), "a": (3.0, 3.0)}], [{"x": (0.0, 9.0), "b": (1.0, 1.0)}]]
    found = draw_values([column("mean")], parts, np.random.default_rng(0), 200)[..., 0]
    assert found[:, 0] - found[:, 1] == pytest.approx(np.ones(200))
    assert np.ptp(found[:, 0]) > 4


@pytest.mark.parametrize(
    ("aggregate", "direction", "expected"),
    [("worst", "max", 2), ("worst", "min", 6), ("best", "max", 6), ("best", "min", 2),
     ("mean", "max", 4)],
)  # fmt: skip
def test_drawn_components_are_put_together_as_the_criterion_says(aggregate, direction, expected):
    parts = [[{"a": (2.0, 2.0), "b": (4.0, 4.0), "c": (6.0, 6.0)}]]
    found = draw_values([column(aggregate, direction)], parts, np.random.default_rng(0), 3)
    assert found.ravel().tolist() == [expected] * 3


def test_smaa_analytic_three_alternatives():
    """(1, 0), (0, 1), (.6, .6), weights uniform on the simplex: first in .4, .4, .2 of them."""
    share = np.random.default_rng(0).uniform(size=40_000)
    weights = np.column_stack([share, 1 - share])
    utility = weights @ np.array([[1, 0], [0, 1], [0.6, 0.6]]).T
    ranks = (utility[:, None, :] > utility[:, :, None]).sum(axis=-1) + 1
    assert acceptability(ranks)[:, 0] == pytest.approx([0.4, 0.4, 0.2], abs=0.01)
