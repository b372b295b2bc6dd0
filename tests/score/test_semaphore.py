"""The SME guide's traffic lights: colours of slopes and thresholds, and their share."""

from __future__ import annotations

import itertools

import pytest

from evaluator.findings import EvaluationError
from evaluator.metrics import Measure
from evaluator.result import Light
from evaluator.score.semaphore import candidate_lights, colour, share_of_lights
from evaluator.study.criteria import Semaphore


def semaphore(**more):
    fields = {"id": "s", "name": "S", "metric": "m", "mandatory": True, "source": ["x"], **more}
    return Semaphore(**fields)


SLOPE = semaphore(rule="slope", alpha=0.05, black_after_years=3)
RECENCY = semaphore(rule="threshold", green=6, yellow=12, direction="min")
SIZE = semaphore(rule="threshold", green=10, yellow=3, direction="max")


@pytest.mark.parametrize(
    ("slope", "p", "silent", "expected"),
    [
        (2.0, 0.01, 0, "green"),
        (2.0, 0.05, 0, "yellow"),  # not below alpha: the slope counts as zero
        (0.0, 1.0, 0, "yellow"),
        (-2.0, 0.01, 2, "red"),
        (-2.0, 0.01, 3, "black"),
        (0.0, 1.0, 10, "black"),
        (2.0, 0.01, 3, "black"),
    ],
)
def test_colours_of_a_slope_daffara_2009(slope, p, silent, expected):
    detail = {"p": p, "silent_years": float(silent), "periods": 10.0}
    assert colour(SLOPE, Measure(slope, 20, detail=detail)) == expected


@pytest.mark.parametrize(
    ("light", "value", "expected"),
    [
        (RECENCY, 0, "green"),
        (RECENCY, 6, "green"),
        (RECENCY, 6.01, "yellow"),
        (RECENCY, 12, "yellow"),
        (RECENCY, 12.01, "red"),
        (SIZE, 10, "green"),
        (SIZE, 9.9, "yellow"),
        (SIZE, 3, "yellow"),
        (SIZE, 2.9, "red"),
        (SIZE, 0, "red"),
    ],
)
def test_colours_of_a_threshold(light, value, expected):
    assert colour(light, Measure(value, 20)) == expected


@pytest.mark.parametrize("outcome", ["not_available", "not_applicable", "error"])
@pytest.mark.parametrize("light", [SLOPE, RECENCY, SIZE])
def test_what_is_not_known_is_grey(light, outcome):
    assert colour(light, Measure(None, 3, outcome=outcome)) == "grey"


def test_slope_rule_on_another_metric_is_refused_with_a_remedy():
    with pytest.raises(EvaluationError, match="threshold") as caught:
        colour(SLOPE, Measure(3.0, 20))
    assert caught.value.findings[0].code == "semaphore-without-slope"


def light(lit):
    return Light(
        semaphore="s", name="S", candidate="c", colour=lit, mandatory=False, fails=False,
        value=None, n=None, text="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        (["green", "green"], (1, 1, 1)),
        (["green", "yellow", "red", "black"], (0.375, 0.375, 0.375)),
        (["green", "grey"], (1, 0.5, 1)),
        (["red", "grey", "grey"], (0, 0, 2 / 3)),
        (["grey", "grey"], (None, 0, 1)),
        ([], (None, 0, 1)),
    ],
)
def test_share_of_lights_with_bounds(colours, expected):
    assert share_of_lights([light(c) for c in colours]) == pytest.approx(expected)


def test_bounds_hold_whatever_the_grey_lights_would_have_been():
    for colours in itertools.product(["green", "yellow", "red", "black", "grey"], repeat=4):
        value, low, high = share_of_lights([light(c) for c in colours])
        if value is not None:
            assert low <= value <= high
        for fill in ("green", "yellow", "red", "black"):
            filled = [light(fill if c == "grey" else c) for c in colours]
            assert low <= share_of_lights(filled)[0] <= high


def test_only_a_mandatory_light_fails(shipped, shipped_run):
    lights = candidate_lights(shipped.study, shipped_run.table, "heartbeat")
    by_id = {lit.semaphore: lit for lit in lights}
    assert by_id["CM-SRA-2"].colour == "black"
    assert not by_id["CM-SRA-2"].fails
    assert by_id["alive"].colour == "red"
    assert by_id["alive"].fails
    assert by_id["CM-SRA-3-mail"].colour == "grey"
    assert by_id["CM-SRA-3-mail"].text


def test_fails_on_may_spare_red(shipped, shipped_run):
    criteria = shipped.study.criteria
    lights = [s.model_copy(update={"fails_on": ["black"]}) for s in criteria.semaphores]
    study = shipped.study.model_copy(
        update={"criteria": criteria.model_copy(update={"semaphores": lights})}
    )
    found = candidate_lights(study, shipped_run.table, "heartbeat")
    assert not any(lit.fails for lit in found)


def test_fails_on_may_ask_for_green(shipped, shipped_run):
    criteria = shipped.study.criteria
    strict = {"mandatory": True, "fails_on": ["red", "yellow"]}
    lights = [Semaphore.model_validate(s.model_dump() | strict) for s in criteria.semaphores]
    study = shipped.study.model_copy(
        update={"criteria": criteria.model_copy(update={"semaphores": lights})}
    )
    found = candidate_lights(study, shipped_run.table, "haproxy")
    assert {"yellow", "green"} <= {lit.colour for lit in found}
    assert all(lit.fails == (lit.colour in ("red", "yellow")) for lit in found)


def test_coverage_is_that_of_the_components_considered(shipped_run):
    stacks = shipped_run.evaluation.stacks
    lights = {(lit.candidate, lit.semaphore): lit for s in stacks for lit in s.lights}
    lit = sum(found.colour != "grey" for found in lights.values())
    assert shipped_run.evaluation.coverage == pytest.approx(lit / len(lights))


# --- the test behind a slope, and coverage --------------------------------------------------


def slope_lights(run):
    lights = {(x.candidate, x.semaphore): x for s in run.evaluation.stacks for x in s.lights}
    return [x for x in lights.values() if x.semaphore.startswith("CM-SRA") and x.colour != "grey"]


def test_a_light_prints_slope_dead_band_p_and_n(shipped_run):
    """Student's t at .975 with 8 degrees is 2.306: corosync's newcomers 4, 10, 4, 1, 3, 1, …"""
    import numpy as np
    import scipy.stats

    (found,) = [x for x in slope_lights(shipped_run)
                if (x.candidate, x.semaphore) == ("corosync", "CM-SRA-2")]  # fmt: skip
    counts = [int(c) for c in found.text.rpartition(": ")[2].split(", ")]
    line = scipy.stats.linregress(np.arange(len(counts)), counts)
    band = scipy.stats.t.ppf(0.975, len(counts) - 2) * line.stderr
    assert found.text.startswith(
        f"slope {line.slope:+.3g} persons/year², zero within ±{band:.3g} "
        f"(t-test, p = {line.pvalue:.3f}, level 0.05, {len(counts)} periods, n = {sum(counts)})"
    )


def test_the_dead_band_and_the_colour_say_the_same(shipped_run):
    for found in slope_lights(shipped_run):
        if found.colour != "black":
            band = float(found.text.partition("±")[2].split()[0])
            assert (abs(found.value) < band) == (found.colour == "yellow"), found.text


def test_coverage_counts_each_light_in_two_ways_and_names_the_reasons(shipped_run):
    result = shipped_run.evaluation
    found = result.daffara.coverage
    for rows in (found.semaphores, found.components):
        lit, asked = sum(r.lit for r in rows), sum(r.asked for r in rows)
        assert lit / asked == pytest.approx(result.coverage)
        assert asked - lit == len(found.unlit)
    assert all(x.reason for x in found.unlit)
    trackers = [x for x in found.unlit if x.semaphore == "CM-SRA-1"]
    assert len(trackers) == len(found.components)  # no tracker could be mined
