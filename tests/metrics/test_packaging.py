"""Packaging: the packaged version among upstream's releases, and what its packages bring."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.metrics import Measure, all_metrics
from evaluator.metrics.history import History, Organisations

AS_OF = "2024-06-30"
PACKAGING = {name: m for name, m in all_metrics().items() if m.needs == "packages"}
PACKAGE = {
    "source": "debian-alpha",
    "package": "alpha",
    "distribution": "debian",
    "release": "bookworm",
    "version": "1:2.0-1",
    "upstream": "2.0",
    "installed_kb": 1024,
    "depends": 3,
    "reverse_depends": 2,
    "dated": "2024-06-01",
}
NEWER = ("2.1", "2024-03-31")
RELEASES = [("1.9", "2023-01-01"), ("2.0", "2023-12-31"), NEWER]


def package(name: str = "alpha", **fields: object) -> dict[str, object]:
    return {**PACKAGE, "package": name, **fields}


def release(version: str, date: str, source: str = "alpha", prerelease: bool = False):
    series = ".".join(version.split(".")[:2])
    row = {"source": source, "tag": f"v{version}", "series": series, "version": version}
    return {**row, "prerelease": prerelease, "released": pd.Timestamp(date)}


def history(packages, releases=RELEASES, *, as_of=AS_OF, partial="", missing=None) -> History:
    end = pd.Timestamp(as_of)
    listed = pd.DataFrame(packages, columns=list(PACKAGE))
    listed["dated"] = pd.to_datetime(listed["dated"])
    tagged = pd.DataFrame(
        [r if isinstance(r, dict) else release(*r) for r in releases],
        columns=list(release("1", AS_OF)),
    )
    nothing = pd.DataFrame()
    return History(
        candidate="alpha",
        as_of=end,
        commits=nothing,
        work=nothing,
        messages=nothing,
        issues=nothing,
        packages=listed[listed["dated"] <= end],
        releases=tagged[tagged["released"] <= end],
        organisations=Organisations({}, frozenset()),
        missing=missing or {},
        partial_releases=partial,
    )


def found(metric: str, *args, **options) -> Measure:
    return PACKAGING[metric].measure(history(*args, **options))


def test_lag_is_the_time_between_the_releases():
    lag = found("packaging_lag", [package()])
    assert (lag.value, lag.n) == (91, 1)
    assert lag.note == "2.0 of 2023-12-31; newest is 2.1 of 2024-03-31"
    age = found("packaged_version_age", [package()])
    assert age.value == pytest.approx(182 / (365.25 / 12))
    assert age.note == "2.0 of 2023-12-31"


def test_lag_is_zero_when_the_newest_is_packaged():
    lag = found("packaging_lag", [package(version="2.1-1", upstream="2.1")])
    assert (lag.value, lag.n, lag.note) == (0, 0, "2.1 of 2024-03-31")


def test_lag_is_only_what_was_known_at_the_date():
    lag = found("packaging_lag", [package(dated="2024-01-01")], as_of="2024-02-01")
    assert lag.value == 0


def test_upkeep_of_an_older_series_does_not_make_the_newer_one_late():
    releases = [*RELEASES, ("1.9.1", "2024-05-01")]
    assert found("packaging_lag", [package()], releases).value == 91
    newest = [package(version="2.1-1", upstream="2.1")]
    assert found("packaging_lag", newest, releases).value == 0


def test_later_upkeep_of_an_older_series_that_is_packaged_has_no_lag():
    """1.9.1 is younger than every higher version: nothing newer came, though 2.1 is higher."""
    lag = found(
        "packaging_lag",
        [package(version="1.9.1-1", upstream="1.9.1")],
        [*RELEASES, ("1.9.1", "2024-05-01")],
    )
    assert (lag.value, lag.n) == (0, 2)


def test_pre_releases_are_never_the_newest_but_may_be_packaged():
    releases = [*RELEASES, release("2.2-rc1", "2024-05-01", prerelease=True)]
    assert found("packaging_lag", [package()], releases).value == 91
    candidate = [package(version="2.2~rc1-1", upstream="2.2~rc1")]
    assert found("packaging_lag", candidate, releases).value == 0
    releases.append(release("2.2", "2024-05-11"))
    lag = found("packaging_lag", candidate, releases)
    assert (lag.value, lag.n) == (10, 1)
    assert lag.note == "2.2-rc1 of 2024-05-01; newest is 2.2 of 2024-05-11"


def test_numbers_are_compared_as_versions_not_as_text():
    releases = [("2.9", "2024-01-01"), ("2.10", "2024-01-31"), ("2.0", "2024-02-28")]
    lag = found("packaging_lag", [package(version="2.9-1", upstream="2.9")], releases)
    assert (lag.value, lag.n) == (30, 1)


def test_releases_of_another_repository_do_not_count():
    """A kernel module and its tools have numbers of their own."""
    releases = [*RELEASES, release("9.9", "2024-06-01", "module")]
    assert found("packaging_lag", [package()], releases).value == 91


def test_version_that_was_never_tagged_is_not_available():
    git = [package(version="2.0-3-gabc-1", upstream="2.0-3-gabc")]
    for metric in ("packaging_lag", "packaged_version_age"):
        lag = found(metric, git)
        assert (lag.outcome, lag.value) == ("not_available", None)
        assert lag.note == "packaged 2.0-3-gabc not among upstream's tags"


def test_repository_without_all_tags_gives_an_age_and_no_lag():
    lag = found("packaging_lag", [package()], partial="stable series are elsewhere")
    assert (lag.outcome, lag.note) == ("not_available", "stable series are elsewhere")
    assert found("packaged_version_age", [package()], partial="elsewhere").outcome == "ok"


def test_longest_lag_and_oldest_version_of_several_sources_count():
    both = [package(), package("beta", source="debian-beta", upstream="1.9", version="1.9-1")]
    assert (
        found("packaging_lag", both).value
        == (pd.Timestamp(NEWER[1]) - pd.Timestamp(2023, 1, 1)).days
    )
    assert found("packaged_version_age", both).note == "1.9 of 2023-01-01"
    other = [package(), package("beta", source="debian-beta", upstream="7", version="7-1")]
    lag = found("packaging_lag", other)
    assert lag.value == 91
    assert lag.note.endswith("; packaged 7 not among upstream's tags")


def test_highest_version_that_was_listed_by_the_date_counts():
    listed = [
        package(version="1:2.1-1", upstream="2.1", depends=9, dated="2024-06-20"),
        package(dated="2024-06-01"),
        package(version="3.0-1", upstream="3.0", dated="2024-06-01"),  # without the epoch: lower
    ]
    assert found("package_dependencies", listed).value == 9
    assert found("packaging_lag", listed).value == 0
    before = found("package_dependencies", listed, as_of="2024-06-19")
    assert (before.value, before.note) == (3, "alpha 1:2.0-1 in debian bookworm")


def test_what_is_only_for_building_reading_or_debugging_is_left_out():
    listed = [
        package(depends=4, reverse_depends=1),
        package("libalpha1", installed_kb=512, reverse_depends=7),
        package("libalpha-dev", installed_kb=9999, depends=99, reverse_depends=99),
        package("alpha-doc", installed_kb=99999),
        package("alpha-dbg", installed_kb=99999),
    ]
    size = found("package_installed_size", listed)
    assert (size.value, size.n) == (1.5, 2)
    assert size.note == "without 3 of -dev/-doc/-dbg/-dbgsym"
    depends = found("package_dependencies", listed)
    assert (depends.value, depends.n, depends.note) == (4, 2, "alpha 1:2.0-1 in debian bookworm")
    needed = found("package_reverse_dependencies", listed)
    assert (needed.value, needed.note) == (7, "libalpha1 1:2.0-1 in debian bookworm")
    for metric in PACKAGING.keys() - {"packaging_lag", "packaged_version_age"}:
        assert found(metric, listed[3:]).outcome == "not_available"


def test_nothing_is_known_before_the_date_of_the_index():
    for metric in PACKAGING.values():
        measure = metric.measure(history([package()], as_of="2024-05-31"))
        assert (measure.outcome, measure.value) == ("not_applicable", None)
        lacking = history([], missing={"packages": "no package index is listed"})
        assert metric.measure(lacking).outcome == "not_available"


def test_no_release_at_all_is_not_available():
    assert found("packaging_lag", [package()], []).outcome == "not_available"


@given(st.permutations(range(4)), st.permutations(range(3)))
def test_order_of_rows_changes_nothing(packages, releases):
    listed = [
        package(),
        package(version="1:2.0-2", depends=5),
        package("libalpha1", reverse_depends=2, depends=5),
        package("alpha-doc"),
    ]
    plain = history(listed)
    mixed = history([listed[i] for i in packages], [RELEASES[i] for i in releases])
    for metric in PACKAGING.values():
        assert metric.measure(plain) == metric.measure(mixed)
