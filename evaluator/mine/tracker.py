"""Issue trackers as rows of issues, whatever kind of tracker Perceval reads.

Perceval's backends know how each tracker is asked.  What they leave to others is here: reading goes
on where the last run stopped, page by page, and a token never reaches Perceval, whose archives and
messages would keep it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import requests
from perceval.errors import BaseError

from evaluator.mine.command import SourceError, shown
from evaluator.mine.identities import Identity, is_bot
from evaluator.mine.session import AbsentError, Session
from evaluator.mine.sources import ISSUES, Harvest, Mining
from evaluator.study.candidate import DataSource

MOST_PAGES = 1000
"""Of one list, or of the comments of one issue."""
MOST_LISTINGS = 10_000
PART_ROWS = 50
"""Rows that are kept at once; what is lost when a run is killed."""
MOST_PARTS = 20
LONGEST_NAME = 200

BEGINNING = "1980-01-01T00:00:00.000000+00:00"
"""GitHub gives nothing when asked from 1970 on."""
LOGIN = re.compile(r"[\w.+-]+(?:\[bot\])?", re.ASCII)


@dataclass(frozen=True)
class Account:
    """Somebody in a tracker; without a ``login``, somebody whose account is gone or hidden."""

    login: str = ""
    name: str = ""
    address: str = ""

    @classmethod
    def of(cls, login: object, host: str, *, name: object = "", number: object = None) -> Account:
        """An account by its login, which is an address already or made into one.

        ``login@users.noreply.HOST`` is what GitHub writes into commits for those who hide their
        address, ``NUMBER-login@users.noreply.HOST`` what GitLab does: so they join the commits of
        the same account, and nobody else.
        """
        known = text_of(login)
        own = f"{number}-{known}" if whole(number) else known
        if "@" in known:
            address = known
        else:
            address = f"{own}@users.noreply.{host}" if LOGIN.fullmatch(known) else ""
        return cls(known, text_of(name), address)

    def is_bot(self, source: str) -> bool:
        named = self.name or self.login
        return is_bot(Identity(source, named, self.address, named, self.address))


@dataclass(frozen=True)
class Issue:
    """What a tracker says of an issue or a change request; dates as it writes them."""

    key: str
    kind: str
    author: Account
    opened: object
    closed: object
    """None while it is open."""
    merged: bool = False
    answers: Iterable[tuple[Account, object]] = ()
    """Comments and reviews, the author's own among them."""
    reason: str = ""
    """Why it cannot be counted."""

    def row(self, source: str) -> dict[str, Any]:
        """Row of :data:`ISSUES`; what is wrong with it is the row's reason."""
        opened, closed = minute(self.opened), minute(self.closed)
        reason = self.reason
        if opened is None:
            reason = reason or "no readable date of opening"
        elif self.closed is not None and closed is None:
            reason = reason or "closed, at no readable date"
        elif closed is not None and closed < opened:
            reason = reason or "closed before it was opened"
        times = [
            when
            for who, said in self.answers
            if who.login != self.author.login and not who.is_bot(source)
            if (when := minute(said)) is not None and opened is not None and when >= opened
        ]
        return {
            "key": self.key,
            "reason": reason,
            "kind": self.kind,
            "name": self.author.name,
            "address": self.author.address,
            "opened": opened,
            "first_response": min(times, default=None),
            "closed": closed,
            "merged": self.merged,
            "comments": len(times),
        }


def text_of(value: object) -> str:
    """Text of a tracker, fit to keep; empty for what is no text."""
    if not isinstance(value, str):
        return ""
    start = value[:LONGEST_NAME].encode("utf-8", "surrogatepass")
    return shown(start.decode("utf-8", "replace"))


def whole(value: object) -> int:
    """A positive whole number; 0 for anything else."""
    return value if type(value) is int and 0 < value < 1 << 53 else 0


def mapping(value: object) -> dict[str, Any]:
    """An object of JSON; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listing(value: object) -> list[Any]:
    """A list of JSON; an empty one for anything else."""
    return value if isinstance(value, list) else []


def instant(value: object) -> str:
    """A date in UTC, so written that later is greater; empty for what is no date."""
    try:
        read = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
        if read is None:
            return ""
        known = read if read.tzinfo else read.replace(tzinfo=dt.UTC)
        return known.astimezone(dt.UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        return ""


def minute(value: object) -> int | None:
    """Seconds since 1970, cut to the minute; None for what is no date."""
    if not (known := instant(value)):
        return None
    return int(dt.datetime.fromisoformat(known).timestamp()) // 60 * 60


@dataclass(frozen=True)
class Entry:
    """One entry of a tracker's list: its key, its last change, and what is needed of it."""

    key: str
    updated: str
    content: dict[str, Any]

    def __post_init__(self) -> None:
        # Before trackers there were; taken for read it would be lost.
        if self.updated < BEGINNING:
            object.__setattr__(self, "updated", "")


@dataclass
class Progress:
    """How far one list, which is in order of the last change, was read.

    All that changed before ``cursor`` was read, and ``seen`` of what did not.
    """

    cursor: str = BEGINNING
    seen: dict[str, str] = field(default_factory=dict)


class Reading:
    """What was read of a tracker so far, and what this run adds.

    Parameters
    ----------
    source, mining
        As :func:`harvest` of a kind of source gets them.
    secrets
        Headers that open the tracker.
    """

    def __init__(self, source: DataSource, mining: Mining, secrets: Mapping[str, str]) -> None:
        self.source = source.id
        self.mining = mining
        self.secrets = secrets
        self.new = 0
        self.incomplete = False
        """Whether something of the issue at hand could not be read."""
        self._shelf = mining.shelf(source)
        self._rows: list[dict[str, Any]] = []
        self._pending: dict[str, str] = {}
        self._ordered = True
        end = dt.datetime.combine(mining.retrieved, dt.time(), dt.UTC) + dt.timedelta(days=2)
        self._horizon = instant(end.isoformat())
        """No later change is believed, else nothing older would be asked for again."""
        self._parts: list[str] = []
        self._lists: dict[str, Progress] = {}
        self._next = 0
        self._recall()
        # What a run that was killed left behind is read again, and may be written under its name.
        self._shelf.discard(set(self._shelf.parts("issues")) - set(self._parts))

    def _recall(self) -> None:
        """Stand where the last run stopped; at the beginning when anything of it is damaged."""
        state = self._shelf.recall()
        try:
            parts = [str(part) for part in state["parts"]]
            lists = {
                name: Progress(kept["cursor"], dict(kept["seen"]))
                for name, kept in state["lists"].items()
            }
            following = int(state["next"])
            if any(progress.cursor != instant(progress.cursor) for progress in lists.values()):
                return
        except (LookupError, TypeError, ValueError, AttributeError):
            return
        if all(self._shelf.get(part) is not None for part in parts):
            self._parts, self._lists, self._next = parts, lists, following

    def read(
        self,
        name: str,
        fetch: Callable[[dt.datetime], Iterable[dict[str, Any]]],
        issue: Callable[[dict[str, Any]], Issue],
    ) -> None:
        """Read what is new of one list, part by part.

        The list is asked for anew from the last change on after every page: its pages shift
        while people use the tracker, so that the next page could leave something out.

        Parameters
        ----------
        name
            Of the list, as Perceval calls the category.
        fetch
            Perceval's items that changed since a date.
        issue
            Makes an issue of the data of an item.

        Raises
        ------
        SourceError
            When the tracker cannot be read on; what was read until then is kept.
        """
        progress = self._progress = self._lists.setdefault(name, Progress())
        try:
            for _ in range(MOST_LISTINGS):
                before, highest, self._ordered = self.new, progress.cursor, True
                for item in _sound(fetch(dt.datetime.fromisoformat(progress.cursor))):
                    row = issue(item["data"]).row(self.source)
                    if self.incomplete:
                        row["reason"] = row["reason"] or "its comments cannot be had"
                    self._rows.append(row)
                    self.new += 1
                    self.incomplete = False
                    updated = progress.seen[row["key"]] = self._pending.get(row["key"], "")
                    highest = max(highest, updated if updated <= self._horizon else "")
                    if self._ordered:
                        progress.cursor = highest
                    if len(self._rows) >= PART_ROWS:
                        self._keep()
                progress.cursor = highest
                if self.new == before:
                    return
            raise SourceError(f"the tracker does not come to an end in {MOST_LISTINGS} listings")
        finally:
            self._keep()

    def pages(
        self, pages: Iterable[list[Any]], entry: Callable[[dict[str, Any]], Entry]
    ) -> Iterator[list[dict[str, Any]]]:
        """What is new in the pages of the list being read.

        It ends with the first page that leads on, unless the tracker gives them in another order
        than that of the last change: then the whole list must be read in one go.
        """
        progress = self._progress
        start = progress.cursor
        for page in _bounded(pages):
            entries = list({e.key: e for e in (entry(mapping(i)) for i in page)}.values())
            dates = [e.updated for e in entries if start <= e.updated <= self._horizon]
            self._ordered &= dates == sorted(dates)
            self._pending = {e.key: e.updated for e in entries}
            yield [
                e.content
                for e in entries
                if progress.seen.get(e.key) != e.updated and not "" < e.updated < start
            ]
            if progress.cursor > start:
                return

    def answers(
        self, texts: Iterable[str], needed: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """What is needed of the comments of an issue; says so when they are not there."""
        try:
            return [needed(mapping(item)) for page in _bounded(lists(texts)) for item in page]
        except AbsentError:
            self.incomplete = True
            return []

    def harvest(
        self, backend: Any, client: Any, issue: Callable[[dict[str, Any]], Issue], *lists: str
    ) -> Harvest:
        """What is new of each list, and all parts, joined when they are many.

        ``backend`` is one of Perceval's, which asks through ``client``.  Nothing is ever gone: what
        a tracker deletes is not in the list of what changed.
        """
        backend._init_client = lambda from_archive=False: client
        for name in lists:
            self.read(name, partial(backend.fetch, name), issue)
        if not self._parts:
            raise SourceError("the tracker holds no issue")
        if len(self._parts) > MOST_PARTS:
            self._join()
        return Harvest(
            kind="tracker",
            backend_version=f"perceval {version('perceval')}, "
            f"{type(backend).__name__} {backend.version}",
            parts=tuple(self._parts),
            head=max(progress.cursor for progress in self._lists.values())[:19] + "Z",
            new=self.new,
        )

    def _keep(self) -> None:
        if self._rows:
            self._put(pa.Table.from_pylist(self._rows, schema=ISSUES))
            self._rows = []
        for progress in self._lists.values():
            progress.seen = {
                key: updated
                for key, updated in progress.seen.items()
                if not updated or updated >= progress.cursor
            }
        self._remember()
        self.mining.progress(self.source, self.new, self.new)

    def _put(self, rows: pa.Table) -> None:
        self._parts.append(self._shelf.put("issues", f"{self._next:08d}", rows))
        self._next += 1

    def _remember(self) -> None:
        lists = {
            name: {"cursor": progress.cursor, "seen": progress.seen}
            for name, progress in self._lists.items()
        }
        self._shelf.remember({"parts": self._parts, "next": self._next, "lists": lists})

    def _join(self) -> None:
        old = self._parts
        rows = pa.concat_tables([self._shelf.get(part) for part in old])
        last = {key: place for place, key in enumerate(rows["key"].to_pylist())}
        self._parts = []
        self._put(rows.take(pa.array(sorted(last.values()))))
        self._remember()
        self._shelf.discard(old)


def _sound(items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Perceval's items; whatever an answer of another form provokes in it is the tracker's."""
    try:
        yield from items
    except BaseError as error:
        raise SourceError(f"the tracker says: {str(error)[:LONGEST_NAME]}") from error
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        problem = f"{type(error).__name__}: {str(error)[:LONGEST_NAME]}"
        raise SourceError(f"the tracker's answer cannot be read: {problem}") from error


def _bounded(pages: Iterable[list[Any]]) -> Iterator[list[Any]]:
    for number, page in enumerate(pages):
        if number >= MOST_PAGES:
            raise SourceError(f"a list of the tracker has more than {MOST_PAGES} pages")
        yield page


def lists(texts: Iterable[str]) -> Iterator[list[Any]]:
    """Pages of JSON lists."""
    for text in texts:
        try:
            page = json.loads(text)
        except (ValueError, RecursionError):
            page = None
        if not isinstance(page, list):
            raise SourceError("the tracker answers with something that is no list")
        yield page


def unnamed(base: str, item: object) -> str:
    """A key for what a tracker lists without a number."""
    digest = hashlib.sha256(json.dumps(item, sort_keys=True, default=str).encode()).hexdigest()
    return f"{base}#{digest[:16]}"


class Guarded:
    """What replaces parts of Perceval's clients: the session, and waiting for rate limits."""

    reading: Reading
    base_url: str
    headers: dict[str, str]

    def _create_http_session(self) -> None:
        headers = {**self.headers, **self.reading.secrets}
        self.session = Session(self.base_url, headers, self.reading.mining.git)

    def update_rate_limit(self, response: requests.Response) -> None:
        """Nothing: Perceval's way is to sleep; the session ends the run instead."""
