"""Targets that need somebody who answers: a tracker on this machine, and apt's lists."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from debian.deb822 import Packages

from evaluator.mine import session
from evaluator.mine.command import SourceError
from evaluator.mine.sources import ISSUES, PACKAGES, debian
from evaluator.mine.tracker import whole
from evaluator.study.candidate import DataSource
from tests.mine.hostile import Choices
from tests.mine.oracle import Tally, counted, mining_in, shelved
from tests.mine.serving import Quiet, serving

# --- trackers --------------------------------------------------------------------------------

OPENED, LATER = "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 1 << 60, 1e300, float("nan"), "", "x", [], {}, [[]], [None]),
    *(
        "1970-01-01T00:00:00Z",
        "2999-12-31T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01",
        "now",
    ),
    *("\ud800", "\x1b[2J\x00", "\u202e", "x" * 9000, {"login": "ghost"}, {"login": None}, [{}, {}]),
    *(OPENED, LATER, "closed", "open", "merged", "2020-01-01T00:00:00+99:99", -(10**400)),
)
USER = {"login": "ann", "username": "ann", "id": 1, "type": "User", "name": "Ann Example"}
SAID = [
    {"user": {"login": "ben"}, "author": {"username": "ben"}, "created_at": LATER, "system": False},
    {"user": USER, "author": USER, "created_at": LATER, "body": "x", "submitted_at": LATER},
]
ENTRY = {
    "number": 1, "iid": 1, "user": USER, "author": USER, "state": "open", "created_at": OPENED,
    "updated_at": LATER, "closed_at": None, "merged_at": None, "comments": 2, "user_notes_count": 2,
}  # fmt: skip
BUG = {
    "id": 1, "creator": "ann@example.net", "creator_detail": {"real_name": "Ann", "id": 1},
    "creation_time": OPENED, "last_change_time": LATER, "status": "NEW", "is_open": True,
    "cf_last_closed": None,
}  # fmt: skip
TRACKERS = {"github": "/owner/project", "gitlab": "/group/project", "bugzilla": "/?product=X"}


@dataclass
class Tracker:
    """What a tracker answers: its list, and the same to whatever else it is asked."""

    entries: list[Any] = field(default_factory=list)
    comments: Any = None
    history: Any = None

    def answer(self, path: str, query: str) -> Any:
        if path.startswith("/rest/bug"):
            if path.endswith("/comment"):
                return {
                    "bugs": {"1": {"comments": self.comments}, "2": {"comments": self.comments}}
                }
            if path.endswith("/history"):
                return {"bugs": [{"id": n, "history": self.history} for n in (1, 2, 3)]}
            return {"bugs": [] if "offset=0" not in query and "offset" in query else self.entries}
        if path.endswith("/merge_requests"):
            return []
        return self.entries if path.endswith("/issues") else self.comments


@contextmanager
def answering(tracker: Tracker) -> Iterator[str]:
    """The address of a server on this machine that answers for the tracker."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = json.dumps(tracker.answer(parts.path, parts.query)).encode()
            self.respond(body, headers={"Content-Type": "application/json"})

    with serving(Handler) as address:
        yield address


def odd(value: Any, choose: Choices) -> Any:
    """JSON of which some parts are others, missing, or there twice."""
    if choose.rarely(24):
        return choose.one(ODD)
    if isinstance(value, dict):
        return {k: odd(v, choose) for k, v in value.items() if not choose.rarely(40)}
    if isinstance(value, list):
        kept = [odd(v, choose) for v in value]
        return kept + kept[:1] if choose.rarely(24) else kept
    return value


def issues(content: bytes, place: Path) -> Tally:
    """A tracker's answers: every entry of its list is a row, with equal ones once."""
    choose = Choices(content)
    name = choose.one(list(TRACKERS))
    model = BUG if name == "bugzilla" else ENTRY
    entries = [model | {"id": n, "number": n, "iid": n} for n in range(1, 1 + choose.number(5))]
    if name == "github" and entries and choose.rarely(2):
        entries[0] = entries[0] | {"pull_request": {"merged_at": None}}
    listed = odd(entries, choose)
    tracker = Tracker(listed, odd(SAID, choose), odd([{"when": LATER, "changes": []}], choose))
    environment = {k: v for k, v in os.environ.items() if "TOKEN" not in k and "API_KEY" not in k}
    with (
        answering(tracker) as address,
        mining_in(place) as mining,
        mock.patch.object(session, "PAUSES", ()),
        mock.patch.dict(os.environ, environment, clear=True),
    ):
        source = DataSource(id="tracker", backend=name, url=address + TRACKERS[name])
        try:
            rows, _ = shelved(mining, source, "issues")
        except SourceError as error:
            return Tally(refused=str(error))
    number = {"github": "number", "gitlab": "iid", "bugzilla": "id"}[name]
    return counted(len({_told_apart(entry, number) for entry in listed}), _latest(rows), ISSUES)


def _told_apart(entry: Any, number: str) -> str:
    known = entry if isinstance(entry, dict) else {}
    if known_number := whole(known.get(number)):
        return f"{known_number} {'source_branch' in known} {known.get('pull_request') is None}"
    return json.dumps(known, sort_keys=True)


def _latest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({row["key"]: row for row in rows}.values())


# --- Debian ----------------------------------------------------------------------------------

STEM = "deb.example.net_debian_dists_bookworm_"
VALUES = (
    *(
        b"1.0-1",
        b"1.0-1",
        b"1:2.0~rc1+dfsg-1+b2",
        b"",
        b"x",
        b"-1",
        b"9" * 300,
        b"\xff",
        b"1.0:\x1b[2J",
    ),
    *(b"1 2", b"1:", b":1", b"1-", b"~", b"1.0+really0.9", b"\xd9\xa1", b"100", b"1e9", b"0"),
)
NEEDS = (
    b"libc6 (>= 2.3), x | y",
    b"",
    b",,,|",
    b"\n " * 40,
    b"(" * 900,
    b"a" * 5000,
    b"shop:any",
    b"\xff",
)
DATES = (
    *(b"Sat, 10 Jan 2026 08:00:00 UTC", b"Thu, 01 Jan 1970 00:00:00 UTC", b"", b"never"),
    *(
        b"Fri, 31 Dec 2999 23:59:59 UTC",
        b"Fri, 31 Dec 9999 23:59:59 -1200",
        b"Fri, 31 Dec 99999 1:1:1 Z",
    ),
)


def packages(content: bytes, place: Path) -> Tally:
    """Apt's list: every package of the wanted source is a row."""
    choose = Choices(content)
    stanzas = [_stanza(choose, n) for n in range(choose.number(6))]
    index = b"\n".join(stanzas)
    if choose.rarely(10):
        index = index[: choose.number(1 + len(index))]
    stated = index + b"x" if choose.rarely(20) else index
    until = b"Valid-Until: " + choose.odd(DATES) + b"\n" if choose.rarely(3) else b""
    release = b"Origin: Debian\nCodename: bookworm\nDate: " + choose.odd(DATES) + b"\n" + until
    release += b"SHA256:\n %s %d main/binary-amd64/Packages\n" % (
        hashlib.sha256(stated).hexdigest().encode(), len(stated)
    )  # fmt: skip
    (place / f"{STEM}InRelease").write_bytes(release)
    (place / f"{STEM}main_binary-amd64_Packages").write_bytes(index)
    configuration = place / "apt.conf"
    configuration.write_text(f'Dir::State::lists "{place}";\nAPT::Architecture "amd64";\n')
    page = "https://packages.debian.org/source/bookworm/shop"
    source = DataSource(id="shop", backend="debian", url=page)
    with mock.patch.dict(os.environ, APT_CONFIG=str(configuration)), mining_in(place) as mining:
        try:
            rows, _ = shelved(mining, source, "packages")
        except SourceError as error:
            return Tally(refused=str(error))
    paragraphs = Packages.iter_paragraphs(index, use_apt_pkg=False, encoding="latin-1")
    wanted = sum(p.get("Source", p["Package"]).split(" ")[0] == "shop" for p in paragraphs)
    return counted(wanted, rows, PACKAGES)


def _stanza(choose: Choices, n: int) -> bytes:
    fields: Mapping[bytes, bytes] = {
        b"Package": choose.odd((b"shop-%d" % n, b"SHOP", b"\x1b[2J", b"\xff")),
        b"Source": choose.odd((b"shop", b"shop (1.0)", b"other", b"shop ()", b"shop (\xff)")),
        b"Version": choose.odd(VALUES),
        b"Installed-Size": choose.odd((b"100", *VALUES)),
        b"Architecture": choose.odd((b"amd64", b"\x1b[2J")),
        b"Depends": choose.odd(NEEDS),
        b"Provides": choose.odd(NEEDS),
    }
    kept = [(k, v) for k, v in fields.items() if k == b"Package" or not choose.rarely(20)]
    return b"".join(k + b": " + v + b"\n" for k, v in kept)


def apt_is_here() -> bool:
    return bool(shutil.which("apt-config")) and Path(debian.HELPER).exists()
