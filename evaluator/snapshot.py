"""The snapshot: everything mined at one date, pseudonymous, as four Parquet tables.

A snapshot is a folder: ``datapackage.json`` (a Frictionless Data Package with the provenance of
every source) and one Parquet file per table of :data:`TABLES`.  It is the only thing that passes
between mining and the later stages.  It holds no name, no address and no commit hash: persons are
numbers, mail addresses are reduced to their domain, and commits and messages are keyed hashes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from evaluator.findings import EvaluationError, Finding, file_error
from evaluator.result import SourceRow

PACKAGE = "datapackage.json"
SCHEMA_VERSION = 1
LICENCE = {
    "name": "GPL-3.0-or-later",
    "path": "https://www.gnu.org/licenses/gpl-3.0.html",
    "title": "GNU General Public License v3.0 or later",
}
DESCRIPTION = (
    "Development and mail history of high-availability software, reduced to what metrics need. "
    "Persons, commits and messages are keyed hashes whose key is not part of the package; of mail "
    "addresses only the domain remains."
)
REMINE = "mine it again (evaluate mine), or restore the folder from where it came"

CATEGORY = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Column:
    """One column: Arrow type on disk, Frictionless type in the data package, and its meaning."""

    name: str
    type: pa.DataType
    description: str
    nullable: bool = False

    @property
    def frictionless_type(self) -> str:
        if pa.types.is_boolean(self.type):
            return "boolean"
        if pa.types.is_integer(self.type):
            return "integer"
        if pa.types.is_date(self.type):
            return "date"
        return "datetime" if pa.types.is_timestamp(self.type) else "string"


@dataclass(frozen=True)
class Table:
    """A table: its columns, and the columns that order its rows."""

    name: str
    description: str
    order: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    @property
    def file(self) -> str:
        return f"{self.name}.parquet"


_SOURCE = Column("source", CATEGORY, "Identifier of the source, as in 'sources'")
_PERSON = Column("person", pa.int32(), "Number of the person, one over all sources")
_DOMAIN = Column("domain", CATEGORY, "Mail domain of the author, lower case; empty when none")

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "commits",
            "Commits of the default branch",
            ("source", "committed", "commit"),
            (
                _SOURCE,
                Column("commit", pa.int64(), "Keyed hash; the same change in two sources is equal"),
                _PERSON,
                _DOMAIN,
                Column("authored", pa.date32(), "Author date, UTC"),
                Column("committed", pa.date32(), "Commit date, UTC"),
                Column("merge", pa.bool_(), "Whether it has more than one parent"),
                Column("root", pa.bool_(), "Whether it has no parent"),
                Column("files", pa.int32(), "Files changed; null for merges", True),
                Column("files_code", pa.int32(), "Of these, code by file type", True),
                Column("lines_added", pa.int32(), "Lines added; null for merges", True),
                Column("lines_removed", pa.int32(), "Lines removed; null for merges", True),
            ),
        ),
        Table(
            "messages",
            "Messages of mailing lists",
            ("source", "sent", "message"),
            (
                _SOURCE,
                Column("message", pa.int64(), "Keyed hash of the Message-ID"),
                Column("parent", pa.int64(), "Message that it answers, if archived", True),
                Column("thread", pa.int64(), "Message that began the thread"),
                _PERSON,
                _DOMAIN,
                Column("sent", pa.timestamp("ms", "UTC"), "Date header, UTC, down to the minute"),
                Column("patch", pa.bool_(), "Whether it carries a patch"),
            ),
        ),
        Table(
            "releases",
            "Releases, from tags",
            ("source", "released", "tag"),
            (
                _SOURCE,
                Column("tag", pa.string(), "Tag as in the repository"),
                Column("series", pa.string(), "Release series, such as 2.1"),
                Column("version", pa.string(), "Version without the project's prefix"),
                Column("prerelease", pa.bool_(), "Development version, candidate, alpha or beta"),
                Column("released", pa.date32(), "Date of the tag, UTC"),
            ),
        ),
        Table(
            "persons",
            "Persons that occur in commits or messages",
            ("person",),
            (_PERSON, Column("bot", pa.bool_(), "Whether it is a program")),
        ),
    )
}


@dataclass(frozen=True)
class Snapshot:
    """A verified snapshot in memory.

    Column types: ``source`` and ``domain`` are categories, dates ``datetime64[s]``, ``sent``
    ``datetime64[ms, UTC]``, nullable integers ``Int32``/``Int64``, tags and versions ``str``.
    """

    commits: pd.DataFrame
    messages: pd.DataFrame
    releases: pd.DataFrame
    persons: pd.DataFrame
    sources: list[SourceRow]
    as_of: dt.date
    digest: str
    """SHA-256 of ``datapackage.json``, which holds the SHA-256 of every table."""
    path: Path
    identities: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Per source, and for ``all``: names, addresses, persons, placeholder addresses' commits."""

    def source(self, source_id: str) -> SourceRow | None:
        """Provenance of a source; None when the snapshot does not know it."""
        return next((s for s in self.sources if s.id == source_id), None)


# --- reading --------------------------------------------------------------------------------


def read_snapshot(path: Path | str) -> Snapshot:
    """Read and verify a snapshot.

    Sizes, SHA-256, columns and references between the tables are checked before anything is used.

    Raises
    ------
    EvaluationError
        With one finding per file that is missing, altered, unreadable or of another form.
    """
    folder = Path(path)
    raw, package = _read_package(folder)
    findings: list[Finding] = []
    resources = {r["name"]: r for r in package["resources"] if isinstance(r, dict) and "name" in r}
    frames: dict[str, pd.DataFrame] = {}
    for table in TABLES.values():
        frame = _read_table(folder, table, resources.get(table.name), findings)
        if frame is not None:
            frames[table.name] = frame
    sources, as_of = _provenance(folder / PACKAGE, package, findings)
    if not findings:
        findings += _dangling(folder, frames, sources)
    if findings or as_of is None:
        raise EvaluationError(findings)
    return Snapshot(
        **frames,
        sources=sources,
        as_of=as_of,
        digest=hashlib.sha256(raw).hexdigest(),
        path=folder,
        identities=package.get("identities", {}),
    )


def _read_package(folder: Path) -> tuple[bytes, dict[str, Any]]:
    place = folder / PACKAGE
    try:
        raw = place.read_bytes()
    except OSError as error:
        problem = f"there is no readable snapshot here: {error.strerror}"
        remedy = "give the folder of a snapshot with --snapshot, or make one with 'evaluate mine'"
        raise EvaluationError(file_error("snapshot-missing", place, problem, remedy)) from None
    try:
        package = json.loads(raw)
    except (ValueError, RecursionError) as error:
        problem = f"not a JSON document: {error}"
        raise EvaluationError(file_error("snapshot-package", place, problem, REMINE)) from None
    if not isinstance(package, dict) or not isinstance(package.get("resources"), list):
        problem = "not a data package: it has no list of 'resources'"
        raise EvaluationError(file_error("snapshot-package", place, problem, REMINE))
    if package.get("schema_version") != SCHEMA_VERSION:
        problem = (
            f"snapshot of schema version {package.get('schema_version')!r}; "
            f"this release reads version {SCHEMA_VERSION}"
        )
        raise EvaluationError(file_error("snapshot-version", place, problem, REMINE))
    return raw, package


def _read_table(
    folder: Path, table: Table, resource: dict[str, Any] | None, findings: list[Finding]
) -> pd.DataFrame | None:
    place = folder / table.file

    def fail(code: str, problem: str) -> None:
        findings.append(file_error(code, place, problem, REMINE))

    if resource is None or resource.get("path") != table.file:
        fail("snapshot-package", f"{PACKAGE} has no resource {table.name!r} with this path")
        return None
    try:
        content = place.read_bytes()
    except OSError as error:
        fail("snapshot-file-missing", f"a table of the snapshot cannot be read: {error.strerror}")
        return None
    if len(content) != resource.get("bytes"):
        expected = f"{PACKAGE} says {resource.get('bytes')!r}"
        fail("snapshot-size", f"the file has {len(content)} bytes, {expected}")
        return None
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest != resource.get("hash"):
        fail("snapshot-hash", f"the file is {digest}, {PACKAGE} says {resource.get('hash')!r}")
        return None
    try:
        arrow = pq.read_table(pa.BufferReader(content))
        arrow.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        fail("snapshot-parquet", f"not a readable Parquet file: {error}")
        return None
    if not arrow.schema.equals(table.schema):
        found = ", ".join(f"{f.name} {f.type}" for f in arrow.schema)
        wanted = ", ".join(f"{f.name} {f.type}" for f in table.schema)
        fail("snapshot-schema", f"the columns are {found}; expected: {wanted}")
        return None
    return _to_pandas(arrow, table)


def _to_pandas(arrow: pa.Table, table: Table) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for column in table.columns:
        data = arrow.column(column.name)
        if column.type == CATEGORY:
            series = data.to_pandas()
            columns[column.name] = series.cat.set_categories(sorted(series.cat.categories))
        elif pa.types.is_date(column.type):
            # date32 -> int32 days -> datetime64[s]: going through date objects is 50 times slower.
            days = data.cast(pa.int32()).to_numpy()
            columns[column.name] = days.astype("datetime64[D]").astype("datetime64[s]")
        elif column.nullable:
            columns[column.name] = data.to_pandas(
                types_mapper={pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}.get
            )
        else:
            columns[column.name] = data.to_pandas()
    return pd.DataFrame(columns)


def _provenance(
    place: Path, package: dict[str, Any], findings: list[Finding]
) -> tuple[list[SourceRow], dt.date | None]:
    sources: list[SourceRow] = []
    try:
        for entry in package["sources"]:
            row = {name: entry.get(name) for name in SourceRow.model_fields}
            sources.append(SourceRow.model_validate(row))
    except (ValidationError, KeyError, TypeError, AttributeError) as error:
        problem = f"the provenance in 'sources' is not readable: {error}"
        findings.append(file_error("snapshot-package", place, problem, REMINE))
    try:
        as_of = dt.date.fromisoformat(package["as_of"])
    except (KeyError, TypeError, ValueError):
        problem = f"'as_of' is {package.get('as_of')!r}, expected a date such as 2026-01-31"
        findings.append(file_error("snapshot-package", place, problem, REMINE))
        return sources, None
    return sources, as_of


def _dangling(
    folder: Path, frames: Mapping[str, pd.DataFrame], sources: Sequence[SourceRow]
) -> list[Finding]:
    known = {s.id for s in sources}
    persons = frames["persons"]["person"].to_numpy()
    findings = []
    for name in ("commits", "messages", "releases"):
        frame = frames[name]
        unknown = sorted(set(frame["source"].unique()) - known)
        if unknown:
            problem = f"rows of sources that {PACKAGE} does not know: {', '.join(unknown)}"
            findings.append(
                file_error("snapshot-schema", folder / TABLES[name].file, problem, REMINE)
            )
        if "person" in frame and not np.isin(frame["person"].unique(), persons).all():
            problem = "rows of persons that persons.parquet does not know"
            findings.append(
                file_error("snapshot-schema", folder / TABLES[name].file, problem, REMINE)
            )
    return findings


# --- writing --------------------------------------------------------------------------------


def write_snapshot(
    path: Path | str,
    tables: Mapping[str, pd.DataFrame],
    sources: Sequence[SourceRow],
    as_of: dt.date,
    *,
    identities: Mapping[str, Mapping[str, int]] | None = None,
    tools: Mapping[str, str] | None = None,
) -> None:
    """Write a snapshot aside, then put it in the place of the old one.

    The same tables give the same bytes, whatever the order of their rows.

    Parameters
    ----------
    path
        Folder of the snapshot; replaced when it is a snapshot already.
    tables
        A frame for each name in :data:`TABLES`, with its columns.
    sources
        Provenance of every source, mined or not.
    as_of
        The date up to which the snapshot knows.
    identities
        Counts of names, addresses and persons, per source and for ``all``.
    tools
        Versions of the programs that mined, such as ``{"perceval": "1.6.1"}``.

    Raises
    ------
    EvaluationError
        When the folder cannot be written or holds something else than a snapshot; what was there
        before stays as it was.
    """
    folder = Path(path).absolute()
    _refuse_foreign(folder)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        resources = [_write_table(aside, t, tables[t.name]) for t in TABLES.values()]
        package = _package(resources, sources, as_of, identities or {}, tools or {})
        _write_durably(aside / PACKAGE, package)
        _sync_folder(aside)
        _swap(aside, folder, old)
    except OSError as error:
        problem = f"the snapshot could not be written: {error.strerror or error}"
        remedy = "free some space or give another folder; nothing was changed"
        raise EvaluationError(file_error("snapshot-unwritable", folder, problem, remedy)) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    ours = {PACKAGE, *(t.file for t in TABLES.values())}
    try:
        foreign = sorted(set(os.listdir(folder)) - ours)
    except FileNotFoundError:
        return
    except OSError as error:
        problem = f"not a folder that can be replaced: {error.strerror}"
        raise EvaluationError(
            file_error("snapshot-unwritable", folder, problem, "give another folder")
        ) from error
    if foreign:
        problem = f"the folder holds other things than a snapshot: {', '.join(foreign[:5])}"
        remedy = "give an empty or new folder; a snapshot replaces the whole folder"
        raise EvaluationError(file_error("snapshot-unwritable", folder, problem, remedy))


def _write_table(folder: Path, table: Table, frame: pd.DataFrame) -> dict[str, Any]:
    plain = pa.schema([f.with_type(pa.string()) if f.type == CATEGORY else f for f in table.schema])
    # Sorted as plain text and only then encoded: dictionaries follow the rows, not the input.
    columns = frame.loc[:, list(plain.names)].astype(
        {c.name: "str" for c in table.columns if c.type == CATEGORY}
    )
    arrow = pa.Table.from_pandas(columns, schema=plain, preserve_index=False)
    arrow = arrow.sort_by([(name, "ascending") for name in table.order])
    arrow = arrow.cast(table.schema).replace_schema_metadata(None)
    sink = pa.BufferOutputStream()
    pq.write_table(arrow, sink, compression="zstd", compression_level=12, row_group_size=1 << 20)
    content = sink.getvalue().to_pybytes()
    _write_durably(folder / table.file, content)
    fields = [
        {
            "name": c.name,
            "type": c.frictionless_type,
            "description": c.description,
            "constraints": {"required": not c.nullable},
        }
        for c in table.columns
    ]
    return {
        "name": table.name,
        "path": table.file,
        "description": table.description,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "rows": arrow.num_rows,
        "schema": {"fields": fields},
    }


def _package(
    resources: list[dict[str, Any]],
    sources: Sequence[SourceRow],
    as_of: dt.date,
    identities: Mapping[str, Mapping[str, int]],
    tools: Mapping[str, str],
) -> bytes:
    entries = [
        {"title": s.id, "path": s.url, **s.model_dump(mode="json")}
        for s in sorted(sources, key=lambda s: s.id)
    ]
    package = {
        "name": "floss-evaluator-snapshot",
        "title": "Mined history of high-availability software",
        "description": DESCRIPTION,
        "schema_version": SCHEMA_VERSION,
        "as_of": as_of.isoformat(),
        "licenses": [LICENCE],
        "resources": resources,
        "sources": entries,
        "identities": {k: dict(v) for k, v in identities.items()},
        "tools": dict(tools),
    }
    return (json.dumps(package, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _write_durably(place: Path, content: bytes) -> None:
    with place.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _swap(new: Path, folder: Path, old: Path) -> None:
    """Put ``new`` in the place of ``folder``; an interruption puts the old one back."""
    try:
        with suppress(FileNotFoundError):
            folder.rename(old)
        new.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    _sync_folder(folder.parent)
