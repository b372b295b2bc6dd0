"""Releases: how lately and how often; series are told apart, pre-releases left out."""

from __future__ import annotations

import pandas as pd

from evaluator.metrics.history import History
from evaluator.metrics.registry import Measure, metric, not_available


def final_releases(history: History) -> pd.DataFrame:
    """Releases up to the as-of date that are not pre-releases."""
    return history.releases[~history.releases["prerelease"]]


@metric(
    "months_since_last_release",
    "Release Frequency: last release",
    unit="months",
    window="until the as-of date",
    direction="min",
    source="ours",
)
def months_since_last_release(history: History) -> Measure:
    """Months (365.25 / 12 days) from the newest final release of any series.

    The interval reaches down to 0 where not all releases are tagged in the mined repository.
    """
    releases = final_releases(history)
    if releases.empty:
        return not_available("no release tag", 0)
    last = releases.sort_values(["released", "version"]).iloc[-1]
    age = history.months_since(last["released"])
    note = f"{last['version']} on {last['released'].date()}"
    if history.partial_releases:
        note = f"at most: {note}; {history.partial_releases}"
    return Measure(age, len(releases), low=0 if history.partial_releases else age, note=note)


@metric(
    "release_frequency",
    "Release Frequency",
    unit="releases/year",
    window="36 months",
    direction="max",
)
def release_frequency(history: History) -> Measure:
    """Final releases of all series in the window / 3 years; the note counts each series."""
    releases = final_releases(history)
    if history.partial_releases:
        return not_available(history.partial_releases)
    if releases.empty:
        return not_available("no release tag", 0)
    recent = history.window(releases, "released", 36)
    series = recent["series"].value_counts().sort_index()
    note = ", ".join(f"{name}: {count}" for name, count in series.items())
    return Measure(len(recent) / 3, len(recent), note=note)


@metric(
    "release_series",
    "Release Frequency: parallel series",
    unit="series",
    window="24 months",
    direction="max",
    source="ours",
)
def release_series(history: History) -> Measure:
    """Series with at least one final release in the window."""
    releases = final_releases(history)
    if releases.empty:
        return not_available("no release tag", 0)
    recent = history.window(releases, "released", 24)
    return Measure(recent["series"].nunique(), len(recent))
