"""What fuzzing takes for a mistake: a crash, or an item that is lost without a word.

Each target makes of any bytes an input, gives it to what the product does with it, and counts the
items that went in against the rows that came out.  A row with a reason is an answer, and so is an
error of the product's own; any other exception is a crash.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluator import display
from evaluator.display import mining as mining_display
from evaluator.findings import EvaluationError
from evaluator.mine import Mined, failures, mbox, mine, schedule
from evaluator.mine.cache import Cache
from evaluator.mine.command import Git, SourceError
from evaluator.mine.identities.files import Kind, read_identities, write_identities
from evaluator.mine.mail import LARGEST_BYTES, message_row
from evaluator.mine.sources import COMMITS, MESSAGES, Mining, backend, git, perceval_json
from evaluator.snapshot import read_snapshot
from evaluator.study.candidate import Candidate, DataSource
from evaluator.study.document import read_document, validate
from tests.mine.conftest import HISTORY, TODAY, fast_import
from tests.mine.hostile import hostile_repository

COMMIT = re.compile(rb"^commit ([0-9a-f]{40})", re.MULTILINE)


class LossError(AssertionError):
    """An item is neither a row, nor a row with a reason, nor covered by an error."""


@dataclass(frozen=True)
class Tally:
    """What became of one input."""

    items: int = 0
    rows: int = 0
    reasons: int = 0
    refused: str = ""
    """The error that covers all of it."""


def balanced(items: int, rows: int, reasons: int) -> Tally:
    """The tally, which must add up."""
    if items != rows + reasons:
        raise LossError(f"{items} items, {rows} rows and {reasons} rows with a reason")
    return Tally(items, rows, reasons)


def counted(items: int, rows: list[dict[str, Any]], schema: pa.Schema) -> Tally:
    """The tally of rows, which must fit their table."""
    reasons = sum(1 for row in rows if row["reason"])
    if pa.Table.from_pylist(rows, schema=schema).num_rows != len(rows):
        raise LossError("rows that the table does not have")
    return balanced(items, len(rows) - reasons, reasons)


@contextlib.contextmanager
def mining_in(place: Path) -> Iterator[Mining]:
    tool = Git(1, allow_local=True)
    try:
        yield Mining(tool, Cache(place / "cache"), TODAY, allow_local=True)
    finally:
        tool.stop()


def shelved(mining: Mining, source: DataSource, table: str) -> tuple[list[dict[str, Any]], int]:
    """The rows that a source's harvest names, and what it left out beside them."""
    found = backend(source.backend).harvest(source, mining)
    shelf = mining.shelf(source)
    tables = [shelf.get(part) for part in found.parts if part.startswith(table)]
    return [row for t in tables for row in t.to_pylist()], sum(found.dropped.values())


# --- targets ---------------------------------------------------------------------------------


class GarbledLog:
    """In place of a repository: a log whose commits git shows as they are in a text."""

    def __init__(self, content: bytes) -> None:
        begins = [*(m.start() for m in COMMIT.finditer(content)), len(content)]
        self._head = content[: begins[0]]
        self.shown: dict[str, bytes] = {}
        for begin, end in itertools.pairwise(begins):
            self.shown.setdefault(content[begin + 7 : begin + 47].decode(), content[begin:end])

    def lines(self, *arguments: str, given: bytes, errors: str) -> Iterator[str]:
        whole = self._head + b"".join(self.shown.get(n, b"") for n in given.decode().split())
        for line in whole.splitlines(keepends=True):
            yield line.decode("utf-8", errors)


def git_log(content: bytes, place: Path) -> Tally:
    """Text of a log: every commit that was asked for is a row, those undamaged a good one."""
    log = GarbledLog(content)
    names = [*log.shown, "f" * 40]
    rows = git._rows(log, names, ("--",))  # type: ignore[arg-type]  # all that it asks for
    if [row["key"] for row in rows] != names:
        raise LossError("rows of other commits, or in another order")
    return counted(len(names), rows, COMMITS)


def mbox_file(content: bytes, place: Path) -> Tally:
    """A file: every byte is in a message or in the "From " line before one."""
    path = place / "box.mbox"
    path.write_bytes(content)
    try:
        found = list(mbox.messages(path))
    except mbox.UnreadableError as error:
        return Tally(refused=str(error))
    if not path.read_bytes().startswith((b"\x1f\x8b", b"BZh", b"PK", b"\xfd7zXZ")):
        _conserved(content, found)
    source = DataSource(id="box", backend="mbox", url=str(path))
    with mining_in(place) as mining:
        try:
            rows, _ = shelved(mining, source, "messages")
        except SourceError as error:
            return Tally(refused=str(error))
    return counted(len(found), rows, MESSAGES)


def _conserved(content: bytes, messages: list[bytes]) -> None:
    here = len(content) - len(content.lstrip())
    here = content.find(b"From ", 0, here + 5) if messages else here
    for message in messages:
        end = content.find(b"\n", here) + 1 or len(content)
        # A first line of more than a piece is no part of the message, however long.
        if not content.startswith(b"From ", here):
            raise LossError(f"byte {here} begins a message without a 'From ' line")
        if not content.startswith(message, end):
            raise LossError(f"the message at byte {here} is not what the file has there")
        here = end + len(message)
        if len(message) > LARGEST_BYTES:
            return
    if content[here:].strip():
        raise LossError(f"byte {here} and what follows is in no message")


def message(content: bytes, place: Path) -> Tally:
    """One message: a row."""
    row = message_row("key", content)
    if bool(row["reason"]) == bool(row["id"]):
        raise LossError("neither an identifier nor a reason, or both")
    return counted(1, [row], MESSAGES)


def perceval_items(content: bytes, place: Path) -> Tally:
    """A file of items: each line that is one by itself is a row or counted as left out."""
    path = place / "items.json"
    path.write_bytes(content)
    intact = 0
    for line in content.decode("utf-8", "replace").split("\n"):
        with contextlib.suppress(ValueError, RecursionError):
            intact += bool(line.startswith("{") and not perceval_json._strange(json.loads(line)))
    source = DataSource(id="items", backend="perceval-json", url=str(path))
    with mining_in(place) as mining:
        try:
            found = backend("perceval-json").harvest(source, mining)
        except SourceError as error:
            return Tally(intact, refused=str(error))
        shelf = mining.shelf(source)
        rows = [row for part in found.parts for row in shelf.get(part)["reason"].to_pylist()]
    dropped = sum(found.dropped.values())
    if len(rows) + dropped < intact:
        raise LossError(f"{intact} items, {len(rows)} rows and {dropped} left out")
    good = rows.count("")
    return Tally(len(rows) + dropped, good, len(rows) - good + dropped)


def repository(content: bytes, place: Path) -> Tally:
    """A repository, mined beside a good one into a snapshot that is read back."""
    return mined_repository(hostile_repository(place / "hostile.git", content), place)


def mined_repository(made: Path, place: Path, **fields: str) -> Tally:
    """The tally of a repository's commits and tags, after all that ``evaluate mine`` does."""
    other = place / "good.git"
    if not other.exists():
        fast_import(other, HISTORY)
    sources = [
        DataSource(id="good", backend="git", url=str(other)),
        DataSource(**{"id": "hostile", "backend": "git", "url": str(made)} | fields),
    ]
    out, cache = place / "snapshot", place / "cache"
    options = {"cache": cache, "out": out, "retrieved": TODAY, "allow_local": True, "jobs": 1}
    found = mine(sources, **options)  # type: ignore[arg-type]  # they fit
    _shown(found)
    good, row = found.rows
    if good.items != 6 or "good" in found.failed:
        raise LossError("the good repository suffers from the other")
    if "hostile" in found.failed:
        reason = found.failed["hostile"]
        if reason.startswith("unexpected"):
            raise RuntimeError(reason)
        read_snapshot(out)
        return Tally(refused=reason)
    again = mine(sources, **options)  # type: ignore[arg-type]
    if again.changed or sum(again.new.values()) or sum(again.gone.values()):
        raise LossError("a second run finds what the first did not")
    snapshot = read_snapshot(out)
    folder = ["--", fields["path"]] if "path" in fields else []
    listed = _git(made, "rev-list", "--count", row.head, *folder)
    tags = _git(made, "for-each-ref", "refs/tags").count("\n")
    releases = sum(snapshot.releases["source"] == "hostile")
    left = {True: 0, False: 0}
    for reason, number in row.dropped.items():
        left[reason.startswith("tags")] += number
    if "Mercurial" not in row.note and tags != releases + left[True]:
        raise LossError(f"{tags} tags, {releases} releases and {left[True]} left out")
    if sum(snapshot.commits["source"] == "hostile") != row.items:
        raise LossError("the snapshot holds other commits than are counted")
    return balanced(int(listed), row.items, left[False])


def _git(made: Path, *arguments: str) -> str:
    command = ["git", "--no-replace-objects", f"--git-dir={made}", *arguments]
    # Nobody who clones it gets the grafts.
    environment = os.environ | {"GIT_GRAFT_FILE": os.devnull}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    return done.stdout.decode("utf-8", "replace")


def _shown(found: Mined) -> None:
    """What a terminal gets of a run has no character that drives it."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        mining_display.mined(found, dated=True)
        display.findings(failures(found))
    driving = {c for c in text.getvalue() if not (c.isprintable() or c == "\n")}
    if driving:
        raise AssertionError(f"control characters in what is shown: {driving}")


def catalogue(content: bytes, place: Path) -> Tally:
    """A candidate's file: read, or findings with a place; its sources are mined or fail."""
    path = place / "candidate.yml"
    path.write_bytes(content)
    try:
        document = read_document(path)
    except EvaluationError as error:
        return Tally(refused=str(error))
    candidate, findings = validate(document, Candidate)
    if candidate is None:
        if not findings:
            raise LossError("no candidate and no finding")
        return Tally(refused="\n".join(map(str, findings)))
    refused = 0
    with mining_in(place) as mining:
        for source in candidate.data_sources:
            outcome = schedule.harvest(source, mining)
            if outcome.reason.startswith("unexpected"):
                raise RuntimeError(outcome.reason)
            if (outcome.harvest is None) != bool(outcome.reason):
                raise LossError(f"{source.id}: no harvest and no reason")
            refused += outcome.harvest is None
    number = len(candidate.data_sources)
    return balanced(number, number - refused, refused)


def identities(content: bytes, place: Path) -> Tally:
    """A file of persons: read whole or refused; what is read is written and read the same."""
    path = place / "people"
    path.write_bytes(content)
    try:
        known = read_identities(path)
    except EvaluationError as error:
        return Tally(refused=str(error))
    for kind in Kind:
        again = place / f"again-{kind}"
        losses = write_identities(known, again, kind)
        if kind is Kind.ours:
            back = read_identities(again)
            if (back.persons, back.nobody, back.places) != (
                known.persons,
                known.nobody,
                known.places,
            ):
                raise LossError("what was written is not what was read")
            if losses:
                raise LossError(f"our own format loses {losses}")
    return Tally(len(known.persons), len(known.persons))


@contextlib.contextmanager
def without_network(place: Path) -> Iterator[None]:
    """Every address of git's leads to a folder that is not there."""
    configuration = place / "nowhere"
    lines = "".join(f" insteadOf = {scheme}://\n" for scheme in ("https", "ssh", "git", "http"))
    configuration.write_text(f'[url "/nonexistent/"]\n{lines}')
    before = os.environ.get("GIT_CONFIG_GLOBAL")
    os.environ["GIT_CONFIG_GLOBAL"] = str(configuration)
    try:
        yield
    finally:
        os.environ.pop("GIT_CONFIG_GLOBAL")
        if before is not None:
            os.environ["GIT_CONFIG_GLOBAL"] = before
