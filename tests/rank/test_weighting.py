"""Weights from the table against papers, two libraries, and tables that have none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pymcdm.weights
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.rank.methods import Refusal
from evaluator.rank.problem import Problem
from evaluator.rank.weighting import WEIGHTERS, judged_weights, weigh
from evaluator.study.document import read_document

PUBLISHED = Path(__file__).parent / "published"
EXAMPLES = [
    "critic-diakoulaki-1995",
    "entropy-xu-2004",
    "entropy-zavadskas-podvezko-2016",
    "merec-keshavarz-ghorabaee-2021",
    "std-salabun-2020",
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_published_weights_to_the_printed_digits(name):
    data = read_document(PUBLISHED / f"{name}.yml").data
    expected = json.loads((PUBLISHED / f"{name}.expected.json").read_text())
    criteria = data["criteria"]
    problem = Problem.of(
        [[row[c] for c in criteria] for row in data["alternatives"].values()],
        np.ones(len(criteria)),
        [c["direction"] == "max" for c in criteria.values()],
        criteria=list(criteria),
    )
    found = weigh(problem, data["weights"]).round(expected["digits"])
    assert dict(zip(criteria, found.tolist(), strict=True)) == expected["weights"]


def table(seed, count=6, width=4):
    rng = np.random.default_rng(seed)
    return Problem.of(
        rng.uniform(1, 9, (count, width)), rng.dirichlet(np.ones(width)), rng.random(width) < 0.5
    )


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("equal", pymcdm.weights.equal_weights),
        ("std", pymcdm.weights.standard_deviation_weights),
        ("entropy", pymcdm.weights.entropy_weights),
        ("gini", pymcdm.weights.gini_weights),
    ],
)
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_pymcdm_as_oracle(name, oracle, seed):
    problem = table(seed)
    if name == "std":  # pymcdm divides by n, which the quotient of two deviations does not show
        expected = problem.values.std(axis=0) / problem.values.std(axis=0).sum()
        assert oracle(problem.values) == pytest.approx(expected)
    else:
        expected = oracle(problem.values)
    assert weigh(problem, name) == pytest.approx(expected)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_merec_is_that_of_pymcdm(seed):
    problem = table(seed)
    expected = pymcdm.weights.merec_weights(problem.values, problem.sign)
    assert weigh(problem, "merec") == pytest.approx(expected)


@pytest.mark.parametrize("name", sorted(WEIGHTERS))
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_weights_sum_to_one_and_do_not_depend_on_the_order(name, seed):
    problem = table(seed)
    found = weigh(problem, name)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(6), rng.permutation(4)
    assert weigh(problem.rows(rows).columns(columns), name) == pytest.approx(found[columns])


def test_rancom_takes_the_order_of_the_typed_weights_and_leaves_them_alone():
    problem = Problem.of(np.ones((1, 4)), [0.4, 0.2, 0.25, 0.15])
    before = problem.weights.copy()
    assert weigh(problem, "rancom") == pytest.approx([7 / 16, 3 / 16, 5 / 16, 1 / 16])
    assert (problem.weights == before).all()


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("entropy", [[1, -2], [2, 3]], "c2 holds negative values"),
        ("gini", [[1, -2], [2, 3]], "c2 holds negative values"),
        ("gini", [[1, 0], [2, 0]], "c2 holds only zeros"),
        ("entropy", [[1, 0], [2, 0]], "c2 holds only zeros"),
        ("merec", [[1, 0], [2, 3]], "c2 holds zeros or negative values"),
        ("merec", [[1, -1], [2, 3]], "c2 holds zeros or negative values"),
        ("critic", [[1, 5], [2, 5], [4, 5]], "c2 is equal for all alternatives"),
        ("critic", [[1, 5], [2, 10], [4, 20]], "none conflicts with another"),
        *((name, [[1, 5], [1, 5]], "all alternatives are equal") for name in ("std", "critic")),
        *((name, [[1, 5], [1, 5]], "all alternatives are equal") for name in ("entropy", "gini")),
        ("merec", [[1, 5], [1, 5]], "all alternatives are equal"),
        *((n, [[1, 5]], "at least two alternatives") for n in ("std", "critic", "merec")),
        *((n, [[1, 5]], "at least two alternatives") for n in ("entropy", "gini")),
    ],
)
def test_tables_without_such_weights_are_refused_with_the_reason(name, values, says):
    with pytest.raises(Refusal) as refused:
        weigh(Problem.of(values, [1, 1]), name)
    assert says in refused.value.reason
    assert refused.value.remedy


def test_an_unknown_name_is_refused_with_those_that_are_known():
    with pytest.raises(Refusal) as refused:
        weigh(table(1), "entropie")
    assert "did you mean 'entropy'?" in refused.value.remedy


@pytest.mark.parametrize("name", sorted(WEIGHTERS))
def test_one_criterion_has_all_the_weight(name):
    assert weigh(Problem.of([[1.0], [2.0]], [1]), name).tolist() == [1.0]


@pytest.mark.parametrize("name", ["entropy", "gini", "merec", "std"])
def test_what_is_equal_for_all_gets_no_weight(name):
    found = weigh(Problem.of([[0.1, 3], [0.1, 4], [0.1, 9]], [1, 1]), name)
    assert found == pytest.approx([0, 1], abs=1e-9)


def test_weights_by_judgements():
    found = judged_weights({"a": {"b": 2, "c": 6}, "b": {"c": 3}}, ["a", "b", "c"])
    assert found.values == pytest.approx([0.6, 0.3, 0.1])
    with pytest.raises(ValueError, match="no judgement between a and c"):
        judged_weights({"a": {"b": 2}, "b": {"c": 3}}, ["a", "b", "c"])
