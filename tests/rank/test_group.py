"""Several stakeholders: each alone, together, and those who dissent."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.rank.group import Stakeholder, decide
from evaluator.rank.methods import find_method, parameters_of
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Problem

PROBLEM = Problem.of(
    [[10, 0, 4], [0, 10, 5], [6, 6, 6]], [1, 1, 1], alternatives="ABC", criteria=["x", "y", "z"]
)


def panel(problem=PROBLEM, name="weighted_sum", **typed):
    method = find_method(name)
    return Panel(((method, parameters_of(method, typed, problem)[0]),))


def somebody(name, *weights, share=1.0):
    return Stakeholder(name, dict(zip("xyz", weights, strict=True)), share)


X = somebody("X", 8, 1, 1)
Y = somebody("Y", 1, 8, 1)


def test_each_alone_and_together_by_hand():
    found = decide(PROBLEM, [X, Y], panel())
    assert [o.winners for o in found.opinions] == [("A",), ("B",)]
    assert found.opinions[0].ranks == {"A": 1, "B": 3, "C": 2}
    assert found.collective.weights == pytest.approx({"x": 0.45, "y": 0.45, "z": 0.1})
    assert found.collective.winners == ("C",)
    assert found.agreement == pytest.approx(0)


def test_shares_count_and_are_normalised():
    found = decide(PROBLEM, [somebody("X", 1, 0, 0, share=3), somebody("Y", 0, 1, 0)], panel())
    assert found.collective.weights == {"x": 0.75, "y": 0.25, "z": 0}
    assert found.collective.winners == ("A",)
    assert [o.share for o in found.opinions] == [0.75, 0.25]


def test_geometric_mean_of_weights():
    found = decide(PROBLEM, [somebody("X", 4, 1, 1), somebody("Y", 1, 1, 1)], panel(), "geometric")
    expected = np.sqrt([4 / 6 / 3, 1 / 6 / 3, 1 / 6 / 3])
    assert list(found.collective.weights.values()) == pytest.approx(expected / expected.sum())


def test_geometric_mean_without_a_common_criterion_is_explained():
    people = [somebody("X", 1, 0, 0), somebody("Y", 0, 1, 0)]
    found = decide(PROBLEM, people, panel())
    assert [c.rule for c in found.collectives] == ["arithmetic", "borda"]
    assert "each has weight 0 for somebody" in found.notes[0]
    with pytest.raises(ValueError, match="each has weight 0 for somebody"):
        decide(PROBLEM, people, panel(), "geometric")


def test_borda_counts_ranks():
    found = decide(PROBLEM, [X, Y, somebody("Z", 1, 1, 9)], panel(), "borda")
    # A: 1 + 3 + 3, B: 3 + 1 + 2, C: 2 + 2 + 1
    assert found.collective.ranks == {"A": 3, "B": 2, "C": 1}
    assert found.collective.weights is None


def test_the_minority_is_heard_with_what_would_change_its_mind():
    found = decide(PROBLEM, [somebody("X", 8, 1, 1, share=2), Y], panel())
    assert found.collective.winners == ("A",)
    (dissent,) = found.minority
    assert (dissent.name, dissent.prefers, dissent.group_prefers) == ("Y", "B", "A")
    assert dissent.rank_of_group_winner == 3
    assert list(dissent.carried_by)[:2] == ["x", "y"] or list(dissent.carried_by)[:2] == ["y", "x"]
    moved = PROBLEM.with_weights(np.array(list(dissent.weights_then.values())))
    assert panel().of(moved)[1][0] == 1
    assert 0 < dissent.moved <= 0.7
    typed = np.array([0.1, 0.8, 0.1])
    assert dissent.moved == pytest.approx(np.abs(moved.weights - typed).sum() / 2)


def test_who_shares_a_first_place_does_not_dissent():
    problem = Problem.of([[1, 0], [1, 0], [0, 1]], [1, 1], criteria=["x", "y"])
    found = decide(
        problem, [Stakeholder("X", {"x": 1}), Stakeholder("Y", {"x": 2, "y": 1})], panel(problem)
    )
    assert found.collective.winners == ("a1", "a2")
    assert found.minority == ()


def test_one_stakeholder_is_the_group():
    found = decide(PROBLEM, [X], panel())
    assert found.agreement is None
    assert found.collective.ranks == found.opinions[0].ranks
    assert found.opinions[0].agreement == pytest.approx(1)
    assert found.minority == ()


def test_alternatives_that_only_span_the_scales_have_no_rank():
    asked = panel(name="topsis")
    found = decide(PROBLEM, [X, Y], Panel(asked.members, contenders=2))
    assert list(found.collective.ranks) == ["A", "B"]
    assert {o.winners for o in found.opinions} == {("A",), ("B",)}


def test_result_is_plain_json():
    found = decide(PROBLEM, [X, Y], panel())
    assert json.loads(json.dumps(found.plain()))["minority"][0]["name"] == "X"


@pytest.mark.parametrize(
    ("people", "says"),
    [
        ([], "nobody decides"),
        ([X, X], "'X' stands twice"),
        ([somebody("X", 0, 0, 0)], "X gives no criterion a weight"),
        ([somebody("X", -1, 1, 1)], "X has a weight that is no finite number"),
        ([somebody("X", float("nan"), 1, 1)], "X has a weight that is no finite number"),
        ([somebody("X", 1e308, 1e308, 1)], "X has a weight that is no finite number"),
        ([Stakeholder("X", {"q": 1})], "X weighs 'q', which is no criterion"),
        ([somebody("X", 1, 1, 1, share=0)], "not all of them 0"),
        ([somebody("X", 1, 1, 1, share=float("inf"))], "shares must be finite"),
    ],
)
def test_mistakes_are_explained(people, says):
    with pytest.raises(ValueError, match=says):
        decide(PROBLEM, people, panel())


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), rule=st.sampled_from(["arithmetic", "geometric", "borda"]))
def test_order_of_stakeholders_does_not_matter_and_the_minority_can_be_moved(seed, rule):
    rng = np.random.default_rng(seed)
    problem = Problem.of(rng.random((4, 3)), np.ones(3), criteria=["x", "y", "z"])
    people = [
        somebody(f"S{k}", *rng.uniform(0.1, 1, 3), share=float(rng.uniform(0.5, 2)))
        for k in range(4)
    ]
    asked = panel(problem, "topsis")
    found = decide(problem, people, asked, rule)
    other = decide(problem, [people[k] for k in rng.permutation(4)], asked, rule)
    assert other.collective.ranks == found.collective.ranks
    assert other.agreement == pytest.approx(found.agreement)
    assert {d.name for d in other.minority} == {d.name for d in found.minority}
    for dissent in found.minority:
        assert dissent.prefers not in found.collective.winners
        if rule != "borda":  # the group's own weights make its winner the first
            assert dissent.moved is not None
