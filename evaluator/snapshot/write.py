"""Writing a snapshot: aside first, then into the place of the old one."""

from __future__ import annotations

import datetime as dt
import glob
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evaluator.findings import EvaluationError, file_error
from evaluator.result import QualityRow, SourceRow
from evaluator.snapshot.tables import CATEGORY, PACKAGE, SCHEMA_VERSION, TABLES, Table

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


def write_snapshot(
    path: Path | str,
    tables: Mapping[str, pd.DataFrame],
    sources: Sequence[SourceRow],
    as_of: dt.date,
    *,
    identities: Mapping[str, Mapping[str, int]] | None = None,
    tools: Mapping[str, str] | None = None,
    quality: Sequence[QualityRow] = (),
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
    quality
        What is to be known of the sources' data at ``as_of``.

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
        _clear(folder)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        resources = [_write_table(aside, t, tables[t.name]) for t in TABLES.values()]
        package = _package(resources, sources, as_of, identities or {}, tools or {}, quality)
        _write_durably(aside / PACKAGE, package)
        _sync_folder(aside)
        _swap(aside, folder, old)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def confirm_sources(
    path: Path | str, retrieved: Mapping[str, dt.date]
) -> tuple[list[SourceRow], list[QualityRow]]:
    """Bring the days of retrieval in a snapshot up to date; give its provenance and quality.

    Parameters
    ----------
    path
        Folder of a snapshot that is known to be whole.
    retrieved
        Day on which the origin of each source confirmed that there is nothing new.

    Raises
    ------
    EvaluationError
        When the folder cannot be written.
    """
    place = Path(path).absolute() / PACKAGE
    package = json.loads(place.read_bytes())
    entries = package["sources"]
    for entry in entries:
        if entry["id"] in retrieved:
            entry["retrieved"] = retrieved[entry["id"]].isoformat()
    content = _encoded(package)
    aside = place.with_name(f".{PACKAGE}.partial")
    try:
        if content != place.read_bytes():
            _write_durably(aside, content)
            os.replace(aside, place)
    except OSError as error:
        raise _unwritable(place.parent, error) from error
    finally:
        aside.unlink(missing_ok=True)
    fields = SourceRow.model_fields
    rows = [SourceRow(**{k: v for k, v in entry.items() if k in fields}) for entry in entries]
    return rows, [QualityRow(**row) for row in package["quality"]]


def _unwritable(folder: Path, error: OSError) -> EvaluationError:
    problem = f"the snapshot could not be written: {error.strerror or error}"
    remedy = "free some space or give another folder; nothing was changed"
    return EvaluationError(file_error("snapshot-unwritable", folder, problem, remedy))


def _encoded(package: Mapping[str, Any]) -> bytes:
    return (json.dumps(package, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


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


def _clear(folder: Path) -> None:
    """Take away what killed runs left beside the folder; bring an old snapshot back if need be."""
    for left in sorted(folder.parent.glob(f".{glob.escape(folder.name)}.*")):
        match = re.fullmatch(r"\.(\d+)\.(partial|old)", left.name.removeprefix(f".{folder.name}"))
        if match is None or Path(f"/proc/{match[1]}").exists():
            continue
        if match[2] == "old" and not folder.exists():
            left.rename(folder)
        else:
            shutil.rmtree(left, ignore_errors=True)


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
    quality: Sequence[QualityRow],
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
        "quality": [row.model_dump(mode="json") for row in quality],
    }
    return _encoded(package)


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
