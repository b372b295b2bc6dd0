"""A bundle on disk: written aside and renamed into place, verified by its manifest."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from evaluator.findings import EvaluationError, ExitCode, Finding, Where

MANIFEST = "manifest.json"
FORMAT = "floss-evaluator-bundle"
SCHEMA_VERSION = 1
MODE = 0o644


def manifest(files: Mapping[str, bytes], provenance: Mapping[str, str]) -> bytes:
    """Render ``manifest.json``: where the bundle comes from, and every other file's fingerprint."""
    entries = [
        {
            "path": path,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "mode": f"{MODE:04o}",
        }
        for path, content in sorted(files.items())
    ]
    document = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "provenance": dict(sorted(provenance.items())),
        "files": entries,
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def write(files: Mapping[str, bytes], folder: Path) -> Path:
    """Put the files in place of ``folder``, all of them or none; gives its absolute path.

    They are written to a temporary folder beside it and swapped by rename.

    Raises
    ------
    EvaluationError
        ``not-a-bundle`` if ``folder`` exists and is something else (exit code 2);
        ``output-not-written`` if the system refuses (exit code 2).
    """
    folder = Path(os.path.abspath(folder))
    aside: Path | None = None
    try:
        if os.path.lexists(folder) and not _replaceable(folder):
            raise _error(
                "not-a-bundle",
                folder,
                "it exists and is not a bundle, so it is not replaced",
                "choose another folder, or move this one away",
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        fresh = aside / "new"
        for path, content in files.items():
            _write_file(fresh / path, content)
        for inner in (fresh, *(p for p in fresh.rglob("*") if p.is_dir())):
            inner.chmod(0o755)
        old = aside / "old"
        try:
            if folder.exists():
                folder.rename(old)
            fresh.rename(folder)
        except BaseException:  # an interrupt must not cost the old bundle either
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
    except OSError as problem:
        raise _error(
            "output-not-written",
            folder,
            f"{problem.strerror or problem}; nothing was changed",
            "choose a folder that can be written, with enough free space",
        ) from problem
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
    return folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read ``manifest.json`` of a bundle.

    Raises
    ------
    EvaluationError
        ``not-a-bundle`` if it is missing or not a manifest of a known version (exit code 2).
    """
    path = Path(folder) / MANIFEST
    try:
        document = json.loads(path.read_bytes())
    except OSError as problem:
        raise _error(
            "not-a-bundle", path, problem.strerror or str(problem), "name the folder of a bundle"
        ) from problem
    except ValueError as problem:
        raise _error(
            "not-a-bundle", path, f"it is not JSON: {problem}", "render the bundle again"
        ) from problem
    if not _is_manifest(document):
        raise _error(
            "not-a-bundle",
            path,
            f"it is not a manifest of format {FORMAT!r}, version {SCHEMA_VERSION}",
            "render the bundle again with this version",
        )
    return dict(document)


def verify(folder: Path) -> list[Finding]:
    """Compare a folder with its manifest; an empty list means that it is as it was rendered.

    Raises
    ------
    EvaluationError
        As :func:`read_manifest`.
    """
    folder = Path(folder)
    entries = {e["path"]: e for e in read_manifest(folder)["files"]}
    found = []
    present = {
        p.relative_to(folder).as_posix(): p
        for p in folder.rglob("*")
        if p.is_symlink() or not p.is_dir()
    }
    again = "render the bundle again"
    for path in sorted(entries.keys() | present.keys() - {MANIFEST}):
        where, entry = folder / path, entries.get(path)
        if entry is None:
            found.append(_finding("file-unknown", where, "the manifest does not know it", again))
        elif path not in present:
            found.append(_finding("file-missing", where, "the manifest lists it", again))
        elif where.is_symlink() or not where.is_file():
            found.append(_finding("file-changed", where, "it is not a regular file", again))
        else:
            digest = hashlib.sha256(where.read_bytes()).hexdigest()
            if digest != entry["sha256"]:
                message = f"its SHA-256 is {digest}, the manifest says {entry['sha256']}"
                found.append(_finding("file-changed", where, message, again))
            mode = f"{stat.S_IMODE(where.stat().st_mode):04o}"
            if mode != entry["mode"]:
                message = f"its mode is {mode}, the manifest says {entry['mode']}"
                found.append(_finding("file-mode", where, message, f"chmod {entry['mode']} it"))
    return found


def _is_manifest(document: object) -> bool:
    return (
        isinstance(document, dict)
        and document.get("format") == FORMAT
        and document.get("schema_version") == SCHEMA_VERSION
        and isinstance(document.get("provenance"), dict)
        and isinstance(document.get("files"), list)
        and all(_is_entry(e) for e in document["files"])
    )


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not {"path", "sha256", "size", "mode"} <= entry.keys():
        return False
    path = PurePosixPath(str(entry["path"]))
    return not path.is_absolute() and ".." not in path.parts


def _replaceable(folder: Path) -> bool:
    """A real folder that is empty or holds a bundle."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    if not any(folder.iterdir()):
        return True
    try:
        read_manifest(folder)
    except EvaluationError:
        return False
    return True


def _write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    path.chmod(MODE)


def _finding(code: str, path: Path, message: str, remedy: str) -> Finding:
    return Finding(code, message, Where(str(path)), remedy)


def _error(code: str, path: Path, message: str, remedy: str) -> EvaluationError:
    return EvaluationError(_finding(code, path, message, remedy), ExitCode.INVALID)
