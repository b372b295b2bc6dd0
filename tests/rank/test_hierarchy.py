"""Weights down a tree of criteria."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.rank.hierarchy import BadTree, Branch, global_weights


def found(*top, **root):
    return global_weights(top, **root)


def test_local_weights_are_shared_out_in_each_group_and_multiplied():
    tree = found(
        Branch("price", 1),
        Branch(
            "quality",
            3,
            (Branch("speed", 1), Branch("comfort", 1, (Branch("seat", 1), Branch("noise", 4)))),
        ),
    )
    by_name = {w.name: w for w in tree.weights}
    assert {n: w.weight for n, w in by_name.items()} == pytest.approx(
        {"price": 0.25, "speed": 0.375, "seat": 0.075, "noise": 0.3}
    )
    assert by_name["noise"].path == ("quality", "comfort", "noise")
    assert by_name["noise"].local == pytest.approx((0.75, 0.5, 0.8))
    assert [w.name for w in tree.weights] == ["price", "speed", "seat", "noise"]


@st.composite
def trees(draw, path="n", depth=3):
    branches = []
    for i in range(draw(st.integers(1, 4))):
        inner = draw(trees(f"{path}{i}.", depth - 1)) if depth and draw(st.booleans()) else None
        branches.append(Branch(f"{path}{i}", draw(st.floats(0.01, 100)), inner))
    return tuple(branches)


@given(trees())
def test_global_weights_sum_to_one(top):
    assert sum(w.weight for w in global_weights(top).weights) == pytest.approx(1)


def test_judgements_replace_the_weights_of_a_group():
    tree = found(
        Branch("price", 1),
        Branch(
            "quality",
            1,
            (Branch("a"), Branch("b"), Branch("c")),
            {"a": {"b": 2, "c": 6}, "b": {"c": 3}},
        ),
    )
    assert [w.weight for w in tree.weights] == pytest.approx([0.5, 0.3, 0.15, 0.05])
    ((path, judged),) = tree.judged
    assert path == ("quality",)
    assert tree.cautions() == ()
    assert judged.consistency_ratio == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("top", "path", "says"),
    [
        ((), (), "the group is empty"),
        ((Branch("a"), Branch("g", 1, ())), ("g",), "the group is empty"),
        ((Branch("g", 1, (Branch("a", 0), Branch("b", 0))),), ("g",), "all weights in the group"),
        ((Branch("a", 0),), (), "all weights in the group are 0"),
        ((Branch("a", -1), Branch("b")), ("a",), "weight -1 is no finite number"),
        ((Branch("a", float("nan")), Branch("b")), ("a",), "weight nan is no finite number"),
        ((Branch("a", float("inf")), Branch("b")), ("a",), "weight inf is no finite number"),
        ((Branch("a", 1e308), Branch("b", 1e308)), (), "too large to be added"),
        ((Branch("a"), Branch("g", 1, (Branch("a"),))), ("g", "a"), "'a' names 2 criteria"),
        (
            (Branch("g", 1, (Branch("a"),)), Branch("g", 1, (Branch("b"),))),
            ("g",),
            "stands twice in its group",
        ),
        ((Branch("g", 1, (Branch("a"), Branch("b")), {"a": {"c": 1}}),), ("g",), "unknown name"),
    ],
)
def test_trees_without_weights_are_explained_with_the_place(top, path, says):
    with pytest.raises(BadTree) as bad:
        global_weights(top)
    assert any(p == path and says in text for p, text in bad.value.problems), bad.value.problems


def test_all_problems_are_reported_at_once():
    with pytest.raises(BadTree) as bad:
        found(Branch("a", -1), Branch("g", 1, ()), Branch("h", 1, (Branch("b", 0),)))
    assert len(bad.value.problems) == 3


def test_inconsistent_judgements_in_a_group_are_named_with_the_worst():
    names = (Branch("a"), Branch("b"), Branch("c"))
    tree = found(Branch("quality", 1, names, {"a": {"b": 5, "c": "1/5"}, "b": {"c": 5}}))
    (caution,) = tree.cautions()
    assert "judgements in quality contradict each other" in caution
    assert "a against b, typed 5" in caution
