from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluator.findings import EvaluationError, ExitCode
from evaluator.result import SourceRow
from evaluator.snapshot import PACKAGE, TABLES, read_snapshot, write_snapshot

AS_OF = dt.date(2025, 6, 30)
SOURCES = [
    SourceRow(
        id=name,
        backend="git",
        kind="git",
        backend_version="1",
        url=f"https://example.net/{name}",
        branch="main",
        head="0" * 40,
        outcome="ok",
        reason="",
        items=2,
        first=dt.date(2020, 1, 1),
        last=AS_OF,
        retrieved=AS_OF,
        dropped={"reason": 1},
        note="",
    )
    for name in ("one", "two")
]


def tables() -> dict[str, pd.DataFrame]:
    count = pd.array([3, None], dtype="Int32")
    day = pd.to_datetime(["2020-01-01", "2025-06-30"])
    by = {"person": [2, 1], "domain": ["b", ""], "organisation": ["", "Some"]}
    return {
        "commits": pd.DataFrame(
            {"source": ["one", "two"], "commit": [1, 2**62]}
            | {"person": [1, 2], "domain": ["", "b"], "organisation": ["Some", ""]}
            | {"authored": day, "committed": day, "merge": [False, True], "root": [True, False]}
            | dict.fromkeys(("files", "files_code", "lines_added", "lines_removed"), count)
        ),
        "messages": pd.DataFrame(
            {"source": ["two", "two"], "message": [5, 6], "thread": [5, 5]}
            | {"parent": pd.array([None, 5], dtype="Int64"), **by}
            | {"sent": day.tz_localize("UTC"), "patch": [True, False]}
        ),
        "issues": pd.DataFrame(
            {"source": ["two", "two"], "issue": [8, 9], "kind": ["issue", "change_request"], **by}
            | {"opened": day.tz_localize("UTC"), "merged": [False, True], "comments": [0, 3]}
            | dict.fromkeys(("first_response", "closed"), day.tz_localize("UTC").where([0, 1]))
        ),
        "packages": pd.DataFrame(
            {"source": ["one"], "package": ["one"], "distribution": ["debian"]}
            | {"release": ["bookworm"], "version": ["1:1.0-2"], "upstream": ["1.0"]}
            | {"installed_kb": [12], "depends": [3], "reverse_depends": [1], "dated": day[:1]}
        ),
        "releases": pd.DataFrame(
            {"source": ["one"], "tag": ["v1.0"], "series": ["1.0"], "version": ["1.0"]}
            | {"prerelease": [False], "released": day[:1]}
        ),
        "persons": pd.DataFrame({"person": [1, 2], "bot": [False, True]}),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "snapshot"
    write_snapshot(place, tables(), SOURCES, AS_OF, identities={"all": {"persons": 2}})
    return place


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_what_is_written_is_read(folder: Path) -> None:
    snapshot = read_snapshot(folder)
    assert snapshot.sources == SOURCES
    assert snapshot.as_of == AS_OF
    assert snapshot.identities == {"all": {"persons": 2}}
    assert snapshot.digest == hashlib.sha256((folder / PACKAGE).read_bytes()).hexdigest()
    assert snapshot.source("two") == SOURCES[1]
    assert snapshot.source("three") is None
    commits, messages = snapshot.commits, snapshot.messages
    assert list(commits["commit"]) == [1, 2**62]
    assert commits["files"].isna().tolist() == [False, True]
    assert str(commits["committed"].iloc[1].date()) == "2025-06-30"
    assert str(messages["sent"].dt.tz) == "UTC"
    assert messages["parent"].isna().tolist() == [True, False]
    kinds = {str(d) for f in (commits, messages, snapshot.persons) for d in f.dtypes}
    assert kinds <= {"category", "int64", "int32", "Int32", "Int64", "bool"} | {
        "datetime64[s]",
        "datetime64[ms, UTC]",
    }


def test_columns_are_documented_in_the_data_package(folder: Path) -> None:
    package = json.loads((folder / PACKAGE).read_text())
    for resource_entry in package["resources"]:
        content = (folder / resource_entry["path"]).read_bytes()
        assert resource_entry["bytes"] == len(content)
        fields = resource_entry["schema"]["fields"]
        assert [f["name"] for f in fields] == TABLES[resource_entry["name"]].schema.names
        assert all(f["description"] and f["type"] for f in fields)
    assert package["licenses"][0]["name"]
    assert [s["path"] for s in package["sources"]] == [s.url for s in SOURCES]


def test_order_of_rows_does_not_change_the_bytes(folder: Path, tmp_path: Path) -> None:
    backwards = {name: frame.iloc[::-1] for name, frame in tables().items()}
    write_snapshot(
        tmp_path / "b", backwards, SOURCES[::-1], AS_OF, identities={"all": {"persons": 2}}
    )
    assert contents(tmp_path / "b") == contents(folder)


def test_empty_tables(tmp_path: Path) -> None:
    empty = {name: frame.iloc[:0] for name, frame in tables().items()}
    write_snapshot(tmp_path / "e", empty, SOURCES, AS_OF)
    assert read_snapshot(tmp_path / "e").messages.empty


# --- damage ---------------------------------------------------------------------------------


def repackage(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    package = json.loads((folder / PACKAGE).read_text())
    change(package)
    (folder / PACKAGE).write_text(json.dumps(package))


def rehash(folder: Path, name: str) -> None:
    content = (folder / f"{name}.parquet").read_bytes()

    def change(package: dict[str, object]) -> None:
        for entry in package["resources"]:  # type: ignore[attr-defined]
            if entry["name"] == name:
                entry["bytes"] = len(content)
                entry["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"

    repackage(folder, change)


def flip(folder: Path) -> None:
    place = folder / "commits.parquet"
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)


def truncate(folder: Path) -> None:
    os.truncate(folder / "messages.parquet", 100)


def garbage(folder: Path) -> None:
    (folder / "persons.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    rehash(folder, "persons")


def other_columns(folder: Path) -> None:
    pq.write_table(pa.table({"tag": ["v1"]}), folder / "releases.parquet")
    rehash(folder, "releases")


def unknown_person(folder: Path) -> None:
    place = folder / "persons.parquet"
    pq.write_table(pq.read_table(place).slice(0, 1), place)
    rehash(folder, "persons")


def unknown_source(folder: Path) -> None:
    repackage(folder, lambda p: p["sources"].pop())  # type: ignore[attr-defined]


DAMAGE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no folder": (lambda f: f.rename(f.with_name("moved")), "snapshot-missing", PACKAGE),
    "no package": (lambda f: (f / PACKAGE).unlink(), "snapshot-missing", PACKAGE),
    "no JSON": (lambda f: (f / PACKAGE).write_text("{"), "snapshot-package", PACKAGE),
    "deep JSON": (lambda f: (f / PACKAGE).write_text("[" * 10**6), "snapshot-package", PACKAGE),
    "not text": (lambda f: (f / PACKAGE).write_bytes(b"\xff\xfe{"), "snapshot-package", PACKAGE),
    "a list": (lambda f: (f / PACKAGE).write_text("[]"), "snapshot-package", PACKAGE),
    "version": (
        lambda f: repackage(f, lambda p: p.update(schema_version=99)),
        "snapshot-version",
        PACKAGE,
    ),
    "date": (
        lambda f: repackage(f, lambda p: p.update(as_of="today")),
        "snapshot-package",
        "as_of",
    ),
    "sources": (
        lambda f: repackage(f, lambda p: p.update(sources=[{"id": 1}])),
        "snapshot-package",
        "provenance",
    ),
    "resource": (
        lambda f: repackage(f, lambda p: p.update(resources=[1, {}, {"name": []}])),
        "snapshot-package",
        "commits",
    ),
    "path": (
        lambda f: repackage(f, lambda p: p["resources"][0].update(path="../x")),
        "snapshot-package",
        "commits",
    ),
    "file gone": (
        lambda f: (f / "commits.parquet").unlink(),
        "snapshot-file-missing",
        "commits.parquet",
    ),
    "flipped bit": (flip, "snapshot-hash", "commits.parquet"),
    "truncated": (truncate, "snapshot-size", "messages.parquet"),
    "no Parquet": (garbage, "snapshot-parquet", "persons.parquet"),
    "columns": (other_columns, "snapshot-schema", "releases.parquet"),
    "person": (unknown_person, "snapshot-schema", "commits.parquet"),
    "source": (unknown_source, "snapshot-schema", "two"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_found_and_named(kind: str, folder: Path) -> None:
    damage, code, names = DAMAGE[kind]
    damage(folder)
    with pytest.raises(EvaluationError) as raised:
        read_snapshot(folder)
    assert raised.value.exit_code == ExitCode.INVALID
    assert {f.code for f in raised.value.findings} == {code}
    assert names in str(raised.value)
    assert all(f.remedy for f in raised.value.findings)


def test_all_damaged_files_are_named_at_once(folder: Path) -> None:
    flip(folder)
    truncate(folder)
    with pytest.raises(EvaluationError) as raised:
        read_snapshot(folder)
    assert [f.code for f in raised.value.findings] == ["snapshot-hash", "snapshot-size"]


# --- writing that fails ---------------------------------------------------------------------


class Interrupted(Mapping[str, pd.DataFrame]):
    """Tables during which Ctrl-C is pressed when half is written."""

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name == "releases":
            raise KeyboardInterrupt
        return tables()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(TABLES)

    def __len__(self) -> int:
        return len(TABLES)


def test_interruption_leaves_the_old_snapshot(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(KeyboardInterrupt):
        write_snapshot(folder, Interrupted(), SOURCES, AS_OF)
    assert contents(folder) == before
    assert [p.name for p in folder.parent.iterdir()] == ["snapshot"]


def test_new_snapshot_replaces_the_old(folder: Path) -> None:
    write_snapshot(folder, tables(), SOURCES, dt.date(2026, 1, 1))
    assert read_snapshot(folder).as_of == dt.date(2026, 1, 1)
    assert [p.name for p in folder.parent.iterdir()] == ["snapshot"]


def test_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(EvaluationError, match="holds other things than a snapshot: thesis"):
        write_snapshot(tmp_path, tables(), SOURCES, AS_OF)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(EvaluationError, match="snapshot-unwritable"):
            write_snapshot(place, tables(), SOURCES, AS_OF)
    assert (tmp_path / "file").read_text() == ""


FULL = """
import sys
from pathlib import Path
from tests.test_snapshot import AS_OF, SOURCES, tables
from evaluator.findings import EvaluationError
from evaluator.snapshot import write_snapshot
try:
    write_snapshot(Path(sys.argv[1]), tables(), SOURCES, AS_OF)
except EvaluationError as error:
    print(error)
"""


def test_no_room_leaves_the_old_snapshot(folder: Path) -> None:
    before = contents(folder)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (Path.cwd(), *sys.path)))},
        # No file may grow past 2,000 bytes: writing fails in the middle, as on a full disk.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    assert "snapshot-unwritable" in done.stdout
    assert "nothing was changed" in done.stdout
    assert contents(folder) == before
    assert [p.name for p in folder.parent.iterdir()] == ["snapshot"]


def test_shipped_snapshot_is_whole_and_names_nobody() -> None:
    folder = Path(__file__).parents[1] / "data" / "snapshot"
    snapshot = read_snapshot(folder)
    assert sum(p.stat().st_size for p in folder.iterdir()) < 40_000_000
    assert {s.outcome for s in snapshot.sources} <= {"ok", "not_available"}
    counted = snapshot.commits["source"].value_counts().to_dict()
    for frame in (snapshot.messages, snapshot.issues, snapshot.packages):
        # each source has items of one kind; those of the others count zero
        counted |= {k: n for k, n in frame["source"].value_counts().items() if n}
    for row in snapshot.sources:
        assert row.items == counted.get(row.id, 0)
        assert (row.items > 0) == (row.outcome == "ok")
    package = json.loads((folder / PACKAGE).read_text())
    for entry in package["sources"]:
        assert not [k for k, v in entry.items() if k not in ("url", "path") and "@" in str(v)]
