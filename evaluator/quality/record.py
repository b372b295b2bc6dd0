"""What the sources had recorded up to a date: the slices of the snapshot that checks may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaluator.snapshot import Snapshot

WHOLE = 0
WINDOWS = (12, 24, 36, 120)
"""Months before the as-of date that metrics look at, beside the whole history."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Common:
    """Items of a source that are in other sources as well."""

    mask: Mask
    others: Mapping[str, int]
    """How many there are in each other source, most first."""


@dataclass(frozen=True)
class Record:
    """Everything that one source had recorded up to and including ``as_of``.

    Dates are without a time zone; ``shared`` holds, per table, what other sources had as well.
    """

    source: str
    as_of: pd.Timestamp
    commits: pd.DataFrame
    messages: pd.DataFrame
    issues: pd.DataFrame
    releases: pd.DataFrame
    bots: npt.NDArray[Any]
    shared: Mapping[str, Common]
    starts: Mapping[int, pd.Timestamp]
    """First day of each window that ends at the as-of date."""
    left_out: Mapping[str, int]
    """Items left out in mining, by reason; undated, so empty before the snapshot's own date."""

    @cached_property
    def work(self) -> pd.DataFrame:
        """Commits that are no merges."""
        return self.commits[~self.commits["merge"]]

    @cached_property
    def finals(self) -> pd.DataFrame:
        """Releases that are not pre-releases, in order of time."""
        final = self.releases[~self.releases["prerelease"]]
        return final.sort_values(["released", "tag"])

    def holding(self, dates: pd.Series) -> frozenset[int]:
        """Windows that hold any of these dates."""
        newest = dates.max()
        return frozenset({WHOLE, *(m for m, start in self.starts.items() if newest >= start)})

    def everywhere(self) -> frozenset[int]:
        """All windows: what shows at the as-of date itself."""
        return frozenset({WHOLE, *WINDOWS})

    def inside(self, months: int, dates: pd.Series) -> Mask:
        """Which dates are in a window."""
        if months == WHOLE:
            return np.ones(len(dates), dtype=bool)
        found: Mask = (dates >= self.starts[months]).to_numpy(dtype=bool)
        return found

    def where(self, mask: Mask, dates: pd.Series, share: float, least: int = 1) -> frozenset[int]:
        """Windows with ``least`` items or more of which this share is as the mask says."""
        parts = {months: mask[self.inside(months, dates)] for months in (WHOLE, *WINDOWS)}
        return frozenset(
            months
            for months, part in parts.items()
            if len(part) >= least and part.sum() >= share * len(part)
        )


def records(snapshot: Snapshot, as_of: dt.date) -> list[Record]:
    """One record for each source, in order of the identifiers."""
    end = pd.Timestamp(as_of).as_unit("s")
    commits = _slices(snapshot.commits, "committed", end)
    messages = _slices(snapshot.messages, "sent", end)
    issues = _slices(snapshot.issues, "opened", end)
    releases = _slices(snapshot.releases, "released", end)
    shared = {
        "commits": _common({k: part["commit"] for k, part in commits.items()}),
        "messages": _common({k: part["message"] for k, part in messages.items()}),
        "releases": _common(
            {
                k: part["tag"].astype(str) + part["released"].astype(str)
                for k, part in releases.items()
            }
        ),
    }
    persons = snapshot.persons
    bots = persons.loc[persons["bot"].astype(bool), "person"].to_numpy()
    starts = {m: end - pd.DateOffset(months=m) + pd.Timedelta(days=1) for m in WINDOWS}
    dropped = {row.id: row.dropped for row in snapshot.sources if as_of >= snapshot.as_of}
    return [
        Record(
            source=source,
            as_of=end,
            commits=commits.get(source, snapshot.commits.iloc[:0]),
            messages=messages.get(source, snapshot.messages.iloc[:0]),
            issues=issues.get(source, snapshot.issues.iloc[:0]),
            releases=releases.get(source, snapshot.releases.iloc[:0]),
            bots=bots,
            shared={t: found[source] for t, found in shared.items() if source in found},
            starts=starts,
            left_out=dropped.get(source, {}),
        )
        for source in sorted({*commits, *messages, *issues, *releases, *dropped})
    ]


def _slices(frame: pd.DataFrame, date: str, end: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Rows up to the end of a day, by source."""
    if frame.empty:
        return {}
    dates = frame[date] if frame[date].dt.tz is None else frame[date].dt.tz_localize(None)
    known = frame.assign(**{date: dates})[dates < end + pd.Timedelta(days=1)]
    return {str(k): part for k, part in known.groupby("source", observed=True, sort=False)}


def _common(keys: Mapping[str, pd.Series]) -> dict[str, Common]:
    """What each source has in common with each other one."""
    if not keys:
        return {}
    names = sorted(keys)
    sizes = [len(keys[name]) for name in names]
    numbers = pd.factorize(pd.concat([keys[name] for name in names], ignore_index=True))[0]
    several = (np.bincount(numbers) > 1)[numbers]
    # only what is in several sources is counted pair by pair: the rest may be large
    place = np.repeat(np.arange(len(names)), sizes)[several]
    item = pd.factorize(numbers[several])[0]
    members = np.zeros((item.max(initial=-1) + 1, len(names)), dtype=np.float32)
    members[item, place] = 1
    several[several] = members.sum(axis=1)[item] > 1
    pairs = (members.T @ members).astype(int)
    masks = np.split(several, np.cumsum(sizes)[:-1])
    return {name: Common(masks[i], _ranked(names, pairs[i], i)) for i, name in enumerate(names)}


def _ranked(names: list[str], counts: npt.NDArray[Any], own: int) -> dict[str, int]:
    found = {
        name: int(n) for name, n in zip(names, counts, strict=True) if n and name != names[own]
    }
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))
