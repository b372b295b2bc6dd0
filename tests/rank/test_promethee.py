"""PROMETHEE II against a published example, another library, and what must hold."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pymcdm.methods
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.rank.methods import find_method, judge, parameters_of
from evaluator.rank.methods.promethee import SHAPES
from evaluator.rank.problem import Problem
from evaluator.study.document import read_document

PUBLISHED = Path(__file__).parent / "published"
PROMETHEE = find_method("PROMETHEE II")
THRESHOLDS = {"q": 1.5, "p": 4.0, "s": 3.0}


def asked(problem, preference=None):
    parameters, wrong = parameters_of(PROMETHEE, {"preference": preference}, problem)
    assert not wrong, wrong
    return judge(problem, PROMETHEE, parameters)


def preference(shape):
    return {"shape": shape, **{name: THRESHOLDS[name] for name in SHAPES[shape][0]}}


def test_papathanasiou_ploskas_2018_to_the_printed_digits():
    name = "promethee-papathanasiou-ploskas-2018"
    data = read_document(PUBLISHED / f"{name}.yml").data
    expected = json.loads((PUBLISHED / f"{name}.expected.json").read_text())
    problem = Problem.of(
        [list(row.values()) for row in data["alternatives"].values()],
        [c["weight"] for c in data["criteria"].values()],
        alternatives=list(data["alternatives"]),
    )
    found = asked(problem, data["methods"]["promethee_ii"]["preference"])
    printed = expected["methods"]["promethee_ii"]
    assert found.scores.round(expected["digits"]) == pytest.approx(list(printed["scores"].values()))
    assert found.ranks.tolist() == list(printed["ranks"].values())


@pytest.mark.parametrize(
    ("shape", "at"),
    [
        ("usual", {-1: 0, 0: 0, 0.1: 1}),
        ("u_shape", {-9: 0, 1.5: 0, 1.6: 1}),
        ("v_shape", {-1: 0, 0: 0, 1: 0.25, 4: 1, 5: 1}),
        ("level", {-9: 0, 1.5: 0, 1.6: 0.5, 4: 0.5, 4.1: 1}),
        ("linear", {-9: 0, 1.5: 0, 2.75: 0.5, 4: 1, 5: 1}),
        ("gaussian", {-1: 0, 0: 0, 3: 1 - np.exp(-0.5), 300: 1}),
    ],
)
def test_preference_functions_of_brans_vincke_1985(shape, at):
    for difference, expected in at.items():
        problem = Problem.of([[difference], [0.0]], [1])
        found = asked(problem, preference(shape))
        if found.scores is None:
            assert difference == 0
            continue
        assert found.detail["phi_plus"]["a1"] == pytest.approx(expected), difference


def test_a_threshold_holds_its_value_whatever_floating_point_makes_of_the_difference():
    assert 0.3 - 0.2 < 0.1 < 1.1 - 1.0
    for high, low in ((0.3, 0.2), (1.1, 1.0)):
        found = asked(Problem.of([[high], [low]], [1]), {"shape": "u_shape", "q": 0.1})
        assert found.scores.tolist() == [0, 0]


@st.composite
def problems(draw, smallest=3):
    count, width = draw(st.integers(smallest, 7)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(1, 12, (count, width)).astype(float)
    values[0] += 0.25  # something differs
    return Problem.of(values, rng.dirichlet(np.ones(width)), rng.random(width) < 0.5)


ORACLE = {
    "usual": "usual",
    "u_shape": "ushape",
    "v_shape": "vshape",
    "level": "level",
    "linear": "vshape_2",
}


@pytest.mark.parametrize("shape", sorted(ORACLE))
@settings(max_examples=30)
@given(problem=problems())
def test_pymcdm_as_oracle(shape, problem):
    width = len(problem.criteria)
    given_thresholds = {
        name: np.full(width, THRESHOLDS[name]) for name in SHAPES[shape][0] if name != "s"
    }
    method = pymcdm.methods.PROMETHEE_II(ORACLE[shape], **given_thresholds)
    expected = method(problem.values, problem.weights, problem.sign, validation=False)
    assert asked(problem, preference(shape)).scores == pytest.approx(np.asarray(expected))


@pytest.mark.parametrize("shape", sorted(SHAPES))
@settings(max_examples=25)
@given(problem=problems(2))
def test_flows_sum_to_zero_and_stay_in_their_bounds(shape, problem):
    found = asked(problem, preference(shape))
    plus, minus = (np.array(list(found.detail[f].values())) for f in ("phi_plus", "phi_minus"))
    assert found.scores.sum() == pytest.approx(0, abs=1e-9)
    assert found.scores == pytest.approx(plus - minus)
    assert (np.abs(found.scores) <= 1 + 1e-12).all()
    assert (np.minimum(plus, minus) >= 0).all()


@settings(max_examples=25)
@given(problem=problems(), seed=st.integers(0, 2**32 - 1))
def test_order_free_and_unit_free_under_the_usual_preference(problem, seed):
    rng = np.random.default_rng(seed)
    scores = asked(problem).scores
    order = rng.permutation(len(problem.alternatives))
    assert asked(problem.rows(order)).scores == pytest.approx(scores[order])
    other = problem.with_values(problem.values * 2.0 ** rng.integers(-9, 9, problem.shape[1]))
    assert asked(other).scores == pytest.approx(scores)


@settings(max_examples=25)
@given(problem=problems())
def test_who_dominates_is_ahead(problem):
    index = asked(problem, preference("linear")).scores
    upward = problem.values * problem.sign
    for a, b in itertools.permutations(range(len(index)), 2):
        if (upward[a] >= upward[b]).all():
            assert index[a] >= index[b] - 1e-12


def test_partial_order_of_promethee_i():
    problem = Problem.of([[3, 1], [3, 1], [1, 3], [0, 0]], [0.5, 0.5], alternatives="ABCD")
    relation = asked(problem).detail["promethee_i"]
    assert relation["indifferent"] == [["A", "B"]]
    assert ["A", "D"] in relation["preferred"]
    found = asked(
        Problem.of([[10, 0], [4, 4], [5, 5]], [0.5, 0.5], alternatives="ABC"),
        {"c1": {"shape": "usual"}, "c2": {"shape": "u_shape", "q": 4.5}},
    )
    pairs = [sorted(pair) for kind in found.detail["promethee_i"].values() for pair in kind]
    assert sorted(pairs) == [["A", "B"], ["A", "C"], ["B", "C"]]
    for kind, rows in found.detail["promethee_i"].items():
        for a, b in rows:
            plus, minus = found.detail["phi_plus"], found.detail["phi_minus"]
            if kind == "preferred":
                assert plus[a] >= plus[b]
                assert minus[a] <= minus[b]
            elif kind == "incomparable":
                assert (plus[a] - plus[b]) * (minus[a] - minus[b]) > 0
    assert "promethee_i" not in asked(Problem.of(np.arange(21.0)[:, None], [1])).detail


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"shape": "round"}, "shape 'round' is unknown"),
        ({"shape": "level", "q": 1}, "shape level takes q and p; given: q"),
        ({"shape": "usual", "q": 1}, "shape usual takes no threshold; given: q"),
        ({"shape": "level", "q": 3, "p": 2}, "q is 3, which exceeds p, 2"),
        ({"shape": "v_shape", "p": 0}, "p is 0, it must be greater"),
        ({"shape": "gaussian", "s": -1}, "s: -1 is no number from 0"),
        ({"shape": "gaussian", "s": float("nan")}, "s: nan is no number"),
        ({"shape": "u_shape", "q": "many"}, "q: 'many' is no number"),
        ({"c9": {"shape": "usual"}}, "c9: there is no such criterion"),
        ({"c1": {"q": 1}}, "c1: a preference function needs a shape"),
        ({"c1": "usual"}, "c1: a preference function needs a shape"),
        ("usual", "'usual'"),
    ],
)
def test_mistakes_in_preference_functions_are_explained(typed, says):
    _, wrong = parameters_of(PROMETHEE, {"preference": typed}, Problem.of([[1, 2]], [1, 1]))
    assert len(wrong) == 1
    assert says in wrong[0][1]


def test_a_criterion_may_be_called_shape():
    problem = Problem.of([[1.0, 5.0], [2.0, 1.0]], [1, 1], criteria=["shape", "size"])
    found = asked(problem, {"shape": {"shape": "u_shape", "q": 3}})
    assert found.scores == pytest.approx([0.5, -0.5])


def test_a_slope_without_width_is_a_step():
    problem = Problem.of([[5.0], [3.0], [2.0]], [1])
    linear = asked(problem, {"shape": "linear", "q": 2, "p": 2}).scores
    assert linear == pytest.approx(asked(problem, {"shape": "u_shape", "q": 2}).scores)


def test_one_alternative_is_refused():
    assert "only one alternative" in asked(Problem.of([[1.0]], [1])).refused


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), shape=st.sampled_from(sorted(SHAPES)))
def test_many_draws_are_each_the_same_as_alone(seed, shape):
    rng = np.random.default_rng(seed)
    values, weights = rng.uniform(0, 9, (5, 4, 3)), rng.dirichlet(np.ones(3), 5)
    problem = Problem.of(values[0], weights[0], [True, False, True])
    parameters, _ = parameters_of(PROMETHEE, {"preference": {"c2": preference(shape)}}, problem)
    together = PROMETHEE.many(values, weights, problem.maximise, parameters)
    for k in range(5):
        one = problem.with_values(values[k]).with_weights(weights[k])
        assert together[k] == pytest.approx(judge(one, PROMETHEE, parameters).scores)
    same = PROMETHEE.many(values[0], weights, problem.maximise, parameters)
    assert same[0] == pytest.approx(together[0])


def test_memory_does_not_grow_with_the_square_of_the_alternatives():
    values = np.random.default_rng(1).random((3000, 1))
    problem = Problem.of(values, [1])
    tracemalloc.start()
    found = asked(problem, {"shape": "gaussian", "s": 0.3})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.scores is not None
    assert peak < 120_000_000  # all pairs at once would take 72 MB for each of several arrays
    few = problem.rows(range(0, 3000, 100))
    assert np.argmax(asked(few).scores) == np.argmax(few.values)


def test_huge_values_do_not_overflow_into_an_answer_that_is_none():
    found = asked(Problem.of([[9e149], [-9e149], [0]], [1]), {"shape": "gaussian", "s": 1})
    assert found.scores.tolist() == [1, -1, 0]
