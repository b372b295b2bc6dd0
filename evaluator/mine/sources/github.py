"""Issues and pull requests of GitHub, or of a GitHub Enterprise Server, through Perceval.

GitHub lists pull requests among the issues, with the time of their merge: one list gives both, and
for each pull request only its reviews are asked for beside its comments.  Perceval's category of
pull requests would list them again, and ask four times more for each.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

from perceval.backends.core.github import CATEGORY_ISSUE, GitHub, GitHubClient

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
    lists,
    mapping,
    text_of,
    unnamed,
    whole,
)
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = "tracker"
PATH = re.compile(r"/(?P<owner>\w[\w.-]*)/(?P<name>[\w.-]*\w[\w.-]*)", re.ASCII)
PUBLIC = "github.com"
GHOST = "ghost"
"""GitHub's own account for what deleted accounts have written."""


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """Issues and pull requests of ``https://github.com/OWNER/REPO``, with who answered when.

    The token is that of ``GITHUB_TOKEN``, for github.com unless ``GITHUB_HOST`` names another.

    Raises
    ------
    SourceError
        When the address is not of that form, or the tracker cannot be read on.
    """
    place = checked_address(source.url, allow_local=mining.allow_local)
    found = PATH.fullmatch(place.path.removesuffix("/").removesuffix(".git"))
    if not found or place.query:
        raise SourceError(
            f"{source.url!r} is no repository; allowed: https://github.com/OWNER/REPO, or the same "
            "with the host of a GitHub Enterprise Server"
        )
    secret = token("GITHUB_TOKEN", "GITHUB_HOST", PUBLIC, place.netloc)
    reading = Reading(source, mining, {"Authorization": f"Bearer {secret}"} if secret else {})
    base = None if place.netloc.casefold() == PUBLIC else f"{place.scheme}://{place.netloc}"
    backend = GitHub(found["owner"], found["name"], base_url=base)
    address = f"{place.scheme}://{place.netloc}/{found['owner']}/{found['name']}"
    client = _Client(reading, backend, address, place.hostname or "")
    return reading.harvest(backend, client, client.issue, CATEGORY_ISSUE)


class _Client(Guarded, GitHubClient):  # type: ignore[misc]  # Perceval ships no types
    """Perceval's client, asking for what rows need and giving no more of it."""

    def __init__(self, reading: Reading, backend: GitHub, address: str, host: str) -> None:
        self.reading = reading
        self._address = address
        self._host = host
        super().__init__(backend.owner, backend.repository, base_url=backend.base_url)
        # It would hold every answer of the run in memory.
        self._etag_enabled = False

    def issues(self, from_date: dt.datetime | None = None) -> Iterator[str]:
        texts = super().issues(from_date)
        yield from map(json.dumps, self.reading.pages(lists(texts), self._entry))

    def issue_comments(self, issue_number: int) -> Iterator[str]:
        yield json.dumps(self.reading.answers(super().issue_comments(issue_number), self._comment))

    def issue(self, data: dict[str, Any]) -> Issue:
        """The issue or pull request that an item of Perceval's is."""
        said, pull = data["comments_data"], data["pull_request"]
        reason = "" if data["number"] else "listed without a number"
        if pull is not None and not reason:
            # A review that was begun and not sent has no time.
            reviews = super().pull_reviews(data["number"])
            said = said + self.reading.answers(reviews, self._comment)
            # Old servers do not tell it in the list.
            reason = "" if "merged_at" in pull else "listed without the time of its merge"
        return Issue(
            key=data["id"],
            kind="change_request" if pull is not None else "issue",
            author=self._account(data["author"]),
            opened=data["created_at"],
            closed=None if data["state"] == "open" else data["closed_at"] or "",
            merged=bool(pull and pull.get("merged_at")),
            answers=[(self._account(answer["author"]), answer["said"]) for answer in said],
            reason=reason,
        )

    def _entry(self, item: dict[str, Any]) -> Entry:
        number = whole(item.get("number"))
        pull = item.get("pull_request")
        folder = "issues" if pull is None else "pull"
        base = f"{self._address}/{folder}"
        key = f"{base}/{number}" if number else unnamed(base, item)
        content = {
            "id": key,
            "number": number,
            # Perceval stops at dates to come; the entry has the true one.
            "updated_at": BEGINNING,
            "created_at": item.get("created_at"),
            "closed_at": item.get("closed_at"),
            "state": item.get("state"),
            "author": item.get("user"),
            "pull_request": pull if pull is None else mapping(pull),
            "comments": number and whole(item.get("comments")),
            # Perceval would ask about each of these, and for the profile of every user.
            **dict.fromkeys(("user", "assignee", "assignees", "reactions")),
        }
        return Entry(key, instant(item.get("updated_at")), content)

    def _comment(self, item: dict[str, Any]) -> dict[str, Any]:
        """What is needed of a comment or a review, in the form in which Perceval takes it."""
        return {
            "author": item.get("user"),
            "said": item.get("created_at") or item.get("submitted_at"),
            "user": {},
            "reactions": {"total_count": 0},
        }

    def _account(self, user: object) -> Account:
        known = mapping(user)
        login = known.get("login")
        if login == GHOST:
            return Account()
        if known.get("type") == "Bot":
            # Not all of GitHub's own programs are so named.
            login = f"{text_of(login).removesuffix('[bot]')}[bot]"
        return Account.of(login, self._host)
