"""Releases: pre-releases left out, series apart, numbers that two sources share."""

from __future__ import annotations

import datetime as dt

import pytest

from evaluator.metrics import measure

AS_OF = dt.date(2024, 6, 30)
COMMIT = {"person": 1, "committed": dt.date(2015, 1, 1)}


def release(tag, date, series="1", **more):
    return {"tag": tag, "released": dt.date.fromisoformat(date), "series": series, **more}


@pytest.fixture
def found(synthetic_snapshot, synthetic_study):
    def run(*releases, study=None):
        snapshot = synthetic_snapshot([COMMIT], releases=releases, as_of=AS_OF)
        table = measure(study or synthetic_study(), snapshot, AS_OF)
        return lambda metric: table.get("alpha", metric)

    return run


def test_pre_releases_are_left_out(found):
    get = found(
        release("1.0", "2023-06-30"),
        release("1.1-rc1", "2024-06-29", prerelease=True),
    )
    last = get("months_since_last_release")
    assert last.value == pytest.approx(366 / (365.25 / 12))
    assert last.note == "1.0 on 2023-06-30"
    assert get("release_frequency").value == pytest.approx(1 / 3)


def test_series_are_told_apart(found):
    get = found(
        release("1.9", "2021-06-30"),
        release("2.0", "2022-01-01", "2"),
        release("1.10", "2023-01-01"),
        release("2.1", "2024-01-01", "2"),
        release("2.2", "2024-02-01", "2"),
    )
    assert get("release_frequency").value == pytest.approx(4 / 3)
    assert get("release_frequency").note == "1: 1, 2: 3"
    assert get("release_series").value == 2
    assert get("release_series").n == 3
    assert get("months_since_last_release").note.startswith("2.2 ")


def test_a_bare_repository_of_tags_that_are_old_is_a_true_zero(found):
    get = found(release("0.1", "2015-01-02"))
    assert get("release_frequency").value == 0
    assert get("release_frequency").outcome == "ok"


def test_no_tag_is_not_available(found):
    get = found()
    for metric in ("months_since_last_release", "release_frequency", "release_series"):
        assert get(metric).outcome == "not_available"
        assert get(metric).value is None


def test_same_tag_in_shared_history_counts_once_and_same_number_elsewhere_does_not(
    found, synthetic_study
):
    get = found(
        release("9.1.0", "2023-01-01"),
        release("9.1.0", "2023-01-01", source="fork"),
        release("9.1.0", "2024-01-01", source="tools"),
        study=synthetic_study({"alpha": ["alpha", "fork", "tools"]}),
    )
    assert get("release_frequency").value == pytest.approx(2 / 3)
    assert get("months_since_last_release").note == "9.1.0 on 2024-01-01"


def test_drbd_and_its_tools_share_numbers_and_are_both_counted(shipped, shipped_run):
    releases = shipped.snapshot.releases
    both = releases[releases["source"].isin(["drbd", "drbd-utils"]) & ~releases["prerelease"]]
    once = both.drop_duplicates(["version", "released"])
    assert both["version"].nunique() < len(once)
    assert shipped_run.table.get("drbd", "months_since_last_release").n == len(once)


def test_releases_that_are_tagged_elsewhere_are_not_counted_as_missing(shipped, shipped_run):
    """HAProxy's stable releases are in other repositories: an age at most, and no frequency."""
    (source,) = [s for s in shipped.study.candidates["haproxy"].data_sources if s.backend == "git"]
    assert source.partial_releases
    frequency = shipped_run.table.get("haproxy", "release_frequency")
    assert (frequency.outcome, frequency.value) == ("not_available", None)
    age = shipped_run.table.get("haproxy", "months_since_last_release")
    assert (age.low, age.note.startswith("at most: ")) == (0, True)
    assert age.value > 0
