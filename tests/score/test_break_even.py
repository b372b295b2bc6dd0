"""Break-even points: by hand, on two to three synthetic stacks."""

from __future__ import annotations

import pytest

from evaluator.score.break_even import break_evens
from evaluator.study.criteria import EffortRule
from evaluator.study.fact import Fact
from evaluator.study.site import Staff
from evaluator.study.stack import Effort

MADE_UP = {"source": ["ours"], "reason": "synthetic"}
FIELDS = tuple(Effort.model_fields)


@pytest.fixture
def found(shipped):
    """Points of a study of stacks given by their efforts, and by the skills that they ask for.

    40 EUR an hour, 10 EUR a point, 4 years and no learning unless told otherwise.
    """

    def run(stacks, *, skills=None, contenders=None, staff=None, **terms):
        base = shipped.study
        model = base.stacks["pacemaker-corosync-drbd"]
        values = {"horizon": [3, 5], "exponent": 0, "point": [5, 15], **terms}
        rule = EffortRule(
            horizon_years={"value": values["horizon"], **MADE_UP},
            learning_exponent={"value": values["exponent"], **MADE_UP},
            mental_eur_per_point={"value": values["point"], **MADE_UP},
        )
        people = {"administrators": 2, "skills": ["linux"], "rate_eur_per_hour": [30, 50]}
        made = {
            key: model.model_copy(
                update={
                    "id": key,
                    "name": key.capitalize(),
                    "effort": Effort(**{f: {"value": given.get(f, 0), **MADE_UP} for f in FIELDS}),
                    "requires": {"skills": Fact(value=(skills or {}).get(key, []), **MADE_UP)},
                }
            )
            for key, given in stacks.items()
        }
        team = Staff(**{**people, **(staff or {}), **MADE_UP})
        study = base.model_copy(
            update={
                "stacks": made,
                "site": base.site.model_copy(update={"staff": team}),
                "criteria": base.criteria.model_copy(update={"effort": rule}),
            }
        )
        result = break_evens(study, contenders or list(stacks))
        points = {(p.stack, p.input, p.of): p for p in result.points}
        assert len(points) == len(result.points)
        return result, points

    return run


def test_hourly_rate_by_hand(found):
    """Dear costs 1000 EUR and 10 hours, cheap 60 hours: equal at 20 EUR an hour, dear wins above.

    At 40 EUR dear is the lazy choice with 1400 against 2400, so cheap takes over below 20.
    """
    result, points = found({"dear": {"money_once_eur": 1000, "adopt_hours": 10},
                            "cheap": {"adopt_hours": 60}})  # fmt: skip
    assert result.least == "dear"
    assert result.efforts == {"dear": 1400, "cheap": 2400}
    rate = points["cheap", "rate", ""]
    assert (rate.value, rate.side, rate.now) == (pytest.approx(20), "below", 40)
    assert (
        rate.text
        == "Cheap becomes the lazy choice when the hourly rate is below 20 EUR/hour (now 40)"
    )


def test_inputs_of_both_stacks_by_hand(found):
    _, points = found({"dear": {"money_once_eur": 1000, "adopt_hours": 10},
                       "cheap": {"adopt_hours": 60}})  # fmt: skip
    assert points["cheap", "adopt_hours", "cheap"].value == pytest.approx(1400 / 40)
    assert points["cheap", "adopt_hours", "cheap"].side == "below"
    assert points["cheap", "adopt_hours", "dear"].value == pytest.approx(10 + 1000 / 40)
    assert points["cheap", "money_once_eur", "dear"].value == pytest.approx(2000)
    assert points["cheap", "money_once_eur", "dear"].side == "above"
    # 1000 EUR over four years
    assert points["cheap", "money_eur_per_year", "dear"].value is None  # nobody pays yearly


def test_horizon_goes_by_whole_years(found):
    """Bought takes 1000 once, hired 200 a year: a tie at 5 years."""
    result, points = found({"bought": {"money_once_eur": 1000},
                            "hired": {"money_eur_per_year": 200}})  # fmt: skip
    assert result.least == "hired"
    point = points["bought", "horizon", ""]
    assert (point.value, point.side) == (6, "above")
    assert "the horizon is at least 6 years (now 4)" in point.text


def test_learning_exponent_by_bisection(found):
    """Run hours 100 a year for 2 years against 160 hours once: equal where 1 + 2^-b = 1.6."""
    result, points = found({"steady": {"adopt_hours": 160},
                            "learnt": {"run_hours_per_year": 100}}, horizon=2)  # fmt: skip
    assert result.least == "steady"
    exponent = points["learnt", "exponent", ""]
    assert exponent.value == pytest.approx(0.736965594, abs=1e-6)  # log2(1 / 0.6)
    assert exponent.side == "above"


def test_mental_load_by_hand(found):
    """500 EUR against 30 points: at 10 EUR a point 300 EUR, above 16.67 EUR the money is lazier."""
    _, points = found({"paid": {"money_once_eur": 500}, "hard": {"mental_points": 30}})
    assert points["paid", "per_point", ""].value == pytest.approx(500 / 30)


def test_a_rival_must_beat_everybody_and_not_only_the_first(found):
    """Below 25 EUR an hour b beats a, but c does so from 50 EUR on and better: b never leads."""
    stacks = {"a": {"money_once_eur": 3000, "adopt_hours": 10},
              "b": {"money_once_eur": 2500, "adopt_hours": 30},
              "c": {"adopt_hours": 70}}  # fmt: skip
    result, points = found(stacks, staff={"rate_eur_per_hour": 60})
    assert result.least == "a"
    assert points["b", "rate", ""].value is None
    assert points["c", "rate", ""].value == pytest.approx(50)


def test_once_the_staff_knows_two_skills(found):
    """200 hours for who knows nothing of three skills, one known: 133 left against 120."""
    result, points = found(
        {"pacemaker": {"adopt_hours": 300}, "simple": {"adopt_hours": 120}},
        skills={"pacemaker": ["linux", "corosync", "pacemaker"], "simple": []},
    )
    assert result.least == "simple"
    learnt = points["pacemaker", "skills", ""]
    # one more skill leaves 100 hours of 300 for two administrators, half of them 150
    assert learnt.skills == ["corosync"]
    assert learnt.value == 2
    assert learnt.text == "Pacemaker becomes the lazy choice once the staff knows corosync"


def test_fewest_skills_before_fewest_administrators(found):
    _, points = found(
        {"pacemaker": {"adopt_hours": 300}, "simple": {"adopt_hours": 60}},
        skills={"pacemaker": ["linux", "corosync", "pacemaker"]},
    )
    learnt = points["pacemaker", "skills", ""]
    # both skills are needed; one administrator who has them leaves 100 hours, two leave none
    assert (learnt.skills, learnt.value) == (["corosync", "pacemaker"], 2)
    _, points = found(
        {"pacemaker": {"adopt_hours": 300}, "simple": {"adopt_hours": 160}},
        skills={"pacemaker": ["linux", "corosync", "pacemaker"]},
    )
    learnt = points["pacemaker", "skills", ""]
    assert (learnt.skills, learnt.value) == (["corosync"], 1)
    assert learnt.text.endswith("once 1 of 2 administrators knows corosync")


def test_training_that_helps_a_rival_as_much_changes_nothing(found):
    same = ["linux", "corosync"]
    _, points = found({"less": {"adopt_hours": 100}, "more": {"adopt_hours": 110}},
                      skills={"less": same, "more": same})  # fmt: skip
    point = points["more", "skills", ""]
    assert (point.value, point.skills) == (None, [])
    assert "does not become" in point.text


def test_equal_efforts_change_at_the_present_value_or_never(found):
    result, points = found({"a": {"adopt_hours": 10}, "b": {"adopt_hours": 10}})
    assert result.least == "a"
    assert points["b", "rate", ""].value is None  # they stay equal whatever an hour costs
    own = points["b", "adopt_hours", "b"]
    assert (own.value, own.side) == (pytest.approx(10), "below")
    other = points["b", "adopt_hours", "a"]
    assert (other.value, other.side) == (pytest.approx(10), "above")


def test_one_stack_has_no_rival(found):
    result, points = found({"alone": {"adopt_hours": 10}})
    assert (result.least, points) == ("alone", {})


def test_nothing_left_or_no_effort_has_no_break_even(shipped):
    study = shipped.study
    assert break_evens(study, []) is None
    assert break_evens(study.model_copy(update={"site": None}), list(study.stacks)) is None
    silent = study.criteria.model_copy(update={"effort": None})
    assert break_evens(study.model_copy(update={"criteria": silent}), list(study.stacks)) is None


def test_effort_at_the_middles_is_that_of_the_draws(found, shipped):
    """The same formula: with inputs that are certain both give the same figure."""
    import numpy as np

    from evaluator.score.lazy_user import efforts

    given = {"adopt_hours": 100, "switch_hours": 20, "run_hours_per_year": 10,
             "money_once_eur": 500, "money_eur_per_year": 90, "mental_points": 30}  # fmt: skip
    result, _ = found({"s": given}, horizon=3, exponent=0.5, point=12.5,
                      skills={"s": ["linux", "drbd", "a", "b"]})  # fmt: skip
    learnt = 1 + 2**-0.5 + 3**-0.5
    expected = 770 + 40 * (100 * 0.75 + 20 + 10 * learnt) + 30 * 12.5
    assert result.efforts["s"] == pytest.approx(expected, abs=0.005)
    study = shipped.study
    middles = break_evens(study, list(study.stacks)).efforts
    drawn = efforts(study, list(study.stacks), np.random.default_rng(1), 4000)
    for key, effort in drawn.items():
        assert effort.low < middles[key] < effort.high


def test_each_point_is_a_change_of_the_lazy_choice_on_the_shipped_study(shipped_run):
    """Just beyond each value the stack leads, and just before it does not."""
    found = shipped_run.evaluation.lazy_user.break_evens
    crossed = [p for p in found.points if p.value is not None]
    assert crossed
    for point in crossed:
        assert point.low <= point.value <= point.high
        assert (point.value >= point.now) == (point.side == "above")
    assert found.least == min(found.efforts, key=found.efforts.get)
