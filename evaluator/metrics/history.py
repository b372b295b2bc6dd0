"""A candidate's history as of a date: the slice of the snapshot that its metrics may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaluator.snapshot import Snapshot
from evaluator.study.catalogue import Catalogue
from evaluator.study.model import Study

DAYS_PER_MONTH = 365.25 / 12
MAIL_SILENCE_DAYS = 30
INSTANTS = ("opened", "first_response", "closed")
KINDS = {
    "git": "repository",
    "mail": "mail archive",
    "tracker": "issue tracker",
    "packages": "package index",
}
"""Kinds of source, in words."""


def months_before(date: pd.Timestamp, months: int) -> pd.Timestamp:
    """The same day of the month, so many months earlier (the month's last day if shorter)."""
    return date - pd.DateOffset(months=months)


@dataclass(frozen=True)
class Organisations:
    """Mail domain → organisation; personal, placeholder and lone domains are unknown (ours)."""

    names: Mapping[str, str]
    unknown: frozenset[str]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Organisations:
        names = {d.lower(): o.name for o in catalogue.organisations for d in o.domains}
        nobody = [*catalogue.personal_domains, *catalogue.placeholder_domains, ""]
        return cls(names, frozenset(d.lower() for d in nobody))

    def organisation(self, domain: str) -> str | None:
        """Organisation of a domain or of the closest parent domain that is listed.

        None for a domain of nobody's; the domain itself when none is listed.
        """
        labels = domain.split(".")
        for start in range(len(labels)):
            parent = ".".join(labels[start:])
            if parent in self.unknown:
                return None
            if parent in self.names:
                return self.names[parent]
        return domain


@dataclass(frozen=True)
class History:
    """Everything known of one candidate up to and including ``as_of``.

    ``commits`` are deduplicated over the candidate's sources (shared history counts once);
    ``work`` leaves out merges and bots.  ``born`` is the author date where it is plausible, the
    commit date otherwise: it dates a person's arrival, while ``committed`` dates activity, so
    that nothing that entered a repository later can leak into an earlier as-of date.
    """

    candidate: str
    as_of: pd.Timestamp
    commits: pd.DataFrame
    work: pd.DataFrame
    messages: pd.DataFrame
    issues: pd.DataFrame
    packages: pd.DataFrame
    releases: pd.DataFrame
    organisations: Organisations
    missing: Mapping[str, str] = field(default_factory=dict)
    """Why there is no ``git``, ``mail``, ``tracker`` or ``packages``; absent when there is."""
    partial_releases: str = ""
    """Why the mined tags are not all releases; empty when they are."""
    mail_end: pd.Timestamp | None = None
    """Newest message of the archives, as of the date."""

    def recorded(self, kind: str) -> pd.DataFrame:
        """What sources of a kind gave: commits, messages, issues or packages."""
        frames = {"mail": self.messages, "tracker": self.issues, "packages": self.packages}
        return frames.get(kind, self.commits)

    def window(self, frame: pd.DataFrame, column: str, months: int, end: int = 0) -> pd.DataFrame:
        """Rows in the ``months`` months that end ``end`` months before the as-of date."""
        stop = months_before(self.as_of, end) + pd.Timedelta(days=1)
        start = months_before(self.as_of, end + months) + pd.Timedelta(days=1)
        dates = frame[column]
        return frame[(dates >= start) & (dates < stop)]

    def months_since(self, date: pd.Timestamp) -> float:
        return (self.as_of - date).days / DAYS_PER_MONTH

    def mail_share_covered(self, months: int) -> float:
        """Share of the window that the archive covers: a list may have moved or been cut off."""
        if self.mail_end is None:
            return 0.0
        start = months_before(self.as_of, months)
        silent = (self.as_of - self.mail_end).days
        if silent <= MAIL_SILENCE_DAYS:
            return 1.0
        return max(0.0, (self.mail_end - start).days / (self.as_of - start).days)


def candidate_history(study: Study, snapshot: Snapshot, candidate: str, as_of: dt.date) -> History:
    """Slice the snapshot for one candidate (its own sources, not those of a suite's parts)."""
    end = pd.Timestamp(as_of).as_unit("s")
    sources = study.candidates[candidate].data_sources
    ids = [s.id for s in sources]
    commits = _commits(snapshot, ids, end)
    bots = snapshot.persons.loc[snapshot.persons["bot"], "person"].to_numpy()
    work = commits[~commits["merge"] & ~commits["person"].isin(bots)]
    messages = _rows(snapshot.messages, ids).drop_duplicates("message")
    messages = messages.assign(day=messages["sent"].dt.tz_localize(None))
    messages = messages[messages["day"] < end + pd.Timedelta(days=1)]
    messages = messages[~messages["person"].isin(bots)]
    releases = _rows(snapshot.releases, ids)
    # the same number on another day is another release: drbd and drbd-utils both had a 9.1.0
    releases = releases[releases["released"] <= end].drop_duplicates(["version", "released"])
    issues = _rows(snapshot.issues, ids)
    issues = issues.assign(**{column: issues[column].dt.tz_localize(None) for column in INSTANTS})
    issues = issues[(issues["opened"] < end + pd.Timedelta(days=1)) & ~issues["person"].isin(bots)]
    # what happened after the date is not known at the date
    for column in INSTANTS:
        issues[column] = issues[column].where(issues[column] < end + pd.Timedelta(days=1))
    issues["merged"] &= issues["closed"].notna()
    packages = _rows(snapshot.packages, ids)
    missing = {kind: _missing(snapshot, ids, kind, what) for kind, what in KINDS.items()}
    return History(
        candidate=candidate,
        as_of=end,
        commits=commits,
        work=work,
        messages=messages,
        issues=issues,
        packages=packages[packages["dated"] <= end],
        releases=releases,
        organisations=Organisations.of(study.catalogue),
        missing={k: v for k, v in missing.items() if v},
        partial_releases="; ".join({s.partial_releases: 0 for s in sources if s.partial_releases}),
        mail_end=messages["day"].max() if len(messages) else None,
    )


def _rows(frame: pd.DataFrame, ids: Sequence[str]) -> pd.DataFrame:
    return frame[frame["source"].isin(ids)]


def _commits(snapshot: Snapshot, ids: Sequence[str], end: pd.Timestamp) -> pd.DataFrame:
    commits = _rows(snapshot.commits, ids)
    # of a change that is in two sources the earlier commit counts: a later one cannot move it
    commits = commits[commits["committed"] <= end].sort_values("committed", kind="stable")
    commits = commits.drop_duplicates("commit")
    authored, committed = commits["authored"].to_numpy(), commits["committed"].to_numpy()
    plausible = (authored >= np.datetime64("1990-01-01")) & (authored <= committed)
    return commits.assign(born=np.where(plausible, authored, committed))


def _missing(snapshot: Snapshot, ids: Sequence[str], kind: str, what: str) -> str:
    """Why nothing of this kind can be counted; empty when at least one source was mined."""
    rows = [row for i in ids if (row := snapshot.source(i)) is not None and row.kind == kind]
    if not rows:
        unknown = [i for i in ids if snapshot.source(i) is None]
        lacking = f"; not in the snapshot: {', '.join(unknown)}" if unknown else ""
        return f"no {what} is listed for this candidate{lacking}"
    if any(row.outcome == "ok" for row in rows):
        return ""
    return "; ".join(f"{row.id}: {row.reason}" for row in rows)
