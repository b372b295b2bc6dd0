"""Lazy User Model: need, state, least effort (Tétard and Collan, 2009), on synthetic stacks."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from evaluator.findings import EvaluationError
from evaluator.result import FunctionMatch
from evaluator.score.lazy_user import (
    components,
    efforts,
    functional_match,
    functions,
    reuse,
    unmet_need,
    unmet_state,
)
from evaluator.study.candidate import Provision
from evaluator.study.criteria import EffortRule, NeedFilter, StateFilter
from evaluator.study.fact import Dated, Fact
from evaluator.study.stack import Effort

AS_OF = dt.date(2020, 1, 1)
MADE_UP = {"source": ["ours"], "reason": "synthetic"}


def fact(value, **more):
    return Fact(value=value, **MADE_UP, **more)


def provision(value, **more):
    return Provision(value=value, **MADE_UP, **more)


def effort(**fields):
    names = ("adopt_hours", "switch_hours", "run_hours_per_year", "money_once_eur",
             "money_eur_per_year", "mental_points")  # fmt: skip
    return Effort(**{name: {"value": fields.get(name, 0), **MADE_UP} for name in names})


@pytest.fixture
def build(shipped):
    """A study with the synthetic stacks given, in the shipped catalogue."""

    def run(stacks, *, candidates=(), criteria=None, site=None):
        base = shipped.study
        model = base.stacks["pacemaker-corosync-drbd"]
        bare = {"components": {"storage": "drbd"}, "provides": {}, "requires": {},
                "available": Dated(**MADE_UP), "effort": effort()}  # fmt: skip
        made = {
            key: model.model_copy(update={**bare, "id": key, **fields})
            for key, fields in stacks.items()
        }
        known = {
            **base.candidates,
            **{
                key: base.candidates["drbd"].model_copy(update={"id": key, **fields})
                for key, fields in dict(candidates).items()
            },
        }
        return base.model_copy(
            update={
                "stacks": made,
                "candidates": known,
                "criteria": base.criteria.model_copy(update=criteria or {}),
                "site": base.site.model_copy(update=site or {}),
            }
        )

    return run


def need(*functions):
    return {"need": [NeedFilter(function=f, required=r, **MADE_UP) for f, r in functions]}


# --- need -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "value", "unmet"),
    [("yes", "yes", 0), ("partial", "partial", 1), ("no", "no", 1), (None, "no", 1)],
)
def test_need_of_a_component(build, stated, value, unmet):
    provides = {"quorum": provision(stated)} if stated else {}
    study = build(
        {"s": {"components": {"storage": "x"}}},
        candidates={"x": {"provides": provides}},
        criteria=need(("quorum", True)),
    )
    (match,) = functions(study, study.stacks["s"], AS_OF)
    assert match.value == value
    assert match.via == ("x" if stated else "")
    assert len(unmet_need([match])) == unmet


def test_best_component_provides(build):
    study = build(
        {"s": {"components": {"storage": "x", "fencing": "y"}}},
        candidates={
            "x": {"provides": {"quorum": provision("partial")}},
            "y": {"provides": {"quorum": provision("yes")}},
        },
        criteria=need(("quorum", True)),
    )
    (match,) = functions(study, study.stacks["s"], AS_OF)
    assert (match.value, match.via) == ("yes", "y")


@pytest.mark.parametrize("own", ["yes", "no"])
def test_what_the_stack_states_goes_before_its_components(build, own):
    study = build(
        {"s": {"components": {"storage": "x"}, "provides": {"quorum": provision(own)}}},
        candidates={"x": {"provides": {"quorum": provision("no" if own == "yes" else "yes")}}},
        criteria=need(("quorum", True)),
    )
    (match,) = functions(study, study.stacks["s"], AS_OF)
    assert (match.value, match.via) == (own, "s")


@pytest.mark.parametrize(
    ("since", "until", "value"),
    [("2020-01-01", None, "yes"), ("2020-01-02", None, "no"),
     (None, "2020-01-01", "yes"), (None, "2019-12-31", "no")],
)  # fmt: skip
def test_provisions_are_dated(build, since, until, value):
    span = {k: dt.date.fromisoformat(v) for k, v in (("since", since), ("until", until)) if v}
    study = build(
        {"s": {"components": {"storage": "x"}}},
        candidates={"x": {"provides": {"quorum": provision("yes", **span)}}},
        criteria=need(("quorum", True)),
    )
    assert functions(study, study.stacks["s"], AS_OF)[0].value == value


def test_what_a_stack_states_for_another_time_leaves_its_components_to_speak(build):
    later = provision("no", since=dt.date(2021, 1, 1))
    study = build(
        {"s": {"components": {"storage": "x"}, "provides": {"quorum": later}}},
        candidates={"x": {"provides": {"quorum": provision("yes")}}},
        criteria=need(("quorum", True)),
    )
    assert functions(study, study.stacks["s"], AS_OF)[0].value == "yes"
    assert functions(study, study.stacks["s"], dt.date(2021, 1, 1))[0].value == "no"


def test_a_suite_provides_what_its_parts_provide(build):
    study = build(
        {"s": {"components": {"storage": "suite"}}},
        candidates={
            "suite": {"provides": {}, "parts": ["x", "y"]},
            "x": {"provides": {}, "parts": ["y"]},
            "y": {"provides": {"quorum": provision("yes")}},
        },
        criteria=need(("quorum", True)),
    )
    assert components(study, study.stacks["s"]) == ["suite", "x", "y"]
    assert functions(study, study.stacks["s"], AS_OF)[0].via == "y"


def match(value, required=True):
    return FunctionMatch(
        function="f", name="Function", required=required, value=value, via="", source=[]
    )


def test_functional_match_counts_partial_half():
    assert functional_match([match("yes"), match("partial"), match("no")]) == pytest.approx(0.5)
    assert functional_match([]) == 1


def test_what_is_only_wanted_removes_nothing():
    assert unmet_need([match("no", required=False), match("partial", required=False)]) == []


def test_texts_of_the_need():
    assert unmet_need([match("partial"), match("no")]) == [
        ("f", "Function: needed, only partly provided"),
        ("f", "Function: needed, not provided"),
    ]


# --- state ----------------------------------------------------------------------------------


@pytest.fixture
def broken(build):
    """Filters that a stack breaks, given a rule, its requirement and the site's fact."""

    def run(rule, required, have, **stack):
        condition = StateFilter(
            id="rule", name="Rule", requirement="thing", site="thing", rule=rule, **MADE_UP
        )
        requires = {} if required is None else {"thing": required}
        study = build(
            {"s": {"requires": requires, **stack}},
            criteria={"state": [condition]},
            site={"state": {"thing": have}},
        )
        return unmet_state(study, study.stacks["s"], AS_OF)

    return run


@pytest.mark.parametrize(
    ("rule", "required", "have", "reason"),
    [
        ("at_most", 2, 2, ""),
        ("at_most", 2.5, 2, "Rule: needs 2.5 EUR/year, the site has 2"),
        ("implies", True, True, ""),
        ("implies", False, False, ""),
        ("implies", True, False, "Rule: required, the site has none"),
        ("contains", ["a", "b"], "b", ""),
        ("contains", ["a", "b"], "c", "Rule: needs a or b, the site: c"),
        ("contains", "a", "c", "Rule: needs a, the site: c"),
    ],
)
def test_state_filters(broken, rule, required, have, reason):
    unit = "EUR/year" if rule == "at_most" else ""
    found = broken(rule, fact(required, unit=unit), fact(have))
    assert found == ([("rule", reason)] if reason else [])


def test_nothing_required_is_nothing_broken(broken):
    assert broken("implies", None, fact(False)) == []


def test_facts_that_are_not_yet_or_no_longer_true_filter_nothing(broken):
    later, before = dt.date(2020, 1, 2), dt.date(2019, 12, 31)
    assert broken("implies", fact(True), fact(False, since=later)) == []
    assert broken("implies", fact(True, until=before), fact(False)) == []
    assert broken("implies", fact(True, since=before), fact(False, until=later)) != []


@pytest.mark.parametrize(
    ("span", "text"),
    [
        ({"since": dt.date(2020, 1, 2)}, "not available on 2020-01-01 (from 2020-01-02 to today)"),
        ({"until": dt.date(2019, 5, 1)},
         "not available on 2020-01-01 (from the start to 2019-05-01)"),
    ],
)  # fmt: skip
def test_a_stack_is_available_for_a_time(broken, span, text):
    found = broken("implies", None, fact(False), available=Dated(**MADE_UP, **span))
    assert found == [("available", text)]


def test_words_where_numbers_are_needed_are_refused_with_a_remedy(broken):
    with pytest.raises(EvaluationError, match="compares numbers") as caught:
        broken("at_most", fact("two"), fact(2))
    assert caught.value.findings[0].code == "state-not-numbers"


# --- effort ---------------------------------------------------------------------------------


def rule(horizon, exponent, point):
    values = {"horizon_years": horizon, "learning_exponent": exponent,
              "mental_eur_per_point": point}  # fmt: skip
    return {"effort": EffortRule(**{k: {"value": v, **MADE_UP} for k, v in values.items()})}


@pytest.fixture
def staffed(build, shipped):
    def run(stacks, *, rate=40, skills=(), **effort_rule):
        terms = {"horizon": 3, "exponent": 0, "point": 10, **effort_rule}
        staff = shipped.study.site.staff
        team = type(staff)(administrators=2, skills=list(skills), rate_eur_per_hour=rate, **MADE_UP)
        study = build(stacks, criteria=rule(**terms), site={"staff": team})
        return study, efforts(study, list(stacks), np.random.default_rng(5), 400)

    return run


def test_effort_by_hand_to_the_cent(staffed):
    hours = {"adopt_hours": 100, "switch_hours": 20, "run_hours_per_year": 10,
             "money_once_eur": 500, "money_eur_per_year": 90, "mental_points": 30}  # fmt: skip
    skills = {"skills": fact(["linux", "drbd", "corosync", "pacemaker"])}
    stacks = {"s": {"effort": effort(**hours), "requires": skills}}
    study, found = staffed(stacks, rate=40, skills=["linux", "cobol"], exponent=0.5, point=12.5)
    learnt = 1 + 2**-0.5 + 3**-0.5
    assert reuse(study, study.stacks["s"]) == 0.25
    expected = {
        "money": 500 + 3 * 90,
        "adopt": 40 * 100 * 0.75,
        "switch": 40 * 20,
        "run": 40 * 10 * learnt,
        "mental": 30 * 12.5,
    }
    result = found["s"].model_dump()
    assert {k: result[k] for k in expected} == pytest.approx(expected, abs=0.005)
    total = sum(expected.values())
    assert [result[k] for k in ("low", "median", "high")] == pytest.approx([total] * 3, abs=0.005)
    assert result["least_probability"] == 1


def test_skills_that_the_staff_has_shorten_adoption_only(staffed):
    stacks = {
        "known": {"effort": effort(adopt_hours=10, switch_hours=10),
                  "requires": {"skills": fact(["linux", "linux"])}},
        "foreign": {"effort": effort(adopt_hours=10, switch_hours=10),
                    "requires": {"skills": fact(["vms"])}},
        "unstated": {"effort": effort(adopt_hours=10, switch_hours=10)},
    }  # fmt: skip
    _, found = staffed(stacks, skills=["linux"])
    assert [found[k].adopt for k in stacks] == [0, 400, 400]
    assert {found[k].switch for k in stacks} == {400}


@pytest.mark.parametrize(("horizon", "years"), [(1, 1), (3, 3), (4.6, 5), (0.4, 1)])
def test_horizon_is_in_whole_years_and_at_least_one(staffed, horizon, years):
    stacks = {"s": {"effort": effort(run_hours_per_year=1, money_eur_per_year=7)}}
    _, found = staffed(stacks, horizon=horizon, rate=1)
    assert found["s"].run == pytest.approx(years)
    assert found["s"].money == pytest.approx(7 * years)


def test_learning_lowers_the_work_of_later_years(staffed):
    stacks = {"s": {"effort": effort(run_hours_per_year=100)}}
    steady = staffed(stacks, exponent=0)[1]["s"].run
    learning = staffed(stacks, exponent=0.3)[1]["s"].run
    assert learning < steady
    assert learning == pytest.approx(40 * 100 * (1 + 2**-0.3 + 3**-0.3))


def test_probability_of_the_least_effort_sums_to_one_and_ties_share(staffed):
    same = {"effort": effort(adopt_hours=10)}
    _, found = staffed({"a": same, "b": same, "dear": {"effort": effort(adopt_hours=11)}})
    assert [found[k].least_probability for k in ("a", "b", "dear")] == [0.5, 0.5, 0]
    spread = {k: {"effort": effort(adopt_hours=[5, 20])} for k in "abcd"}
    _, found = staffed(spread)
    assert sum(f.least_probability for f in found.values()) == pytest.approx(1)
    assert max(f.least_probability for f in found.values()) < 0.5


def test_intervals_give_quantiles_in_order(staffed):
    _, found = staffed({"s": {"effort": effort(adopt_hours=[10, 30])}}, rate=[30, 50])
    result = found["s"]
    assert 300 < result.low < result.median < result.high < 1500
    assert result.adopt == pytest.approx(20 * 40, rel=0.1)


def test_removed_stacks_have_an_effort_and_no_chance(shipped_run):
    for stack in shipped_run.evaluation.stacks:
        assert stack.effort.median > 0
        assert (stack.effort.least_probability == 0) or stack.outcome == "ranked"
    ranked = [s for s in shipped_run.evaluation.stacks if s.outcome == "ranked"]
    assert sum(s.effort.least_probability for s in ranked) == pytest.approx(1)


def test_equal_stacks_tie_in_effort_whatever_they_are_called(shipped):
    """One draw puts all stacks at the same place of their intervals, so a clone changes nothing."""
    stacks = shipped.study.stacks
    original = "pacemaker-corosync-drbd-haproxy"
    alone = {original: stacks[original]}
    cloned = {"aaa": stacks[original], **alone, "zzz": stacks[original]}
    results = [
        efforts(shipped.study.model_copy(update={"stacks": group}), list(group),
                np.random.default_rng(7), 2000)
        for group in (alone, cloned)
    ]  # fmt: skip
    assert results[1]["aaa"].median == results[1]["zzz"].median == results[0][original].median
    assert results[1]["aaa"].least_probability == pytest.approx(1 / 3)
