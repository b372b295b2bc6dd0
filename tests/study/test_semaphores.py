"""Mistakes about lights and about the staff are found when the study is read, with their place."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from evaluator.findings import EvaluationError
from evaluator.metrics import all_metrics
from evaluator.mine.sources import backends
from evaluator.study import load_study
from evaluator.study.site import Staff

METRICS = all_metrics()
SLOPES = [name for name, metric in METRICS.items() if metric.slope]


def test_slopes_are_the_four_of_the_source():
    assert set(SLOPES) == {
        "new_issue_reporters_slope",
        "new_committers_slope",
        "new_non_code_slope",
        "new_mail_participants_slope",
    }


def test_slope_of_a_metric_that_is_none_is_found_with_its_place(folder):
    file = folder / "sme.yml"
    text = file.read_text(encoding="utf-8")
    old = "metric: new_committers_slope"
    line = text[: text.index(old)].count("\n") + 1
    file.write_text(text.replace(old, "metric: age_years", 1), encoding="utf-8")
    with pytest.raises(EvaluationError) as caught:
        load_study(file, metrics=METRICS, backends=backends(), slopes=SLOPES)
    (found,) = caught.value.findings
    assert found.code == "semaphore-without-slope"
    assert (found.where.line, found.where.column) == (line, 5 + len("metric: "))
    assert "'CM-SRA-2' asks for the slope of 'age_years'" in found.message
    assert "new_committers_slope" in found.remedy


def test_unknown_check_of_a_guideline_is_found_with_what_is_allowed(folder):
    file = folder / "sme.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("check: licences", "check: licenses", 1), encoding="utf-8")
    with pytest.raises(EvaluationError) as caught:
        load_study(file, metrics=METRICS, backends=backends(), slopes=SLOPES)
    (found,) = caught.value.findings
    assert found.where.line == text[: text.index("check: licences")].count("\n") + 1
    assert "licences" in str(found)


def staff(**more):
    fields = {"administrators": 2, "skills": ["linux", "drbd"], "rate_eur_per_hour": 40,
              "source": ["ours"], "reason": "synthetic"}  # fmt: skip
    return Staff(**{**fields, **more})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"skilled": {"drbd": 3}}, "there are 2"),
        ({"skilled": {"drbd": -1}}, "there are 2"),
        ({"skilled": {"vms": 1}}, "not among the skills"),
        ({"administrators": -1}, "greater than or equal to 0"),
    ],
)
def test_staff_that_cannot_be(wrong, says):
    with pytest.raises(ValidationError, match=says):
        staff(**wrong)


def test_some_administrators_count_by_their_share():
    from evaluator.score.lazy_user import known_share

    some = staff(skilled={"drbd": 1})
    assert [known_share(some, s) for s in ("linux", "drbd", "vms")] == [1, 0.5, 0]
    assert known_share(staff(administrators=0, skilled={"drbd": 0}), "drbd") == 0
