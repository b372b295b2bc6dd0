"""Issues and change requests as plain Perceval writes them.

Where trackers are mined here, Perceval is given less to do, so that its items are smaller.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from evaluator.mine.sources.bugzilla import FIELDS, closed_at
from evaluator.mine.sources.github import GHOST
from evaluator.mine.sources.gitlab import GHOST as GITLAB_GHOST
from evaluator.mine.sources.gitlab import REVIEWS
from evaluator.mine.tracker import Account, Issue, mapping


def github_issue(data: dict[str, Any], origin: str) -> Issue:
    """The issue or pull request of an item of category ``issue`` or ``pull_request``."""
    host = _host(data["html_url"])

    def account(owner: dict[str, Any]) -> Account:
        login = mapping(owner.get("user")).get("login")
        return Account.of(login, host) if login != GHOST else Account()

    answers = [
        *_listed(data, "comments_data"),
        *_listed(data, "reviews_data"),
        *_listed(data, "review_comments_data"),
    ]
    # An issue that is a pull request has it as a part; the other category gives it itself.
    pull = data if "reviews_data" in data else mapping(data.get("pull_request"))
    return Issue(
        key=data["html_url"],
        kind="change_request" if pull else "issue",
        author=account(data),
        opened=data["created_at"],
        closed=None if data["state"] == "open" else data.get("closed_at") or "",
        merged=bool(pull.get("merged_at")),
        answers=[(account(a), a.get("created_at") or a.get("submitted_at")) for a in answers],
    )


def gitlab_issue(data: dict[str, Any], origin: str) -> Issue:
    """The issue or merge request of an item of category ``issue`` or ``merge_request``."""
    host = _host(data["web_url"])

    def account(owner: dict[str, Any]) -> Account:
        known = mapping(owner.get("author"))
        name = known.get("name")
        if name == GITLAB_GHOST:
            return Account()
        return Account.of(known.get("username"), host, name=name, number=known.get("id"))

    closed = data.get("merged_at") or data.get("closed_at") or ""
    return Issue(
        key=data["web_url"],
        kind="change_request" if "source_branch" in data else "issue",
        author=account(data),
        opened=data["created_at"],
        closed=closed if data["state"] in ("closed", "merged") else None,
        merged=data["state"] == "merged",
        answers=[
            (account(note), note.get("created_at"))
            for note in _listed(data, "notes_data")
            if note.get("system") is not True or str(note.get("body")).startswith(REVIEWS)
        ],
    )


def bug(data: dict[str, Any], origin: str) -> Issue:
    """The bug of an item of category ``bug``; ``origin`` is its Bugzilla."""
    host = _host(origin)
    detail = mapping(data.get("creator_detail"))
    names = {"name": detail.get("real_name"), "number": detail.get("id")}
    # The first comment is the report.
    answers = _listed(data, "comments")[1:]
    return Issue(
        key=f"{origin.rstrip('/')}/show_bug.cgi?id={int(data['id'])}",
        kind="issue",
        author=Account.of(data["creator"], host, **names),
        opened=data["creation_time"],
        closed=closed_at({**dict.fromkeys(FIELDS), **data}, _listed(data, "history")),
        answers=[(Account.of(a.get("creator"), host), a.get("creation_time")) for a in answers],
    )


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def _listed(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [mapping(item) for item in data.get(name) or ()]
