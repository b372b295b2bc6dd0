"""Weight stability, tornado, Sobol indices and rank reversal: by hand, brute force and analysis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.rank.methods import Refusal, all_methods, parameters_of
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Problem
from evaluator.rank.reversal import MOST, reversals
from evaluator.rank.sobol import sobol
from evaluator.rank.stability import RESOLUTION, stability
from evaluator.rank.tornado import tornado


def panel_of(problem, contenders=None, **methods):
    known = all_methods()
    members = tuple((known[m], parameters_of(known[m], p, problem)[0]) for m, p in methods.items())
    return Panel(members, contenders)


def plain(problem, contenders=None):
    return panel_of(problem, contenders, weighted_sum={"scale": "none"})


ALL = {"topsis": {}, "weighted_sum": {"scale": "range"}, "vikor": {}}

# --- stability ------------------------------------------------------------------------------


def test_stability_by_hand():
    """(1, 0) leads (0, 1) while its weight is above 1/2, and (.2, .6) while 1 w > .2 w + .6 (1-w),
    so above 3/7: the first to take over, when it falls, is (0, 1) at 1/2."""
    problem = Problem.of([[1, 0], [0, 1], [0.2, 0.6]], [0.7, 0.3])
    found = stability(problem, plain(problem))
    assert found.exact
    assert found.leader == 0
    first, second = found.intervals
    assert first.lower.weight == pytest.approx(0.5)
    assert first.lower.takes_over == (1,)
    assert first.upper.weight is None
    assert second.upper.weight == pytest.approx(0.5)
    assert second.lower.weight is None
    assert found.smallest.margin == pytest.approx(0.2)


def moved(weights, criterion, to):
    found = weights / (1 - weights[criterion]) * (1 - to)
    found[criterion] = to
    return found


tables = st.tuples(st.integers(2, 5), st.integers(2, 4), st.integers(0, 2**31))


@given(tables, st.sampled_from(["algebra", "topsis", "all"]))
@settings(max_examples=40, deadline=None)
def test_leader_stays_inside_and_falls_at_the_ends(shape, kind):
    """Brute force: asked at 41 weights between the ends, and just beyond them."""
    count, width, seed = shape
    rng = np.random.default_rng(seed)
    problem = Problem.of(rng.random((count, width)), rng.random(width) + 0.05)
    methods = {"algebra": {"weighted_sum": {}}, "topsis": {"topsis": {}}, "all": ALL}[kind]
    panel = panel_of(problem, **methods)
    found = stability(problem, panel)

    def place(criterion, weight):
        asked = problem.with_weights(moved(problem.weights, criterion, weight))
        return panel.of(asked)[1]

    for interval in found.intervals:
        low = 0.0 if interval.lower.weight is None else interval.lower.weight
        high = 1.0 if interval.upper.weight is None else interval.upper.weight
        assert low <= interval.weight <= high
        slack = 0 if kind == "algebra" else 0.005  # what begins and ends within a step is not seen
        inside = np.linspace(low + 2 * RESOLUTION, high - 2 * RESOLUTION, 41)
        lost = [w for w in inside if place(interval.criterion, w)[found.leader] > 1]
        assert len(lost) * (high - low) / 41 <= slack
        for end, beyond in ((interval.lower, -1), (interval.upper, 1)):
            if end.weight is not None and 0.001 < end.weight < 0.999:
                after = place(interval.criterion, end.weight + beyond * 2 * RESOLUTION)
                assert after[found.leader] > 1
                assert after[end.takes_over[0]] < after[found.leader]


def test_grid_and_algebra_agree():
    rng = np.random.default_rng(5)
    problem = Problem.of(rng.random((4, 3)), [1, 2, 3])
    exact = stability(problem, panel_of(problem, weighted_sum={"scale": "range"}))
    twice = stability(
        problem, Panel(panel_of(problem, weighted_sum={"scale": "range"}).members * 2)
    )
    assert exact.exact
    assert not twice.exact
    for a, b in zip(exact.intervals, twice.intervals, strict=True):
        for one, other in ((a.lower, b.lower), (a.upper, b.upper)):
            assert (one.weight is None) == (other.weight is None)
            if one.weight is not None:
                assert one.weight == pytest.approx(other.weight, abs=2 * RESOLUTION)
                assert one.takes_over == other.takes_over


def test_no_weight_matters_to_one_that_dominates():
    problem = Problem.of([[2, 2], [1, 1]], [1, 1])
    for methods in ({"weighted_sum": {}}, {"topsis": {}}):
        found = stability(problem, panel_of(problem, **methods))
        assert found.smallest is None
        assert all(i.margin is None for i in found.intervals)


def test_shared_first_place_is_named_and_lost_at_once():
    problem = Problem.of([[1, 0], [0, 1]], [1, 1])
    for methods in ({"weighted_sum": {}}, {"topsis": {}}):
        found = stability(problem, panel_of(problem, **methods))
        assert found.tied == (1,)
        assert found.smallest.margin < 2 * RESOLUTION


def test_a_leader_that_comes_back_is_marked():
    """Under regret alone (VIKOR, v = 0) the leader of the middle is second, then first again."""
    rng = np.random.default_rng(0)
    marked = 0
    for _ in range(60):
        problem = Problem.of(rng.random((4, 3)), rng.random(3))
        panel = panel_of(problem, vikor={"v": 0.0}, topsis={})
        found = stability(problem, panel)
        for interval in found.intervals:
            for end, limit in ((interval.lower, 0.0), (interval.upper, 1.0)):
                if end.returns:
                    marked += 1
                    beyond = np.linspace(end.weight, limit, 400)
                    weights = np.stack(
                        [moved(problem.weights, interval.criterion, w) for w in beyond]
                    )
                    order = panel.judge(problem.values, weights, problem.maximise)[1]
                    assert (order[:, found.leader] == 1).any()
    assert marked


def test_stability_refuses_one_alternative_and_no_weights():
    one = Problem.of([[1, 2]], [1, 1])
    with pytest.raises(Refusal, match="one alternative"):
        stability(one, plain(one))
    none = Problem.of([[1, 2], [2, 1]], [0, 0])
    with pytest.raises(Refusal, match="every weight is 0"):
        stability(none, plain(none))


def test_the_only_criterion_cannot_move():
    problem = Problem.of([[1], [2]], [1])
    assert stability(problem, plain(problem)).intervals == ()


# --- tornado --------------------------------------------------------------------------------


def scaled_problem(low, high):
    """Two contenders on scales that two references fix to 0 and 1: a sum of 3 certain weights."""
    values = np.array([[0.8, 0.7, 0.6], [0.3, 0.4, 0.5], [1, 1, 1], [0, 0, 0]])
    bottom, top = values.copy(), values.copy()
    bottom[0], top[0] = low, high
    problem = Problem.of(values, [0.5, 0.3, 0.2], low=bottom, high=top)
    return problem, panel_of(problem, 2, weighted_sum={"scale": "range"})


def test_tornado_by_hand():
    """Lead .5*.5 + .3*.3 + .2*.1 = .36; the first value at .1 instead of .8 costs .5 * .7."""
    problem, panel = scaled_problem([0.1, 0.7, 0.5], [0.9, 0.7, 0.6])
    found = tornado(problem, panel, spread=0.0)
    assert found.margin == pytest.approx(0.36)
    assert [(b.criterion, b.of) for b in found.bars] == [("c1", "a1"), ("c3", "a1")]
    first, second = found.bars
    assert (first.margin_low, first.margin_high) == pytest.approx((0.01, 0.41))
    assert (second.margin_low, second.margin_high) == pytest.approx((0.34, 0.36))
    assert first.swing == pytest.approx(0.4)


def test_tornado_of_weights_by_hand():
    """Leads .5, .3, .1 per criterion; the first weight at half is .25 of .75 in all."""
    problem, panel = scaled_problem([0.8, 0.7, 0.6], [0.8, 0.7, 0.6])
    found = tornado(problem, panel, spread=0.5)
    bar = next(b for b in found.bars if b.criterion == "c1")
    assert bar.margin_low == pytest.approx((0.25 * 0.5 + 0.3 * 0.3 + 0.2 * 0.1) / 0.75)
    assert bar.margin_high == pytest.approx((0.75 * 0.5 + 0.3 * 0.3 + 0.2 * 0.1) / 1.25)
    assert bar.swing == max(b.swing for b in found.bars)


def test_tornado_flags_who_takes_over():
    problem, panel = scaled_problem([0.0, 0.7, 0.6], [0.9, 0.7, 0.6])
    found = tornado(problem, panel, spread=0.0)
    assert found.bars[0].margin_low == pytest.approx(-0.04)
    assert (found.bars[0].leader_low, found.bars[0].leader_high) == (1, 0)


def test_tornado_of_many_cells_moves_those_of_the_first_two(monkeypatch):
    monkeypatch.setattr("evaluator.rank.uncertainty.MOST_INPUTS", 5)
    values = np.array([[3.0, 3], [2, 2], [1, 1]])
    problem = Problem.of(values, [1, 1], low=values - 0.1, high=values + 0.1)
    found = tornado(problem, panel_of(problem, **ALL), spread=0.0)
    assert found.left_out == 2
    assert sobol(problem, panel_of(problem, **ALL), 1, spread=0.5, points=64).left_out == 2
    assert {bar.of for bar in found.bars} == {"a1", "a2"}


# --- Sobol ----------------------------------------------------------------------------------


def test_sobol_of_a_sum_is_analytic():
    """Var(w x) = w² d² / 12 for x uniform on a width d, and a sum has no interplay."""
    widths, weights = np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.3, 0.2])
    middle = np.array([0.8, 0.7, 0.6])
    problem, panel = scaled_problem(middle - widths / 2, middle + widths / 2)
    found = sobol(problem, panel, 1, spread=0.0)
    share = (weights * widths) ** 2 / ((weights * widths) ** 2).sum()
    rows = {row.criterion: row for row in found.rows}
    for criterion, expected in zip(problem.criteria, share, strict=True):
        assert rows[criterion].first == pytest.approx(expected, abs=0.03)
        assert rows[criterion].total == pytest.approx(expected, abs=0.03)
    assert found.deviation == pytest.approx(np.sqrt(((weights * widths) ** 2).sum() / 12), rel=0.05)
    assert found.mean == pytest.approx(0.36, abs=0.005)
    assert found.points == 1024
    assert found.runs == 1024 * 5


def test_sobol_of_many_inputs_is_of_columns(monkeypatch):
    monkeypatch.setattr("evaluator.rank.sobol.MOST_SINGLE", 2)
    problem, panel = scaled_problem([0.7, 0.6, 0.5], [0.9, 0.8, 0.7])
    found = sobol(problem, panel, 1, spread=0.5, points=64)
    assert found.grouped
    assert {(row.kind, row.of) for row in found.rows} == {("weight", ""), ("value", "")}
    assert len(found.rows) == 6


def test_sobol_is_the_same_for_the_same_seed_and_takes_the_score_too():
    problem, panel = scaled_problem([0.7, 0.6, 0.5], [0.9, 0.8, 0.7])
    once = sobol(problem, panel, 7, spread=0.5, points=100, output="score")
    assert once.points == 128
    assert once == sobol(problem, panel, 7, spread=0.5, points=100, output="score")
    assert once.mean == pytest.approx(0.73, abs=0.02)


def test_sobol_says_that_nothing_varies():
    problem = Problem.of([[1, 1], [0, 0]], [1, 1])
    panel = panel_of(problem, weighted_sum={"scale": "range"})
    with pytest.raises(Refusal, match="the same whatever"):
        sobol(problem, panel, 1, spread=0.5)
    with pytest.raises(Refusal, match="nothing varies"):
        sobol(problem, panel, 1, spread=0.0)


# --- reversal -------------------------------------------------------------------------------


def test_belton_and_gear_1983_copy_turns_the_first_two_round():
    """Belton and Gear, Omega 11(3), 1983: priorities .45 .47 .08; with a copy of the second they
    are .37 .29 .06 .29, and the first leads.  Shares of column sums are AHP's priorities here."""
    problem = Problem.of([[1, 9, 8], [9, 1, 9], [1, 1, 1]], [1, 1, 1])
    panel = panel_of(problem, saw={"scale": "sum"})
    index = panel.members[0][0].many(
        problem.values, problem.weights[None], problem.maximise, panel.members[0][1]
    )
    assert index[0] == pytest.approx([0.45, 0.47, 0.08], abs=0.005)
    trial = next(t for t in reversals(problem, panel).trials if t.change == "copy" and t.of == 1)
    assert [(flip.ahead, flip.behind) for flip in trial.flips] == [(1, 0)]
    assert trial.winner_changes


def test_plain_sums_are_never_turned_round():
    rng = np.random.default_rng(2)
    for _ in range(20):
        problem = Problem.of(rng.random((5, 3)), rng.random(3))
        assert reversals(problem, plain(problem)).reversed == ()


@given(tables)
@settings(max_examples=25, deadline=None)
def test_every_flip_is_one_when_asked_again(shape):
    """Taking away, by hand, what a trial took away gives the order that it reports."""
    count, width, seed = shape
    rng = np.random.default_rng(seed)
    problem = Problem.of(rng.random((count, width)), rng.random(width) + 0.05)
    panel = panel_of(problem, topsis={})
    before = panel.of(problem)[1]
    for trial in reversals(problem, panel).trials:
        if trial.change != "without":
            continue
        kept = [i for i in range(count) if i != trial.of]
        after = dict(zip(kept, panel.of(problem.rows(kept))[1], strict=True))
        turned = {
            (a, b) for a in kept for b in kept if before[a] < before[b] and after[a] > after[b]
        }
        assert {(flip.ahead, flip.behind) for flip in trial.flips} == turned


def test_references_stay_when_contenders_go():
    problem = Problem.of([[1, 2], [2, 1], [1.4, 1.4], [9, 0]], [1, 1])
    found = reversals(problem, panel_of(problem, 3, weighted_sum={"scale": "range"}))
    assert {t.of for t in found.trials if t.change == "without"} == {0, 1, 2}
    assert found.reversed == ()


def test_reversal_is_bounded_and_needs_two():
    problem = Problem.of(np.arange(MOST + 1.0)[:, None], [1])
    with pytest.raises(Refusal, match=f"{MOST + 1} alternatives"):
        reversals(problem, plain(problem))
    one = Problem.of([[1]], [1])
    with pytest.raises(Refusal, match="one alternative"):
        reversals(one, plain(one))
