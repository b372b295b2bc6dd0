"""SMAA-2: against analytic cases, and on what breaks it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.rank.methods import Refusal, all_methods, parameters_of
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Problem
from evaluator.rank.smaa import LARGEST, beats, smaa


def panel_of(problem, contenders=None, **methods):
    """A panel of vectorised methods with their parameters."""
    known = all_methods()
    members = tuple((known[m], parameters_of(known[m], p, problem)[0]) for m, p in methods.items())
    return Panel(members, contenders)


def run(problem, draws=40_000, seed=0, **options):
    panel = panel_of(problem, weighted_sum={"scale": "none"})
    return smaa(problem, panel, np.random.default_rng(seed), draws, **options)


@pytest.mark.parametrize("middle", [0.6, 0.75, 0.95])
def test_two_extremes_and_a_compromise(middle):
    """(1, 0), (0, 1), (c, c): the first leads where its weight exceeds c, so in 1 - c of them, and
    typically at (1 + c) / 2; the compromise leads in the 2c - 1 between."""
    found = run(Problem.of([[1, 0], [0, 1], [middle, middle]], [1, 1]))
    first = [1 - middle, 1 - middle, 2 * middle - 1]
    assert found.acceptability[:, 0] == pytest.approx(first, abs=0.01)
    assert found.acceptability[:, 2] == pytest.approx([0.5, 0.5, 0], abs=0.01)
    assert found.beats[2, 0] == pytest.approx(middle, abs=0.01)
    own = (1 + middle) / 2
    assert found.central_weights[0] == pytest.approx([own, 1 - own], abs=0.01)
    assert found.central_weights[2] == pytest.approx([0.5, 0.5], abs=0.01)
    assert found.confidence.tolist() == [1, 1, 1]


def test_each_best_on_one_of_three():
    """The unit vectors: all are alike, and the largest of three weights that are uniform on the
    simplex is (1 + 1/2 + 1/3) / 3 = 11/18 on average."""
    found = run(Problem.of(np.eye(3), [1, 1, 1]))
    assert found.acceptability == pytest.approx(np.full((3, 3), 1 / 3), abs=0.01)
    for i, weights in enumerate(found.central_weights):
        expected = np.full(3, 7 / 36)
        expected[i] = 11 / 18
        assert weights == pytest.approx(expected, abs=0.01)


def test_two_overlapping_intervals():
    """Uniform on [0, 2] against [1, 3]: the lower one wins in (1/2)² / 2 = 1/8."""
    found = run(Problem.of([[1], [2]], [1], low=[[0], [1]], high=[[2], [3]]))
    assert found.acceptability[:, 0] == pytest.approx([1 / 8, 7 / 8], abs=0.01)
    assert found.confidence == pytest.approx([1 / 8, 7 / 8], abs=0.03)
    assert found.central_weights[0].tolist() == [1]


def test_typed_weights_vary_within_their_spread():
    """Factors f, g in [.5, 1.5] on equal weights: (1, 0) beats (0, 2) where f > 2 g, which is the
    triangle with corners (1, .5), (1.5, .5), (1.5, .75): 1/16 of the square."""
    found = run(Problem.of([[1, 0], [0, 2]], [1, 1]), weights=0.5)
    assert found.acceptability[0, 0] == pytest.approx(1 / 16, abs=0.005)


def test_never_first_has_no_central_weights_and_no_confidence():
    found = run(Problem.of([[1, 1], [0, 0]], [1, 1]), draws=50)
    assert found.central_weights[1] is None
    assert np.isnan(found.confidence[1])


def test_ties_share_evenly():
    found = run(Problem.of([[1, 1], [1, 1], [0, 0]], [1, 1]), draws=50)
    expected = np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]])
    assert found.acceptability == pytest.approx(expected)
    assert found.beats[0, 1] == found.beats[1, 0] == 0
    assert found.confidence[:2].tolist() == [0.5, 0.5]


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**31), st.booleans())
@settings(max_examples=30, deadline=None)
def test_shares_sum_to_one_and_weights_add_up(count, width, seed, uncertain):
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 5, (count, width)).astype(float)
    half = rng.integers(0, 2, values.shape) * 0.5 * uncertain
    problem = Problem.of(values, np.ones(width), low=values - half, high=values + half)
    panel = panel_of(problem, topsis={}, weighted_sum={"scale": "range"}, vikor={})
    found = smaa(problem, panel, rng, 200)
    assert found.acceptability.sum(axis=0) == pytest.approx(np.ones(count))
    assert found.acceptability.sum(axis=1) == pytest.approx(np.ones(count))
    assert (found.beats + found.beats.T <= 1 + 1e-12).all()
    firsts = found.acceptability[:, 0]
    typical = sum(f * w for f, w in zip(firsts, found.central_weights, strict=True) if f > 0)
    assert typical.sum() == pytest.approx(1)
    for weights in found.central_weights:
        assert weights is None or weights.sum() == pytest.approx(1)


def test_same_seed_same_result_and_chunks_change_nothing_but_the_draws(monkeypatch):
    problem = Problem.of([[1, 0], [0, 1], [0.6, 0.6]], [1, 1])
    once, again = run(problem, 5000), run(problem, 5000)
    assert once.acceptability.tolist() == again.acceptability.tolist()
    monkeypatch.setattr("evaluator.rank.smaa.CELLS", 70)
    small = run(problem, 5000)
    assert small.draws == 5000
    assert small.acceptability == pytest.approx(once.acceptability, abs=0.03)


def test_shared_draws_replace_independent_ones():
    """Both cells are one and the same number: it cannot tell the two apart."""

    def sample(rng, draws):
        return np.repeat(rng.random((draws, 1, 1)), 2, axis=1)

    problem = Problem.of([[0.5], [0.5]], [1], low=[[0], [0]], high=[[1], [1]])
    assert run(problem, 100, sample=sample).acceptability.tolist() == [[0.5, 0.5]] * 2


def test_only_contenders_are_counted_and_the_others_span_the_scales():
    problem = Problem.of([[1, 2], [2, 1], [9, 9]], [1, 1])
    panel = panel_of(problem, 2, weighted_sum={"scale": "range"})
    found = smaa(problem, panel, np.random.default_rng(0), 2000)
    assert found.acceptability.shape == (2, 2)
    assert found.acceptability[0, 0] == pytest.approx(0.5, abs=0.05)


def test_draws_without_an_answer_count_nowhere():
    """A sum that has no value where the first weight is above a bound."""
    problem = Problem.of([[1, 0], [0, 1]], [1, 1])
    (plain, parameters), *_ = panel_of(problem, weighted_sum={}).members

    def run_up_to(bound):
        def many(values, weights, maximise, parameters):
            return np.where(weights[:, :1] > bound, np.nan, weights @ values.T)

        panel = Panel(((replace(plain, many=many), parameters),))
        return smaa(problem, panel, np.random.default_rng(0), 4000)

    found = run_up_to(0.6)
    assert found.draws + found.unanswered == 4000
    assert found.unanswered == pytest.approx(1600, abs=100)
    assert found.acceptability[:, 0] == pytest.approx([1 / 6, 5 / 6], abs=0.03)
    with pytest.raises(Refusal, match="no answer"):
        run_up_to(-1)


@pytest.mark.parametrize("count", [5, 100])
def test_beats_counts_pairs_whatever_the_size(count):
    ranks = np.random.default_rng(1).integers(1, count, (600, count))
    expected = (ranks[:, :, None] < ranks[:, None, :]).mean(axis=0)
    assert beats(ranks) == pytest.approx(expected)


def test_refusals_say_why():
    with pytest.raises(Refusal, match=f"{LARGEST + 1} alternatives"):
        run(Problem.of(np.zeros((LARGEST + 1, 1)), [1]), 1)
    with pytest.raises(Refusal, match="every weight is 0"):
        run(Problem.of([[1], [2]], [0]), 1, weights=0.5)
    with pytest.raises(Refusal, match="nothing to rank"):
        run(Problem.of(np.zeros((0, 1)), [1]), 1)


def test_one_alternative_is_always_first():
    found = run(Problem.of([[1, 2]], [1, 1]), 20)
    assert found.acceptability.tolist() == [[1]]
    assert found.confidence.tolist() == [1]
