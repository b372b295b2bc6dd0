"""Files of what a study knows of its people: recognised by content, written whole and private."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from evaluator.content import shown
from evaluator.findings import EvaluationError, Finding, Where, file_error
from evaluator.mine.identities import grimoirelab, ours, sortinghat
from evaluator.mine.identities.curated import Curated
from evaluator.mine.identities.draft import Draft, agreed
from evaluator.study.document import MAX_BYTES, read_document

MOST_JSON = 200_000_000
"""Bytes of a SortingHat export that are read."""


class Kind(StrEnum):
    """Formats that can be read and written."""

    ours = "ours"
    sortinghat = "sortinghat"
    grimoirelab = "grimoirelab"


def read_identities(*paths: Path) -> Curated:
    """What files say of persons, all together.

    Each may be ours (:mod:`evaluator.mine.identities.ours`), SortingHat's JSON or GrimoireLab's
    YAML; its content tells which.

    Raises
    ------
    EvaluationError
        With every finding: what is malformed, unknown, or contradicts itself or another file.
    """
    try:
        return agreed([draft_of(path) for path in paths])
    except EvaluationError:
        # finding places in JSON costs a second reading, which only a mistake is worth
        return agreed([draft_of(path, placed=True) for path in paths])


def draft_of(path: Path, *, placed: bool = False) -> Draft:
    """What one file says, with its findings.

    Raises
    ------
    EvaluationError
        When it cannot be read at all.
    """
    begin = _read(path, 4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    if begin.startswith(b"{"):
        raw = _read(path, MOST_JSON + 1)
        if b'"uidentities"' in raw or b'"organizations"' in raw:
            return _sortinghat(path, raw, placed=placed)
    document = read_document(path)
    if isinstance(document.data, list):
        return grimoirelab.draft_of(document)
    return ours.draft_of(document)


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise EvaluationError(file_error("unreadable-file", shown(path), problem)) from error


def _sortinghat(path: Path, raw: bytes, *, placed: bool) -> Draft:
    name = shown(path)
    if len(raw) > MOST_JSON:
        raise EvaluationError(file_error("file-too-large", name, f"longer than {MOST_JSON} bytes"))
    try:
        data = json.loads(raw.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        where = Where(name, error.lineno, error.colno)
        raise EvaluationError(Finding("json-syntax", error.msg, where)) from error
    except (RecursionError, ValueError) as error:
        raise EvaluationError(file_error("json-syntax", name, str(error))) from error
    document = None
    if placed and len(raw) <= MAX_BYTES:
        with suppress(EvaluationError):
            document = read_document(path)
    place = document.where if document else lambda loc: Where(name)
    return sortinghat.draft_of(data, place, name)


def write_identities(curated: Curated, path: Path, kind: Kind = Kind.ours) -> list[str]:
    """Write what is known of persons; gives what the format cannot hold, one sentence each.

    The file has mode 0600.  GrimoireLab keeps domains in a file of organisations; it is written
    beside, as ``NAME-organizations``, when there are any.
    """
    if kind is Kind.sortinghat:
        text, losses = sortinghat.as_text(curated)
    elif kind is Kind.grimoirelab:
        text, losses = grimoirelab.as_text(curated)
        organisations, lost = grimoirelab.organisations_text(curated)
        losses += lost
        if organisations:
            write_private(path.with_stem(f"{path.stem}-organizations"), organisations)
    else:
        text, losses = ours.as_text(curated)
    write_private(path, text)
    return losses


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # has mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
