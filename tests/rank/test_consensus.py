"""Consensus of methods, their agreement, and what is drawn under uncertainty."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from evaluator.rank.consensus import (
    consensus,
    consensus_orders,
    kendall_distance,
    kendall_w,
)
from evaluator.rank.problem import Problem
from evaluator.rank.smaa import acceptability, draw_weights
from evaluator.rank.uncertainty import inputs_of_components
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


def test_kendall_w_siegel_1956_three_executives():
    """Siegel, Nonparametric statistics (1956), chapter 9: six applicants ranked by three
    executives of a company; rank sums 8 14 11 11 11 8, s = 25.5, W = .16."""
    ranks = rows([1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1])
    assert ranks.sum(axis=0).tolist() == [8, 14, 11, 11, 11, 8]
    assert kendall_w(ranks) == pytest.approx(0.16, abs=0.005)


def test_kendall_w_kendall_1948_with_ties():
    """Kendall, Rank correlation methods (1948), also in Siegel (1956), chapter 9: three rankings
    of ten objects with ties; their sums 5.5 6.5 9 13.5 12 20 23 23.5 25.5 26.5, s = 591, W .828."""
    printed = np.array([
        [1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10],
        [2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5],
        [2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10],
    ])  # fmt: skip
    assert printed.sum(axis=0).tolist() == [5.5, 6.5, 9, 13.5, 12, 20, 23, 23.5, 25.5, 26.5]
    places = (printed[:, None, :] < printed[:, :, None]).sum(axis=-1) + 1
    assert kendall_w(places) == pytest.approx(0.828, abs=0.0005)


def test_kendall_w_by_hand_with_ties():
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


def drawn(columns, parts, draws=200):
    table = np.zeros((len(parts), len(columns)))
    inputs = inputs_of_components(Problem.of(table, np.ones(len(columns))), columns, parts)
    return inputs.sample(np.random.default_rng(0), draws)


def test_values_stay_within_their_intervals():
    parts = [[{"a": (0.0, 1.0)}, {"a": (2.0, 2.0), "b": (2.0, 5.0)}]]
    found = drawn([column(), column()], parts, 500)
    assert found.shape == (500, 1, 2)
    assert (found[..., 1] == 2).all()
    assert 0 <= found[..., 0].min() < 0.05
    assert 0.95 < found[..., 0].max() <= 1


def test_what_two_stacks_share_cannot_tell_them_apart():
    """Both hold the uncertain x; only what they do not share differs, and by the same in each."""
    parts = [[{"x": (0.0, 9.0), "a": (3.0, 3.0)}], [{"x": (0.0, 9.0), "b": (1.0, 1.0)}]]
    found = drawn([column("mean")], parts)[..., 0]
    assert found[:, 0] - found[:, 1] == pytest.approx(np.ones(200))
    assert np.ptp(found[:, 0]) > 4


@pytest.mark.parametrize(
    ("aggregate", "direction", "expected"),
    [("worst", "max", 2), ("worst", "min", 6), ("best", "max", 6), ("best", "min", 2),
     ("mean", "max", 4)],
)  # fmt: skip
def test_drawn_components_are_put_together_as_the_criterion_says(aggregate, direction, expected):
    narrow = 1e-9
    parts = [[{"a": (2.0, 2.0 + narrow), "b": (4.0, 4.0), "c": (6.0, 6.0 + narrow)}]]
    found = drawn([column(aggregate, direction)], parts, 3)
    assert found.ravel() == pytest.approx([expected] * 3)


def tennessee():
    """The usual example of a capital of Tennessee: 42 % of the voters live near Memphis, 26 near
    Nashville, 15 near Chattanooga and 17 near Knoxville, and prefer what is near (M N C K)."""
    voters = {(1, 2, 3, 4): 42, (4, 1, 2, 3): 26, (4, 3, 1, 2): 15, (4, 3, 2, 1): 17}
    return rows(*(order for order, count in voters.items() for _ in range(count)))


def test_tennessee_borda_copeland_kemeny_and_condorcet():
    """Borda 126 194 173 107; Copeland 0 3 2 1; Kemeny N C K M with 393 of 600 pairs in agreement
    (Wikipedia, "Borda count", "Copeland's method" and "Kemeny method", same example)."""
    found = consensus_orders(tennessee())
    assert found.borda_scores.tolist() == [126, 194, 173, 107]
    assert found.borda.tolist() == [3, 1, 2, 4]
    assert found.copeland_scores.tolist() == [0, 3, 2, 1]
    assert found.copeland.tolist() == [4, 1, 2, 3]
    assert found.kemeny.tolist() == [4, 1, 2, 3]
    assert 600 - found.kemeny_distance == 393
    assert found.kemeny_orders == 1
    assert found.condorcet == 1
    assert not found.agree


def test_condorcet_s_paradox_has_no_winner_and_three_kemeny_orders():
    found = consensus_orders(rows([1, 2, 3], [3, 1, 2], [2, 3, 1]))
    assert found.condorcet is None
    assert found.borda.tolist() == found.copeland.tolist() == [1, 1, 1]
    assert found.kemeny_orders == 3
    assert found.kemeny_distance == 4


def test_one_order_is_its_own_consensus():
    found = consensus_orders(rows([2, 1, 3]))
    for order in (found.borda, found.copeland, found.kemeny):
        assert order.tolist() == [2, 1, 3]
    assert found.agree
    assert found.kemeny_distance == 0
    assert found.agreement is None


orders = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=1, max_size=5)
)


@given(orders)
def test_kemeny_is_the_nearest_of_all_permutations(scores):
    table = np.array(scores)
    places = (table[:, None, :] < table[:, :, None]).sum(axis=-1) + 1
    found = consensus_orders(places)
    costs = [
        sum(kendall_distance(np.array(order), row) for row in places)
        for order in permutations(range(1, table.shape[1] + 1))
    ]
    assert found.kemeny_distance == pytest.approx(min(costs))
    own = sum(kendall_distance(found.kemeny, row) for row in places)
    assert own == pytest.approx(min(costs))
    assert found.kemeny_orders == sum(cost == pytest.approx(min(costs)) for cost in costs)


def test_kemeny_is_exact_up_to_ten_and_left_out_above():
    rng = np.random.default_rng(0)
    ten = consensus_orders(np.stack([rng.permutation(10) + 1 for _ in range(3)]))
    assert sorted(ten.kemeny) == list(range(1, 11))
    eleven = consensus_orders(np.stack([rng.permutation(11) + 1 for _ in range(3)]))
    assert eleven.kemeny is None
    assert len(eleven.borda) == 11


@given(st.lists(st.integers(0, 5), min_size=2, max_size=8), st.randoms())
def test_kendall_distance_counts_discordant_pairs_as_scipy_does(scores, random):
    one = np.array(scores)
    other = one.copy()
    random.shuffle(other)
    first = (one[None] < one[:, None]).sum(axis=1) + 1
    second = (other[None] < other[:, None]).sum(axis=1) + 1
    found = kendall_distance(first, second)
    assert found == kendall_distance(second, first)
    count = len(scores)
    if len(set(scores)) == count:
        tau = scipy.stats.kendalltau(first, second).statistic
        assert found == pytest.approx((1 - tau) / 2 * count * (count - 1) / 2)
