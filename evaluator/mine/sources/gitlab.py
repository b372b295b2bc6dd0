"""Issues and merge requests of GitLab, at gitlab.com or elsewhere, through Perceval.

Perceval asks for every merge request again, and for emojis and all versions; here the lists and the
notes are enough.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

from perceval.backends.core.gitlab import (
    CATEGORY_ISSUE,
    CATEGORY_MERGE_REQUEST,
    GitLab,
    GitLabClient,
)

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
    unnamed,
    whole,
)
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = "tracker"
PATH = re.compile(r"/(?P<groups>\w[\w.-]*(?:/\w[\w.-]*)*)/(?P<name>\w[\w.-]*)", re.ASCII)
PUBLIC = "gitlab.com"
GHOST = "Ghost User"
"""GitLab's own account for what deleted accounts have written."""
REVIEWS = ("approved this merge request", "requested changes")
"""What GitLab notes by itself when somebody reviews."""


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """Issues and merge requests of ``https://gitlab.com/GROUP/PROJECT``, with who answered when.

    The token is that of ``GITLAB_TOKEN``, for gitlab.com unless ``GITLAB_HOST`` names another.

    Raises
    ------
    SourceError
        When the address is not of that form, or the tracker cannot be read on.
    """
    place = checked_address(source.url, allow_local=mining.allow_local)
    found = PATH.fullmatch(place.path.removesuffix("/").removesuffix(".git"))
    if not found or place.query:
        raise SourceError(
            f"{source.url!r} is no project; allowed: https://gitlab.com/GROUP/PROJECT, sub-groups "
            "between them, or the same with the host of another GitLab"
        )
    secret = token("GITLAB_TOKEN", "GITLAB_HOST", PUBLIC, place.netloc)
    reading = Reading(source, mining, {"PRIVATE-TOKEN": secret} if secret else {})
    base = f"{place.scheme}://{place.netloc}"
    backend = GitLab(found["groups"].replace("/", "%2F"), found["name"], base_url=base)
    address = f"{base}/{found['groups']}/{found['name']}"
    client = _Client(reading, backend, address, place.hostname or "")
    return reading.harvest(backend, client, client.issue, CATEGORY_ISSUE, CATEGORY_MERGE_REQUEST)


class _Client(Guarded, GitLabClient):  # type: ignore[misc]  # Perceval ships no types
    """Perceval's client, asking for what rows need and giving no more of it."""

    def __init__(self, reading: Reading, backend: GitLab, address: str, host: str) -> None:
        self.reading = reading
        self._address = address
        self._host = host
        self._page: dict[int | str, dict[str, Any]] = {}
        super().__init__(backend.owner, backend.repository, None, base_url=backend.base_url)

    def issues(self, from_date: dt.datetime | None = None) -> Iterator[str]:
        return self._pages(super().issues(from_date))

    def merges(self, from_date: dt.datetime | None = None) -> Iterator[str]:
        payload = {
            self.PSTATE: self.VSTATE_ALL,
            self.PORDER_BY: self.VORDER_UPDATED_AT,
            self.PSORT: self.VSORT_ASC,
            self.PPER_PAGE: self.VPER_PAGE,
            self.PUPDATE_AFTER: from_date and from_date.isoformat(),
        }
        return self._pages(self.fetch_items(self.RMERGES, payload))

    def _pages(self, texts: Iterator[str]) -> Iterator[str]:
        for page in self.reading.pages(lists(texts), self._entry):
            self._page = {item["iid"]: item for item in page}
            yield json.dumps(page)

    def merge(self, merge_id: int | str) -> str:
        return json.dumps(self._page[merge_id])

    def merge_versions(self, merge_id: int | str) -> Iterator[str]:
        return iter(())

    def emojis(self, item_type: str, item_id: int | str) -> Iterator[str]:
        return iter(())

    def note_emojis(self, item_type: str, item_id: int | str, note_id: int) -> Iterator[str]:
        return iter(())

    def notes(self, item_type: str, item_id: int | str) -> Iterator[str]:
        # An approval is not counted among the notes of users.
        if self._page[item_id]["written"] or (item_type == self.RMERGES and whole(item_id)):
            texts = super().notes(item_type, item_id)
            yield json.dumps(self.reading.answers(texts, self._note))

    def issue(self, data: dict[str, Any]) -> Issue:
        """The issue or merge request that an item of Perceval's is."""
        closed = data["merged_at"] or data["closed_at"] or ""
        return Issue(
            key=data["id"],
            kind="change_request" if "merged_by" in data else "issue",
            author=self._account(data["author"]),
            opened=data["created_at"],
            closed=closed if data["state"] in ("closed", "merged") else None,
            merged=data["state"] == "merged",
            answers=[
                (self._account(note["author"]), note["said"])
                for note in data["notes_data"]
                if note["answers"]
            ],
            reason="" if whole(data["iid"]) else "listed without a number",
        )

    def _entry(self, item: dict[str, Any]) -> Entry:
        number = whole(item.get("iid"))
        merge = "source_branch" in item
        base = f"{self._address}/-/{self.RMERGES if merge else self.RISSUES}"
        key = f"{base}/{number}" if number else unnamed(base, item)
        content = {
            "id": key,
            "iid": number or key,
            # Perceval wants one; the entry has the true one.
            "updated_at": BEGINNING,
            **{name: item.get(name) for name in ("created_at", "closed_at", "merged_at", "state")},
            "author": item.get("author"),
            "written": number and whole(item.get("user_notes_count")),
        }
        if merge:
            content["merged_by"] = None
        return Entry(key, instant(item.get("updated_at")), content)

    def _note(self, item: dict[str, Any]) -> dict[str, Any]:
        """What is needed of a note; of those that GitLab writes itself only reviews answer."""
        written = item.get("system") is not True
        return {
            "id": 0,
            "author": item.get("author"),
            "said": item.get("created_at"),
            "answers": written or str(item.get("body")).startswith(REVIEWS),
        }

    def _account(self, user: object) -> Account:
        known = mapping(user)
        name = known.get("name")
        if name == GHOST:
            return Account()
        return Account.of(known.get("username"), self._host, name=name, number=known.get("id"))
