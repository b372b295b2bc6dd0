"""Ratings, saturations and logarithms: steps, published formulas, intervals and mistakes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evaluator.findings import EvaluationError
from evaluator.metrics import all_metrics
from evaluator.mine.sources import backends
from evaluator.rank.methods import find_method, judge, parameters_of
from evaluator.rank.problem import Problem
from evaluator.score.matrix import MISSING, Cell, combine, transformed, unit_after
from evaluator.study import load_study
from evaluator.study.criteria import Criterion
from evaluator.study.transform import Rating, Saturation, logarithm

QSOS_AGE = Rating(at=[0.25, 3], scores=[0, 1, 2])
OPENBRR_FUNCTIONALITY = Rating(at=[0.65, 0.80, 0.90, 0.96], scores=[1, 2, 3, 4, 5])
FALLING = Rating(at=[8, 24], scores=[5, 3, 1])

NUMBERS = st.floats(-1e12, 1e12)
TRANSFORMS = (
    QSOS_AGE, OPENBRR_FUNCTIONALITY, FALLING, logarithm, Saturation(threshold=120, times=12),
    Saturation(threshold=120, smaller_is_better=True),
)  # fmt: skip


def criterion(**more):
    fields = {"id": "c", "name": "C", "group": "g", "weight": 1.0, "direction": "max",
              "metric": "commits_12m", "source": ["x"], **more}  # fmt: skip
    return Criterion(**fields)


@pytest.mark.parametrize(
    ("years", "score"), [(0, 0), (0.24, 0), (0.25, 1), (2.99, 1), (3, 2), (26.9, 2)]
)
def test_age_is_scored_as_in_qsos_2_appendix_a(years, score):
    assert QSOS_AGE(years) == score


@pytest.mark.parametrize(
    ("system", "share", "rating"), [("Sakai", 52 / 60, 3), ("Moodle", 64 / 60, 5)]
)
def test_functionality_is_rated_as_in_the_openbrr_worksheets(system, share, rating):
    """86.67 % and 106.67 % of the standard functions: 3 and 5 (Gonzalez-Barahona et al.)."""
    assert OPENBRR_FUNCTIONALITY(share) == rating


def test_a_value_on_a_border_has_the_better_score_in_both_directions():
    assert [FALLING(x) for x in (7.9, 8, 8.1, 24, 24.1)] == [5, 5, 3, 3, 1]
    assert [OPENBRR_FUNCTIONALITY(x) for x in (0.6499, 0.65, 0.96)] == [1, 2, 5]


SIGNALS = (  # weight, threshold; then the values of the examples
    ("created_since", 1, 120), ("updated_since", 1, 120), ("contributor_count", 2, 5000),
    ("org_count", 1, 10), ("commit_frequency", 1, 1000), ("recent_release_count", 0.5, 26),
    ("updated_issues_count", 0.5, 5000), ("closed_issues_count", 0.5, 5000),
    ("issue_comment_frequency", 1, 15), ("github_mention_count", 2, 500000),
)  # fmt: skip


@pytest.mark.parametrize(
    ("project", "values", "published"),
    [
        ("moby/moby", (123, 0, 2385, 11, 39.27, 19, 16184, 12678, 1.85, 28243), 0.83385),
        ("prometheus/prometheus", (124, 0, 896, 9, 19.1, 39, 10358, 9476, 2.9, 15653), 0.80515),
    ],
)
def test_criticality_score_is_the_published_one(project, values, published):
    """Signals and score of 2023-03-01, as the scorer of the OpenSSF gave them (original_pike.yml).

    Read off the table that N. Naveen published of dependencies of OpenSSF repositories.
    """
    shares = [
        Saturation(threshold=threshold, smaller_is_better=name == "updated_since")(value)
        for (name, _, threshold), value in zip(SIGNALS, values, strict=True)
    ]
    problem = Problem.of([shares], [weight for _, weight, _ in SIGNALS])
    method = find_method("weighted_sum")
    parameters, wrong = parameters_of(method, {"scale": "none", "ends": [0, 1]}, problem)
    assert not wrong
    found = judge(problem, method, parameters)
    assert found.scores[0] == pytest.approx(published, abs=5e-6)
    assert method.towards_one(found.scores, parameters)[0] == found.scores[0], project


def test_criticality_formula_of_the_first_readme():
    """kubernetes: 0.98514 with the weight -1 for updated_since (README of December 2020)."""
    values = (78, 0, 3649, 5, 105.9, 77, 5489, 3333, 5.4, 403529)
    weights = [-1 if name == "updated_since" else weight for name, weight, _ in SIGNALS]
    shares = [Saturation(threshold=t)(v) for (_, _, t), v in zip(SIGNALS, values, strict=True)]
    score = sum(w * s for w, s in zip(weights, shares, strict=True)) / sum(weights)
    assert score == pytest.approx(0.98514, abs=5e-6)


def test_saturation_by_hand():
    assert Saturation(threshold=7)(1) == pytest.approx(1 / 3)  # log 2 / log 8
    assert Saturation(threshold=7)(1000) == 1
    assert Saturation(threshold=7, times=0.5)(2) == pytest.approx(1 / 3)
    assert Saturation(threshold=7, smaller_is_better=True)(6) == pytest.approx(1 / 3)
    assert Saturation(threshold=7, smaller_is_better=True)(0) == 1
    assert Saturation(threshold=7, smaller_is_better=True)(100) == 0
    assert Saturation(threshold=7)(-5) == 0
    assert Saturation(threshold=7, times=1e10)(1e308) == 1  # S itself is infinite


@given(st.sampled_from(range(len(TRANSFORMS))), NUMBERS, NUMBERS, NUMBERS)
def test_an_interval_stays_one_and_holds_its_value(which, x, y, z):
    low, value, high = sorted((x, y, z))
    change = TRANSFORMS[which]
    fields = (
        {"rating": change} if isinstance(change, Rating)
        else {"saturation": change} if isinstance(change, Saturation)
        else {"log": True}
    )  # fmt: skip
    after = transformed(criterion(**fields), Cell(value, low, high, "ok", "n"))
    assert after.low <= after.value <= after.high
    assert {after.low, after.high} == {change(low), change(high)}
    assert all(math.isfinite(v) for v in (after.low, after.value, after.high))
    assert after.note == "n"


@pytest.mark.parametrize("fields", [{"rating": QSOS_AGE}, {"saturation": Saturation(threshold=1)}])
def test_missing_stays_missing_and_the_unit_is_said(fields):
    rated = criterion(**fields)
    assert transformed(rated, MISSING) is MISSING
    made = combine(rated, "persons", {"a": MISSING}, (0.0, 1.0))
    assert (made.value, made.outcome, made.assumed) == (None, "not_available", True)
    assert made.unit in ("score 0 to 2", "share of saturation at 1")
    assert unit_after(criterion(log=True), "persons") == "log10(1 + persons)"
    assert unit_after(criterion(), "persons") == "persons"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"rating": QSOS_AGE, "log": True}, "at most one of log, rating, saturation"),
        ({"rating": QSOS_AGE, "direction": "min"}, "direction must be max"),
        ({"saturation": Saturation(threshold=1), "direction": "min"}, "direction must be max"),
    ],
)
def test_a_criterion_has_one_transform_and_a_score_is_maximised(fields, says):
    with pytest.raises(ValidationError, match=says):
        criterion(**fields)


MISTAKES = {
    "borders that do not ascend": ("{at: [3, 0.25], scores: [0, 1, 2]}", "rating", "ascend"),
    "the same border twice": ("{at: [3, 3], scores: [0, 1, 2]}", "rating", "ascend"),
    "one score too few": ("{at: [0.25, 3], scores: [0, 1]}", "rating", "part 3 scores, not 2"),
    "scores up and down": ("{at: [0.25, 3], scores: [0, 2, 1]}", "rating", "rise or fall"),
    "the same score twice": ("{at: [0.25, 3], scores: [0, 1, 1]}", "rating", "rise or fall"),
    "no border": ("{at: [], scores: [0]}", "at", "at least 1 item"),
    "no number": ("{at: [.nan], scores: [0, 1]}", "at", "finite"),
    "unknown key": ("{at: [1], scores: [0, 1], steps: 2}", "steps", "steps"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_rating_is_reported_with_its_place(criteria_copy: Path, name: str):
    written, _, says = MISTAKES[name]
    path = criteria_copy / "qsos.yml"
    text = path.read_text(encoding="utf-8")
    good = "rating: {at: [0.25, 3], scores: [0, 1, 2]}"
    assert text.count(good) == 1
    path.write_text(text.replace(good, f"rating: {written}"), encoding="utf-8")
    with pytest.raises(EvaluationError) as raised:
        load_study(path, metrics=all_metrics(), backends=backends())
    (finding,) = raised.value.findings
    line = text[: text.index(good)].count("\n") + 1
    assert finding.where is not None
    assert (finding.where.file.endswith("qsos.yml"), finding.where.line) == (True, line)
    assert says in f"{finding.message} {finding.remedy}"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ([1], "not \\[worst, best\\]"),
        ([2, 1], "above the worst"),
        (["a", 1], "no number"),
        (3, "not"),
    ],
)
def test_ends_of_a_weighted_sum_are_two_ascending_numbers(typed, says):
    problem = Problem.of([[1.0]], [1.0])
    _, wrong = parameters_of(find_method("weighted_sum"), {"ends": typed}, problem)
    assert [name for name, _ in wrong] == ["ends"]
    with pytest.raises(ValueError, match=says):
        raise ValueError(wrong[0][1])
