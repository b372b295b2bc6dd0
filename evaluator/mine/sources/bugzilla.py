"""Bugs of a product in Bugzilla (5.0 or later), through Perceval's REST backend.

Perceval reads all bugs of a server, whole and with their attachments; here it asks for those of a
product, and for the fields that rows need.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from perceval.backends.core.bugzillarest import CATEGORY_BUG, BugzillaREST, BugzillaRESTClient

from evaluator.mine.command import SourceError
from evaluator.mine.session import checked_address, token
from evaluator.mine.sources import Harvest, Mining
from evaluator.mine.tracker import (
    BEGINNING,
    Account,
    Entry,
    Guarded,
    Issue,
    Reading,
    instant,
    listing,
    lists,
    mapping,
    text_of,
    unnamed,
    whole,
)
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = "tracker"
PAGE = 100
SCOPE = {"product", "component"}
FIELDS = (
    *("id", "creator", "creator_detail", "creation_time", "last_change_time"),
    *("status", "is_open", "cf_last_closed"),
)
CLOSED = frozenset({"RESOLVED", "VERIFIED", "CLOSED"})
"""Bugzilla's own; that of a bug which is not open is another one."""


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """Bugs of ``https://HOST/?product=NAME``, with who answered when and when they were closed.

    More products, and ``&component=NAME``, may follow.  The key is that of ``BUGZILLA_API_KEY``,
    for the host in ``BUGZILLA_HOST``.

    Raises
    ------
    SourceError
        When the address is not of that form, or the tracker cannot be read on.
    """
    place = checked_address(source.url, allow_local=mining.allow_local)
    try:
        scope = parse_qs(place.query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        scope = {}
    if "product" not in scope or not scope.keys() <= SCOPE or not place.path.endswith("/"):
        raise SourceError(
            f"{source.url!r} is no product; allowed: https://HOST/?product=NAME, to which more "
            "products and &component=NAME may be added"
        )
    secret = token("BUGZILLA_API_KEY", "BUGZILLA_HOST", "", place.netloc)
    # In the address it would be in the logs of every machine on the way.
    headers = {"X-BUGZILLA-API-KEY": secret, "Authorization": f"Bearer {secret}"} if secret else {}
    reading = Reading(source, mining, headers)
    base = f"{place.scheme}://{place.netloc}{place.path.rstrip('/')}"
    backend = BugzillaREST(base, max_bugs=PAGE)
    client = _Client(reading, base, place.hostname or "", scope)
    return reading.harvest(backend, client, client.issue, CATEGORY_BUG)


class _Client(Guarded, BugzillaRESTClient):  # type: ignore[misc]  # Perceval ships no types
    """Perceval's client, asking for what rows need and giving no more of it."""

    def __init__(self, reading: Reading, base: str, host: str, scope: dict[str, list[str]]) -> None:
        self.reading = reading
        self._host = host
        self._scope = scope
        self._pages: Iterator[list[dict[str, Any]]] = iter(())
        super().__init__(base)

    def bugs(self, from_date: dt.datetime, offset: int | None = None, max_bugs: int = PAGE) -> str:
        if not offset:
            texts = self._texts(from_date, max_bugs)
            self._pages = self.reading.pages(lists(texts), self._entry)
        return json.dumps({"bugs": next((page for page in self._pages if page), [])})

    def _texts(self, from_date: dt.datetime, max_bugs: int) -> Iterator[str]:
        offset = 0
        # A server may give fewer than were asked for.
        while bugs := json.loads(super().bugs(from_date, offset, max_bugs))["bugs"]:
            yield json.dumps(bugs)
            offset += len(bugs)

    def call(self, resource: str, params: dict[str, Any]) -> str:
        if resource == self.RBUG:
            params = params | self._scope | {self.PINCLUDE_FIELDS: ",".join(FIELDS)}
        elif resource.endswith(self.RCOMMENT):
            params = params | {self.PINCLUDE_FIELDS: "creator,creation_time"}
        text: str = super().call(resource, params)
        return text

    def comments(self, *bug_ids: int | str) -> str:
        given = self._contents(super().comments, bug_ids)
        said = {str(number): mapping(given.get(str(number))) for number in bug_ids}
        bugs = {number: {"comments": bug.get("comments")} for number, bug in said.items()}
        return json.dumps({"bugs": bugs})

    def history(self, *bug_ids: int | str) -> str:
        given = self._contents(super().history, bug_ids)
        said = {whole(b.get("id")): b.get("history") for b in map(mapping, listing(given))}
        bugs = [{"id": number, "history": said.get(whole(number))} for number in bug_ids]
        return json.dumps({"bugs": bugs})

    def attachments(self, *bug_ids: int | str) -> str:
        return json.dumps({"bugs": {str(number): [] for number in bug_ids}})

    def _contents(self, ask: Any, bug_ids: tuple[int | str, ...]) -> Any:
        """What Bugzilla has about bugs, as far as they have numbers."""
        numbers = [number for number in bug_ids if whole(number)]
        return mapping(json.loads(ask(*numbers))).get("bugs") if numbers else {}

    def issue(self, data: dict[str, Any]) -> Issue:
        """The bug that an item of Perceval's is."""
        comments, history = data["comments"], data["history"]
        reason = "" if whole(data["id"]) else "listed without a number"
        if not isinstance(comments, list) or not isinstance(history, list):
            reason = reason or "without comments or history"
            comments, history = [], []
        answers = [
            (
                Account.of(mapping(comment).get("creator"), self._host),
                mapping(comment).get("creation_time"),
            )
            for comment in comments[1:]  # the first is the report
        ]
        return Issue(
            key=data["key"],
            kind="issue",
            author=self._account(data),
            opened=data["creation_time"],
            closed=closed_at(data, history),
            answers=answers,
            reason=reason,
        )

    def _entry(self, item: dict[str, Any]) -> Entry:
        number = whole(item.get("id"))
        base = f"{self.base_url}/show_bug.cgi"
        key = f"{base}?id={number}" if number else unnamed(base, item)
        content = {name: item.get(name) for name in FIELDS}
        # Perceval wants a date of the last change; the entry has the true one.
        content |= {"key": key, "id": number or key, "last_change_time": BEGINNING}
        return Entry(key, instant(item.get("last_change_time")), content)

    def _account(self, bug: dict[str, Any]) -> Account:
        detail = mapping(bug["creator_detail"])
        names = {"name": detail.get("real_name"), "number": detail.get("id")}
        return Account.of(bug["creator"], self._host, **names)


def closed_at(bug: dict[str, Any], history: list[Any]) -> object:
    """When a bug was last closed; None while it is open, empty when nobody knows."""
    status, is_open = text_of(bug["status"]), bug["is_open"]
    if is_open is True or (is_open is not False and status not in CLOSED):
        return None
    closed = CLOSED | {status}
    when: object = None
    for entry in map(mapping, history):
        for change in map(mapping, listing(entry.get("changes"))):
            left, entered = text_of(change.get("removed")), text_of(change.get("added"))
            status_changed = change.get("field_name") in ("status", "bug_status")
            if status_changed and entered in closed and left not in closed:
                when = entry.get("when")
    return when or bug["cf_last_closed"] or ""
