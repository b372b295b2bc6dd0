"""What trials say of a cluster, and what that is worth in a year.  All trials are made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluator.evidence.availability import (
    MINUTES_A_YEAR,
    Interval,
    Reliability,
    coverage,
    downtime,
    unavailability,
)
from evaluator.evidence.values import (
    ASSUMED,
    VALUES,
    Forecast,
    allowed,
    alone,
    comparable,
    forecasts,
    measured,
)

from .made_up import campaign, careless, record

NODE = Reliability(mtbf=4380, mttr=4, manual=4)
BOTH = [*campaign(), *careless()]


def test_a_failover_is_the_mean_outage_of_losses_of_power_alone() -> None:
    found = measured("failover", BOTH, "pacemaker-2-witness")
    assert found is not None
    assert found.interval.estimate == pytest.approx(6.7)
    assert 6.2 <= found.interval.low < 6.7 < found.interval.high <= 7.2
    assert (found.trials, found.faults) == (6, 1)


def test_a_trial_without_a_web_front_is_no_outage_of_nothing() -> None:
    made = [record(outage={"smtp": 1.0}), *[record(outage={"http": float(s)}) for s in (3, 4, 8)]]
    found = measured("failover", made, "pacemaker-2-witness")
    assert found is not None
    assert (found.interval.estimate, found.trials) == (5.0, 3)


def test_two_outages_have_no_mean_with_an_interval() -> None:
    cuts = [record(repetition=i, outage={"http": 4.0 + i}) for i in range(3)]
    assert measured("failover", cuts[:2], "pacemaker-2-witness") is None
    found = measured("failover", cuts, "pacemaker-2-witness")
    assert found is not None
    assert 4 <= found.interval.low < 5 < found.interval.high <= 6
    assert forecasts(cuts[:2], NODE, 0) == []


def test_what_the_laboratory_did_not_see_says_nothing_of_a_cluster() -> None:
    unseen = [record(findings=(f"error [{code}] x",)) for code in ("not-watched", "not-asked")]
    found = measured("coverage", [record(), *unseen], "pacemaker-2-witness")
    assert found is not None
    assert (found.interval.estimate, found.trials) == (1.0, 1)
    assert measured("coverage", unseen, "pacemaker-2-witness") is None


@pytest.mark.parametrize("value", ["coverage", "single_holder"])
def test_shares_are_of_all_trials_with_wilsons_interval(value: str) -> None:
    sure, split = (measured(value, BOTH, c) for c in ("pacemaker-2-witness", "keepalived"))
    assert sure is not None
    assert split is not None
    # ten of ten: 10 / (10 + z^2) is the lower end
    assert sure.interval == pytest.approx((10 / (10 + 1.959964**2), 1, 1))
    assert split.interval.low < split.interval.estimate == 0.6 < split.interval.high
    assert split.trials == 10


def test_two_holders_and_a_failed_audit_are_two_values() -> None:
    made = [record(), record(findings=("error [mail-lost] 1 mail",)), record(holders=2)]
    shares = {v: measured(v, made, "pacemaker-2-witness") for v in ("coverage", "single_holder")}
    assert [m.interval.estimate for m in shares.values() if m] == pytest.approx([2 / 3, 2 / 3])
    both = [*made, record(holders=2, findings=("error [two-holders] both",))]
    share = measured("single_holder", both, "pacemaker-2-witness")
    assert share is not None
    assert share.interval.estimate == 0.5


@pytest.mark.parametrize("value", VALUES)
def test_what_was_not_tried_has_no_value(value: str) -> None:
    assert measured(value, BOTH, "pacemaker-3") is None
    assert measured(value, [], "pacemaker-3") is None


def test_a_forecast_joins_measured_and_modelled() -> None:
    split, sure = forecasts(BOTH, NODE, start=600)
    assert (split.cluster, sure.cluster) == ("keepalived", "pacemaker-2-witness")
    assert (sure.trials, sure.failovers) == (10, 6)
    assert sure.downtime == downtime(NODE, sure.outage, sure.coverage)
    assert sure.downtime.low < sure.downtime.estimate < sure.downtime.high
    later = Interval(*(second + 600 for second in sure.outage))
    assert sure.starting == downtime(NODE, later, sure.coverage)
    # ten minutes, twice a year
    assert sure.starting.estimate - sure.downtime.estimate == pytest.approx(20, rel=0.01)
    # coverage counts for more than the seconds, in which keepalived is ahead
    assert split.outage.high < sure.outage.low
    assert split.downtime.estimate > 50 * sure.downtime.estimate
    for share in ASSUMED:
        model = unavailability(NODE, sure.outage.estimate, share) * MINUTES_A_YEAR
        assert sure.assumed[share] == pytest.approx(model)
    assert list(sure.assumed.values()) == sorted(sure.assumed.values(), reverse=True)


def test_without_a_loss_of_power_nothing_is_forecast() -> None:
    assert forecasts([record(fault="stop-active")], NODE, 0) == []
    assert forecasts([], NODE, 0) == []


def test_lost_mail_is_no_minute() -> None:
    made = [
        record(findings=("error [mail-lost] 3 of 40",)),
        *(record(repetition=i) for i in (2, 3)),
    ]
    (found,) = forecasts(made, NODE, 0)
    assert found.coverage == coverage(3, 3)
    bad = record(repetition=4, findings=("error [mail-lost] 3", "error [not-served] 70 s"))
    (found,) = forecasts([*made, bad], NODE, 0)
    assert found.coverage == coverage(3, 4)


def test_the_outage_of_a_forecast_is_of_failovers_that_worked() -> None:
    good = [record(repetition=i, outage={"http": 6.0 + i}) for i in range(3)]
    bad = [replace(r, outage={"http": 90.0}, findings=("error [not-served] x",)) for r in good]
    (found,) = forecasts([*good, *bad], NODE, 0)
    assert (found.outage.estimate, found.failovers, found.trials) == (7.0, 3, 6)
    assert found.coverage == coverage(3, 6)
    (found,) = forecasts(bad, NODE, 0)
    assert (found.outage.estimate, found.coverage) == (90.0, coverage(0, 3))


def test_coverage_of_a_forecast_is_of_faults_that_lose_the_active_node() -> None:
    others = [record(fault="rings-silent", findings=("error [two-holders] x",))] * 5
    plain, same = forecasts(campaign(), NODE, 0), forecasts([*campaign(), *others], NODE, 0)
    assert plain == same


def test_clusters_that_notice_later_are_forecast_apart() -> None:
    slow = [
        record(cluster="pacemaker-drbd", repetition=i, budget=11.0, outage={"http": 70.0 + i})
        for i in range(3)
    ]
    both = {row.cluster: row for row in forecasts([*BOTH, *slow], NODE, 0)}
    assert [both[row.cluster] for row in forecasts(BOTH, NODE, 0)] == forecasts(BOTH, NODE, 0)
    assert both["pacemaker-drbd"].coverage == coverage(3, 3)


def test_a_cluster_that_was_spared_the_hard_faults_does_not_seem_to_survive_more() -> None:
    spared = [r for r in careless() if r.fault == "power-cut-active"]
    both = [*campaign(), *spared]
    assert {r.fault for r in comparable(both, ("pacemaker-2-witness", "keepalived"))} == {
        "power-cut-active"
    }
    assert len(comparable(both, ("pacemaker-2-witness",))) == 10
    assert comparable(both, ("nobody",)) == []
    alone, beside = (
        measured("coverage", both, "pacemaker-2-witness", others)
        for others in ((), ("keepalived", "nobody"))
    )
    assert alone is not None
    assert beside is not None
    assert ((alone.trials, alone.faults), (beside.trials, beside.faults)) == ((10, 2), (6, 1))
    assert {row.trials for row in forecasts(both, NODE, 0)} == {6}


def test_a_failover_stays_measured_where_others_were_not_tried_with_one() -> None:
    others = [record(cluster="keepalived", fault="stop-active")]
    found = measured("failover", [*campaign(), *others], "pacemaker-2-witness", ("keepalived",))
    assert found is not None
    assert found.trials == 6
    assert measured("coverage", [*campaign(), *others], "keepalived", ("pacemaker-2-witness",)) is (
        None
    )


def test_an_outage_of_nothing_has_a_forecast() -> None:
    (found,) = forecasts([record(outage={"http": 0.0})] * 3, NODE, 0)
    assert 0 < found.downtime.low < 5


@pytest.mark.parametrize(
    ("limit", "says"), [(5, "missed"), (10, "open"), (30, "open"), (40, "kept"), (99, "kept")]
)
def test_against_a_service_level(limit: float, says: str) -> None:
    whole = Interval(1, 1, 1)
    short, long = Interval(10, 20, 30), Interval(20, 30, 40)
    row = Forecast("made-up", 1, 1, whole, whole, short, long, {})
    assert row.against(limit) == says


def test_what_a_level_leaves_and_what_one_node_needs() -> None:
    assert allowed(99.9) == pytest.approx(526, abs=0.1)
    assert alone(NODE) == pytest.approx(480, abs=1)
