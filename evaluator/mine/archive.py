"""Archives that are files: each is read once, and again only when it has changed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluator.mine import mbox
from evaluator.mine.command import SourceError, shown
from evaluator.mine.mail import message_row
from evaluator.mine.shelf import Shelf
from evaluator.mine.sources import RAW, Harvest, Mining
from evaluator.study.candidate import DataSource

BATCH = 2_000
"""Rows of a part: what is in memory at once."""
SAVE_BYTES = 10_000_000
"""Of files read, after which it is remembered that they are."""
NAMED = 3
"""Files that a note names; the others are counted."""

Row = dict[str, Any]
Reading = Generator[tuple[str, Row], None, dict[str, Any]]
"""Rows of a file with the table of each; in the end, what else is to be known of the file."""


def keep_files(
    source: DataSource,
    mining: Mining,
    files: Sequence[tuple[str, Path]],
    read: Callable[[Path], Reading],
) -> tuple[list[dict[str, Any]], int, int]:
    """Read what has changed of the files.

    Parameters
    ----------
    source, mining
        Whose shelf keeps the rows.
    files
        Names that stay the same from run to run, and places, in order.
    read
        Reads one of them.

    Returns
    -------
    entries
        For every file its ``digest``, its ``parts`` on the shelf and the ``facts`` of its reading.
    new, gone
        Number of rows that were not on the shelf, and that are no longer.
    """
    shelf = mining.shelf(source)
    before = {part for table in RAW for part in shelf.parts(table)}
    known = shelf.recall().get("files", {})
    entries: dict[str, dict[str, Any]] = {}
    unsaved = 0
    for done, (name, path) in enumerate(files, start=1):
        entry = known.get(name)
        status = path.stat()
        stamp = [status.st_size, status.st_mtime_ns]
        if entry is None or entry["stamp"] != stamp:
            digest = _digest(path)
            if entry is None or entry["digest"] != digest:
                stem = f"{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}-"
                parts, facts = _shelve(shelf, stem + digest[:20], read(path), mining)
                entry = {"digest": digest, "parts": parts, "facts": facts}
                unsaved += status.st_size
        entries[name] = {**entry, "stamp": stamp}
        mining.progress(source.id, done, len(files))
        if unsaved > SAVE_BYTES:
            shelf.remember({"files": known | entries})
            unsaved = 0
    if entries != known:
        shelf.remember({"files": entries})
    final = [part for entry in entries.values() for part in entry["parts"]]
    new, gone = changes(before, final, lambda part: column(shelf, part, "key"))
    shelf.discard(before.difference(final))
    return list(entries.values()), new, gone


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _shelve(
    shelf: Shelf, stem: str, reading: Reading, mining: Mining
) -> tuple[list[str], dict[str, Any]]:
    """Put what is read on the shelf in parts; nothing when it cannot be read to its end."""
    parts: list[str] = []
    rows: list[Row] = []
    table = ""

    def put() -> None:
        if mining.git.stopped:
            raise SourceError("interrupted")
        if rows:
            filled = pa.Table.from_pylist(rows, schema=RAW[table])
            parts.append(shelf.put(table, f"{stem}-{len(parts):05}", filled))
            rows.clear()

    try:
        while True:
            try:
                table, row = next(reading)
            except StopIteration as end:
                put()
                return parts, end.value
            rows.append(row)
            if len(rows) == BATCH:
                put()
    except mbox.UnreadableError as error:
        shelf.discard(parts)
        return [], {"unreadable": str(error)}
    except SourceError:
        shelf.discard(parts)
        raise


def changes(
    before: Collection[str], final: Sequence[str], values: Callable[[str], Iterable[str]]
) -> tuple[int, int]:
    """How many items of the final parts are new, and how many of the parts before are gone.

    ``values`` gives of a part what tells its items apart.
    """
    old: Counter[str] = Counter()
    for part in set(before).difference(final):
        old.update(values(part))
    new = 0
    for part in final:
        if part not in before:
            for value in values(part):
                if old[value] > 0:
                    old[value] -= 1
                else:
                    new += 1
    return new, old.total()


def column(shelf: Shelf, part: str, name: str) -> list[str]:
    """Values of one column of a part; none when it cannot be read."""
    table = shelf.get(part, [name])
    return table[name].to_pylist() if table is not None else []


def usable(shelf: Shelf, parts: Sequence[str]) -> bool:
    """Whether any row has no reason to be left out."""
    return any("" in column(shelf, part, "reason") for part in parts)


def harvest_boxes(
    source: DataSource,
    mining: Mining,
    files: Sequence[tuple[str, Path]],
    tool: str,
    dropped: dict[str, int],
) -> Harvest:
    """All messages of mbox files.

    Raises
    ------
    SourceError
        When they hold no message.
    """
    entries, new, gone = keep_files(source, mining, files, _read_box)
    parts = tuple(part for entry in entries for part in entry["parts"])
    unread = [
        f"{name} {entry['facts']['unreadable']}"
        for (name, _), entry in zip(files, entries, strict=True)
        if "unreadable" in entry["facts"]
    ]
    note = ""
    if unread:
        dropped = {**dropped, "files that cannot be read": len(unread)}
        more = f" and {len(unread) - NAMED} more" if len(unread) > NAMED else ""
        note = shown(f"Left out: {'; '.join(unread[:NAMED])}{more}")
    if not usable(mining.shelf(source), parts):
        raise SourceError(f"the archive holds no message. {note}".removesuffix(". "))
    digests = "".join(entry["digest"] for entry in entries)
    return Harvest(
        kind="mail",
        backend_version=tool,
        parts=parts,
        head=hashlib.sha256(digests.encode()).hexdigest(),
        new=new,
        gone=gone,
        dropped=dropped,
        note=note,
    )


def _read_box(path: Path) -> Reading:
    for content in mbox.messages(path):
        # The blank line before the next "From " line is no part of the message.
        key = hashlib.sha256(content.rstrip(b"\r\n")).hexdigest()[:32]
        yield "messages", message_row(key, content)
    return {}
