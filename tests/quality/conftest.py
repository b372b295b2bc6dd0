"""A sound history of two made-up projects, which tests then spoil."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaluator.quality import assess
from evaluator.result import QualityRow, SourceRow
from evaluator.snapshot import TABLES, Snapshot

AS_OF = dt.date(2024, 6, 30)
BEGUN = dt.date(2015, 1, 5)
BOT = 99

Rows = list[dict[str, Any]]


def frame(name: str, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows in the column types of a snapshot in memory."""
    table = pd.DataFrame(rows, columns=[c.name for c in TABLES[name].columns])
    for column in TABLES[name].columns:
        kind = column.frictionless_type
        if kind == "date":
            table[column.name] = pd.to_datetime(table[column.name]).astype("datetime64[s]")
        elif kind == "datetime":
            table[column.name] = pd.to_datetime(table[column.name], utc=True).dt.as_unit("ms")
        elif kind == "integer" and column.nullable:
            table[column.name] = table[column.name].astype("Int64")
        elif kind in ("integer", "boolean"):
            table[column.name] = table[column.name].astype("int64" if kind == "integer" else bool)
        elif column.name in ("source", "domain"):
            table[column.name] = table[column.name].astype("str").astype("category")
    return table


@dataclass
class Project:
    """Repository ``alpha``, list ``alpha-list``; rows are dictionaries, to be changed at will."""

    name: str
    number: int
    commits: Rows = field(default_factory=list)
    messages: Rows = field(default_factory=list)
    releases: Rows = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def commit(self, day: dt.date, **changes: Any) -> dict[str, Any]:
        """Add a commit; by default one of five persons wrote it two days before."""
        at = len(self.commits)
        row = {
            "source": self.name, "commit": self.number + at, "person": at % 5,
            "domain": "example.edu", "organisation": "", "merge": False, "root": at == 0,
            "authored": day - dt.timedelta(days=2), "committed": day,
            "files": 1, "files_code": 1, "lines_added": 2, "lines_removed": 1,
        }  # fmt: skip
        self.commits.append({**row, **changes})
        return self.commits[-1]

    def thread(self, day: dt.date, *, answered: bool = True, **changes: Any) -> None:
        """Add a message and, a day later, somebody else's answer."""
        first = self.number + len(self.messages)
        for step in range(1 + answered):
            row = {
                "source": f"{self.name}-list", "message": first + step, "thread": first,
                "parent": first if step else None, "person": (first + step) % 7,
                "domain": "example.edu", "organisation": "", "patch": False,
                "sent": pd.Timestamp(day + dt.timedelta(days=step), tz="UTC"),
            }  # fmt: skip
            self.messages.append({**row, **changes})

    def release(self, day: dt.date, version: str, **changes: Any) -> None:
        series = ".".join(version.split(".")[:2])
        row = {"source": self.name, "tag": f"{self.name}-{version}", "series": series}
        row |= {"version": version, "prerelease": False, "released": day}
        self.releases.append({**row, **changes})


def sound(name: str, number: int) -> Project:
    """A commit a week, two releases a year, a list that began small: nothing to remark."""
    project = Project(name, number)
    for week in range((AS_OF - BEGUN).days // 7 + 1):
        day = BEGUN + dt.timedelta(weeks=week)
        project.commit(day)
        if week % 26 == 25:
            project.release(day, f"1.{week // 52}.{week // 26 % 2}")
    for at, days in enumerate(range(0, (AS_OF - BEGUN).days - 1, 4)):
        if at > 25 or at % 5 == 0:
            project.thread(BEGUN + dt.timedelta(days=days))
    return project


def snapshot_of(*projects: Project) -> Snapshot:
    sources = [
        SourceRow(
            id=f"{p.name}{ending}", backend="git", backend_version="", url="https://a.example/",
            branch="", head="", outcome="ok", reason="", items=0, first=None, last=None,
            retrieved=None, dropped={} if ending else p.dropped, note="",
        )
        for p in projects for ending in ("", "-list")
    ]  # fmt: skip
    tables = {
        name: frame(name, [row for p in projects for row in getattr(p, name, ())])
        for name in TABLES
        if name != "persons"
    }
    tables["persons"] = pd.DataFrame({"person": [*range(7), BOT], "bot": [False] * 7 + [True]})
    return Snapshot(**tables, sources=sources, as_of=AS_OF, digest="", path=Path())


@pytest.fixture
def alpha() -> Project:
    return sound("alpha", 0)


@pytest.fixture
def beta() -> Project:
    return sound("beta", 1_000_000)


@pytest.fixture(scope="session")
def snapshot() -> Callable[..., Snapshot]:
    return snapshot_of


@pytest.fixture(scope="session")
def make_project() -> Callable[[], Project]:
    return lambda: Project("alpha", 0)


Look = Callable[..., dict[tuple[str, str], QualityRow]]


@pytest.fixture
def look(alpha: Project, beta: Project) -> Look:
    """Assess both projects as they are now; rows by source and check."""

    def rows(as_of: dt.date = AS_OF) -> dict[tuple[str, str], QualityRow]:
        found = assess(snapshot_of(alpha, beta), as_of)
        return {(row.source, row.check): row for row in found}

    return rows
