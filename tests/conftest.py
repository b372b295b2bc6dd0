"""Shared by all tests: the shipped study and its run, and a builder of synthetic ones.

Everything that a ``synthetic_…`` fixture builds is made up for a test and holds nobody's data.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings

import evaluator as ev
from evaluator import cli
from evaluator.content import criteria_folder
from evaluator.result import SourceRow
from evaluator.snapshot import TABLES, Snapshot, read_snapshot, write_snapshot
from evaluator.study import Study
from evaluator.study.candidate import Candidate
from evaluator.study.catalogue import Affiliation
from tests.command import Evaluate, Result

# no deadline: a busy machine is no mistake; the same examples in every run
settings.register_profile("evaluator", deadline=None, derandomize=True)
settings.load_profile("evaluator")

Rows = Sequence[Mapping[str, Any]]

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "commits": {
        "source": "alpha",
        "domain": "",
        "organisation": "",
        "merge": False,
        "root": False,
        "files": 1,
        "files_code": 1,
        "lines_added": 2,
        "lines_removed": 1,
    },
    "messages": {"source": "alpha-list", "domain": "", "organisation": "", "parent": None}
    | {"patch": False},
    "issues": {},
    "packages": {},
    "releases": {"source": "alpha", "series": "1", "prerelease": False},
}


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """Runs the command inside this process."""
    for name in [n for n in os.environ if n.startswith("EVALUATE_")]:
        monkeypatch.delenv(name)

    def run(*arguments: object) -> Result:
        monkeypatch.setattr("sys.argv", ["evaluate", *map(str, arguments)])
        code = cli.run()
        out, err = capsys.readouterr()
        return Result(int(code), out, err)

    return run


@pytest.fixture(scope="session")
def shipped() -> ev.Analysis:
    """The shipped study and snapshot."""
    return ev.load("sme.yml")


@pytest.fixture(scope="session")
def shipped_run(shipped: ev.Analysis) -> ev.Run:
    """The run of the shipped study, as of its snapshot's date."""
    return shipped.run()


@pytest.fixture
def criteria_copy(tmp_path: Path) -> Path:
    """A copy of the shipped criteria folder, for a test to edit."""
    return Path(shutil.copytree(criteria_folder(), tmp_path / "criteria"))


def _frame(name: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    columns = TABLES[name].columns
    filled = [{**DEFAULTS[name], **row} for row in rows]
    frame = pd.DataFrame(filled, columns=[c.name for c in columns])
    for column in columns:
        kind = column.frictionless_type
        if kind in ("date", "datetime"):
            frame[column.name] = pd.to_datetime(frame[column.name], utc=kind == "datetime")
        elif kind == "integer" and column.nullable:
            frame[column.name] = frame[column.name].astype("Int64")
        elif kind in ("integer", "boolean"):
            frame[column.name] = frame[column.name].astype("int64" if kind == "integer" else bool)
        else:
            frame[column.name] = frame[column.name].astype("str")
    return frame


@pytest.fixture
def synthetic_snapshot(tmp_path: Path) -> Callable[..., Snapshot]:
    """Builds a made-up snapshot from rows, by way of the disk and its verification.

    A commit needs ``person`` and ``committed`` (``authored`` and ``commit`` follow), a message
    ``person`` and ``sent`` (without ``thread`` it begins one), a release ``tag`` and ``released``.
    """

    def build(
        commits: Rows = (),
        messages: Rows = (),
        releases: Rows = (),
        *,
        as_of: dt.date = dt.date(2024, 6, 30),
        bots: Sequence[int] = (),
        unavailable: Mapping[str, str] | None = None,
    ) -> Snapshot:
        commits = [{"commit": i, "authored": c["committed"], **c} for i, c in enumerate(commits)]
        messages = [{"message": i, "thread": i, **m} for i, m in enumerate(messages)]
        releases = [{"version": r["tag"], **r} for r in releases]
        persons = sorted({r["person"] for r in (*commits, *messages)} | set(bots))
        reasons = unavailable or {}
        used = {r.get("source", "alpha") for r in (*commits, *releases)}
        used |= {r.get("source", "alpha-list") for r in messages}
        sources = [
            SourceRow(
                id=name, backend="mbox" if name.endswith("-list") else "git",
                kind="mail" if name.endswith("-list") else "git",
                backend_version="synthetic", url="https://synthetic.example/", branch="", head="",
                outcome="not_available" if name in reasons else "ok",
                reason=reasons.get(name, ""), items=0, first=None, last=None, retrieved=None,
                dropped={}, note="synthetic",
            )
            for name in sorted(used | {"alpha", "alpha-list"} | set(reasons))
        ]  # fmt: skip
        tables = {
            "commits": _frame("commits", commits),
            "messages": _frame("messages", messages),
            "issues": _frame("issues", ()),
            "packages": _frame("packages", ()),
            "releases": _frame("releases", releases),
            "persons": pd.DataFrame({"person": persons, "bot": [p in bots for p in persons]}),
        }
        folder = tmp_path / "synthetic-snapshot"
        write_snapshot(folder, tables, sources, as_of)
        return read_snapshot(folder)

    return build


@pytest.fixture
def synthetic_study(shipped: ev.Analysis) -> Callable[..., Study]:
    """Builds a study of made-up candidates within the shipped criteria, catalogue and site.

    By default one, ``alpha``, with a repository ``alpha`` and a list ``alpha-list``.
    """

    def build(
        sources: Mapping[str, Sequence[str]] | None = None,
        *,
        organisations: Mapping[str, Sequence[str]] | None = None,
        personal: Sequence[str] = (),
        placeholders: Sequence[str] = (),
    ) -> Study:
        model = shipped.study.candidates["haproxy"]
        candidates: dict[str, Candidate] = {}
        for name, ids in (sources or {"alpha": ["alpha", "alpha-list"]}).items():
            listed = [
                model.data_sources[0].model_copy(
                    update={
                        "partial_releases": "",
                        "id": i,
                        "backend": "mbox" if i.endswith("-list") else "git",
                    }
                )
                for i in ids
            ]
            candidates[name] = model.model_copy(update={"id": name, "data_sources": listed})
        known = [
            Affiliation(name=name, domains=list(domains))
            for name, domains in (organisations or {}).items()
        ]
        catalogue = shipped.study.catalogue.model_copy(
            update={
                "organisations": known,
                "personal_domains": list(personal),
                "placeholder_domains": list(placeholders),
            }
        )
        return shipped.study.model_copy(
            update={"candidates": candidates, "stacks": {}, "catalogue": catalogue}
        )

    return build
