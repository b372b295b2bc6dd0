from __future__ import annotations

import bz2
import gzip
import json
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from perceval.backends.core.bugzillarest import BugzillaREST
from perceval.backends.core.github import GitHub
from perceval.backends.core.gitlab import GitLab

from evaluator.mine.command import SourceError
from evaluator.mine.mbox import Bounded, opened
from evaluator.mine.sources import Harvest, Mining, perceval_json
from tests.mine.conftest import harvest, letter, rows_of, source
from tests.mine.serving import Quiet, serving
from tests.mine.test_archives import peak_of

BACKEND = "perceval-json"


def mined(place: Path | str, mining: Mining) -> Harvest:
    return harvest(source(place, BACKEND), mining)


def rows(place: Path, mining: Mining, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rows_of(source(place, BACKEND), mining, table).to_pylist()
    return found


def perceval(*arguments: object) -> Path:
    """What the real command writes."""
    command = [Path(sys.executable).parent / "perceval", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
    return Path(str(arguments[-1]))


@pytest.fixture
def commits(built: Path, tmp_path: Path) -> Path:
    work = tmp_path / "mirror"
    return perceval("git", built, "--git-path", work, "--json-line", "-o", tmp_path / "git.json")


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    folder = tmp_path / "boxes"
    folder.mkdir()
    texts = [letter(1), letter(2, From="J\udcf6rg <j@example.net>", References="<1@example.net>")]
    begin = b"From a at example.net  Tue Sep  1 10:11:12 2020\n"
    (folder / "a.mbox").write_bytes(b"".join(begin + t + b"\n" for t in texts))
    # As it writes without --json-line: pretty, one after another.
    return perceval("mbox", "https://lists.example.net/x", folder, "-o", tmp_path / "mail.json")


def test_commits_that_perceval_wrote(
    commits: Path, built: Path, mining: Mining, tmp_path: Path
) -> None:
    found = mined(commits, mining)
    # Perceval reads all branches: one commit more than the default branch has.
    assert (found.kind, found.new, found.gone, found.dropped) == ("git", 7, 0, {})
    assert found.backend_version.startswith("perceval 1.6.1, Git ")
    assert found.note == f"As Perceval read {built}"
    here = rows_of(source(built), mining).to_pylist()
    theirs = {row["key"]: row for row in rows(commits, mining, "commits")}
    # Perceval's git applies the .mailmap; here that is done with the identities.
    mailmap = harvest(source(built), mining).mailmap
    for row in here:
        pair = (row["name"], row["address"])
        name, address = mailmap.get(pair, pair)
        assert theirs[row["key"]] == row | {"name": name, "address": address}
    assert len(theirs) == len(here) + 1


def test_messages_that_perceval_wrote(messages: Path, mining: Mining) -> None:
    assert messages.read_text().startswith("{\n    ")
    found = mined(messages, mining)
    assert (found.kind, found.new, found.dropped) == ("mail", 2, {})
    one, two = rows(messages, mining, "messages")
    assert (one["id"], one["name"], one["sent"]) == ("1@example.net", "Ann Example", 1598947860)
    assert (two["id"], two["ancestors"]) == ("2@example.net", ["1@example.net"])
    assert two["name"] == "J\ufffdrg"


def packed(how: str, items: list[dict[str, Any]]) -> bytes:
    lines = [json.dumps(item) for item in items]
    match how:
        case "lines":
            return "\n".join(lines).encode()
        case "pretty":
            return "\n".join(json.dumps(item, indent=4) for item in items).encode()
        case "array":
            return json.dumps(items).encode()
        case "pretty array":
            return b"\xef\xbb\xbf" + json.dumps(items, indent=2).encode()
        case "gzip":
            return gzip.compress("\r\n".join(lines).encode())
        case "bzip2":
            return bz2.compress("\n\n".join(lines).encode())
    raise AssertionError(how)


HOW = ("lines", "pretty", "array", "pretty array", "gzip", "bzip2")


def item(number: int, **fields: Any) -> dict[str, Any]:
    """A message as Perceval writes it."""
    return {
        "backend_name": "MBox",
        "backend_version": "1.0.0",
        "perceval_version": "1.6.1",
        "category": "message",
        "origin": "https://lists.example.net/x",
        "uuid": f"{number:040x}",
        "data": {
            "Message-ID": f"<{number}@example.net>",
            "Date": "Tue, 01 Sep 2020 10:11:12 +0200",
            "From": "Ann <ann@example.net>",
            "body": {"plain": "text {[\n"},
        },
    } | fields


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_forms_of_files(
    how: str, chunk: int, tmp_path: Path, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perceval_json, "CHUNK", chunk)
    place = tmp_path / "items"
    place.write_bytes(packed(how, [item(n) for n in range(30)]))
    assert [r["id"] for r in rows(place, mining, "messages")] == [
        f"{n}@example.net" for n in range(30)
    ]
    assert mined(place, mining).dropped == {}


def test_only_what_is_new_counts(tmp_path: Path, mining: Mining) -> None:
    place = tmp_path / "items"
    place.write_bytes(packed("lines", [item(1), item(2), item(1)]))
    first = mined(place, mining)
    assert (first.new, first.gone, first.dropped) == (2, 0, {"items seen before": 1})
    again = mined(place, mining)
    assert (again.new, again.parts, again.dropped) == (0, first.parts, first.dropped)
    place.write_bytes(packed("lines", [item(2), item(3)]))
    changed = mined(place, mining)
    assert (changed.new, changed.gone, changed.dropped) == (1, 1, {})


def test_what_cannot_be_read_is_counted_with_its_line(tmp_path: Path, mining: Mining) -> None:
    place = tmp_path / "items"
    lines = [
        json.dumps(item(1)),
        json.dumps(item(2))[:-9],
        json.dumps(item(3)).replace('"data"', '"date"'),
        '"a text of \\u001b[31m its own"',
        "no JSON at all",
        "[[" * 100_000,
        json.dumps(item(4, backend_name="Slack")),
        json.dumps(item(5, data={"Message-ID": "<5@x>"})),
        json.dumps(item(6, uuid=7)),
        '{"a": ' + "9" * 5000 + "}",
        json.dumps(item(7)),
        json.dumps(item(8))[:-1],
    ]
    place.write_text("\n".join(lines))
    found = mined(place, mining)
    assert found.dropped == {
        "not JSON": 4,
        "not an item of Perceval's": 3,
        "items of a backend that is not read": 1,
    }
    assert "Not taken: line 2 (not JSON), line 3 (not an item of Perceval's), line 4" in found.note
    assert found.note.endswith(", and more")
    assert [r["id"] or r["reason"] for r in rows(place, mining, "messages")] == [
        *("1@example.net", "no date", "7@example.net")
    ]


def test_kinds_may_not_be_mixed(tmp_path: Path, commits: Path, mining: Mining) -> None:
    with commits.open("a") as stream:
        stream.write(json.dumps(item(1)))
    reason = r"two kinds: commit \(Git\) and, in line 8, message \(MBox\)"
    with pytest.raises(SourceError, match=reason):
        mined(commits, mining)
    assert not mining.shelf(source(commits, BACKEND)).parts("commits")


SQLITE = b"SQLite format 3\0" + b"\0" * 84
REFUSED = {
    "a Perceval archive": (SQLITE, "Perceval archive: it holds pickled answers, with the cred"),
    "a pickle": (pickle.dumps({"a": 1}), "is pickled data, which is never loaded"),
    "an old pickle": (pickle.dumps({"a": 1}, 0), "holds no item that can be used.*line 1"),
    "nothing": (b"", "holds no item that can be used"),
    "half a gzip": (gzip.compress(json.dumps(item(1)).encode())[:-20], "cannot be read"),
    "a bomb": (gzip.compress(b" " * 50_000_000), "grows by more than 200 times"),
    "another backend": (
        json.dumps(item(1, backend_name="Slack")).encode(),
        "no item that can be used.*not read",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_are_refused(name: str, tmp_path: Path, mining: Mining) -> None:
    content, reason = REFUSED[name]
    place = tmp_path / "items"
    place.write_bytes(content)
    with pytest.raises(SourceError, match=reason):
        mined(place, mining)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://example.net/items.json", "from a path of this machine"),
        ("/absent", "there is no file at '/absent'"),
        ("/dev", "there is no file at '/dev'"),
        ("items.json", "is refused"),
    ],
)
def test_addresses(url: str, reason: str, mining: Mining) -> None:
    with pytest.raises(SourceError, match=reason):
        mined(url, mining)


def test_hostile_items_become_rows_with_reasons(tmp_path: Path, mining: Mining) -> None:
    place = tmp_path / "items"
    odd: list[Any] = [{}, {"commit": 7}, {"commit": ["x"], "Author": 1}, {"commit": "\ud800"}]
    odd.append({"commit": "a", "Author": "A", "AuthorDate": "x", "CommitDate": "", "parents": []})
    items = [
        item(n, backend_name="Git", category="commit", uuid=f"\ud800{n}", data=data)
        for n, data in enumerate(odd)
    ]
    sound = {
        "commit": "b",
        "Author": "J\udcf6 \x1b <j@x>",
        "parents": [],
        "files": [],
        "message": "",
    }
    sound |= dict.fromkeys(("AuthorDate", "CommitDate"), "Tue Sep 1 10:11:12 2020 +0200")
    items.append(item(9, backend_name="Git", category="commit", data=sound))
    place.write_bytes(packed("lines", items))
    found = rows(place, mining, "commits")
    assert [r["reason"].partition(" (")[0] for r in found] == [
        *["not as Perceval writes it"] * len(odd),
        "",
    ]
    assert found[-1]["name"] == "J\ufffd \x1b"


def test_origins_are_told_and_escaped(tmp_path: Path, mining: Mining) -> None:
    place = tmp_path / "items"
    origins = ["https://me:not-a-secret@lists.example.net/\x1b[31m", *map(str, range(9))]
    items = [item(n, origin=origin) for n, origin in enumerate(origins)]
    place.write_bytes(packed("lines", items))
    note = mined(place, mining).note
    assert note == "As Perceval read https://lists.example.net/ [31m, 0, 1, 2, 3 and others"


def test_an_item_without_end(tmp_path: Path, mining: Mining) -> None:
    place = tmp_path / "items"
    with place.open("w") as stream:
        stream.write(json.dumps(item(1)) + '\n{"a": "')
        for _ in range(100):
            stream.write("x" * 1_000_000)
        stream.write('"}\n' + json.dumps(item(2)))
    begin = time.monotonic()
    found = mined(place, mining)
    assert time.monotonic() - begin < 20
    assert peak_of(documents(place)) < 8 * perceval_json.LARGEST_ITEM
    assert found.new == 2
    assert found.dropped == {f"larger than {perceval_json.LARGEST_ITEM} characters": 1}


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for number in (5_000, 25_000):
        place = tmp_path / str(number)
        place.write_bytes(packed("pretty", [item(1)]) * number)
        peaks.append(peak_of(documents(place)))
    assert peaks[1] < 1.3 * peaks[0]


def documents(place: Path) -> Iterator[tuple[int, Any, str]]:
    for content in opened(place):
        yield from perceval_json.documents(content)


class Stream:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int) -> bytes:
        piece, self._content = self._content[:size], self._content[size:]
        return piece


PIECES = (
    *'{}[],:"\\ \n',
    "\\u",
    "null",
    "tru",
    '{"a": "b"}',
    '\n{"a": 1}\n',
    "\x00",
    "\ufeff",
    "9e9",
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40), st.integers(1, 40))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_to_its_end(pieces: list[str], chunk: int) -> None:
    content = "".join(pieces).encode("utf-8", "replace") + b'\n{"last": 1}\n{"last": 2}'
    before = perceval_json.CHUNK
    try:
        perceval_json.CHUNK = chunk
        stream = Bounded(Stream(content), 1 << 30)  # type: ignore[arg-type]
        found = list(perceval_json.documents(stream))
    finally:
        perceval_json.CHUNK = before
    assert found[-1][1:] == ({"last": 2}, "")
    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)
    assert found[-1][0] == content.count(b"\n") + 1


# --- trackers: what plain Perceval makes of their answers ----------------------------------------

WHEN = {"created_at": "2024-01-01T10:00:00Z", "updated_at": "2024-01-03T10:00:00Z"}


def github(path: str) -> Any:
    issue = {
        **WHEN,
        "id": 1,
        "user": {"login": "ann"},
        "state": "open",
        "comments": 1,
        "closed_at": None,
    }
    issue |= {"assignee": None, "assignees": [], "reactions": {"total_count": 0}}
    pull = issue | {"id": 2, "state": "closed", "closed_at": "2024-01-02T10:00:00Z", "comments": 0}
    said = {"user": {"login": "ben"}, "created_at": "2024-01-01T11:30:30Z"}
    own = said | {"user": {"login": "ann"}, "created_at": "2024-01-01T10:30:00Z"}
    return {
        "/issues": [
            issue | {"number": 1, "html_url": "https://github.com/o/r/issues/1"},
            pull
            | {
                "number": 2,
                "html_url": "https://github.com/o/r/pull/2",
                "pull_request": {"merged_at": "2024-01-02T10:00:00Z"},
            },
        ],
        "/issues/1/comments": [
            own | {"id": 1, "reactions": {"total_count": 0}},
            said | {"id": 2, "reactions": {"total_count": 0}},
        ],
        "/pulls": [],
    }.get(path.removeprefix("/api/v3/repos/o/r"), {} if "/users/" in path else [])


def gitlab(path: str) -> Any:
    issue = {**WHEN, "id": 1, "iid": 1, "state": "closed", "closed_at": "2024-01-02T10:00:00Z"}
    issue |= {"author": {"id": 5, "username": "ann", "name": "Ann"}}
    issue |= {"web_url": "https://gitlab.com/o/r/-/issues/1"}
    note = {"id": 1, "author": {"id": 6, "username": "ben", "name": "Ben"}, "system": False}
    note |= {"body": "Hi", "created_at": "2024-01-01T11:30:30Z"}
    labelled = note | {"id": 2, "system": True, "created_at": "2024-01-01T10:01:00Z"}
    path = path.removeprefix("/api/v4/projects/o%2Fr")
    return {"/issues": [issue], "/issues/1/notes": [labelled, note]}.get(path, [])


def bugzilla(path: str) -> Any:
    bug = {"id": 7, "creator": "ann@example.net", "creation_time": "2024-01-01T10:00:00Z"}
    bug |= {"creator_detail": {"id": 3, "real_name": "Ann"}, "status": "RESOLVED"}
    bug |= {"last_change_time": "2024-01-03T10:00:00Z", "is_open": False}
    report = {"creator": "ann@example.net", "creation_time": "2024-01-01T10:00:00Z"}
    answer = {"creator": "ben@example.net", "creation_time": "2024-01-01T11:30:30Z"}
    change = {"field_name": "status", "removed": "NEW", "added": "RESOLVED"}
    history = [{"when": "2024-01-02T10:00:00Z", "who": "x", "changes": [change]}]
    match path.rpartition("/")[2]:
        case "comment":
            return {"bugs": {"7": {"comments": [report, answer]}}}
        case "history":
            return {"bugs": [{"id": 7, "history": history}]}
        case "attachment":
            return {"bugs": {"7": []}}
    asked.append(path)
    return {"bugs": [bug] if len(asked) < 2 else []}


asked: list[str] = []


@pytest.fixture
def tracker(request: pytest.FixtureRequest) -> Iterator[str]:
    asked.clear()
    answers = request.param

    class Answering(Quiet):
        def do_GET(self) -> None:
            self.respond(json.dumps(answers(urlsplit(self.path).path)).encode())

    with serving(Answering) as address:
        yield address


ISSUE = {
    "reason": "",
    "kind": "issue",
    "opened": 1704103200,
    "first_response": 1704108600,
    "closed": 1704189600,
    "merged": False,
    "comments": 1,
}


def issues(backend: Any, category: str, place: Path, mining: Mining) -> list[dict[str, Any]]:
    place.write_bytes(packed("lines", list(backend.fetch(category=category))))
    backend.client.session.close()
    assert mined(place, mining).kind == "tracker"
    return rows(place, mining, "issues")


@pytest.mark.parametrize("tracker", [github], indirect=True)
def test_issues_of_github(tracker: str, tmp_path: Path, mining: Mining) -> None:
    backend = GitHub("o", "r", api_token=[], base_url=tracker)
    one, two = issues(backend, "issue", tmp_path / "items", mining)
    ann = {"name": "", "address": "ann@users.noreply.github.com"}
    assert one == ISSUE | ann | {"key": "https://github.com/o/r/issues/1", "closed": None}
    assert two == ISSUE | ann | {
        "key": "https://github.com/o/r/pull/2",
        "kind": "change_request",
        "first_response": None,
        "comments": 0,
        "merged": True,
    }


@pytest.mark.parametrize("tracker", [gitlab], indirect=True)
def test_issues_of_gitlab(tracker: str, tmp_path: Path, mining: Mining) -> None:
    backend = GitLab("o", "r", base_url=tracker)
    (one,) = issues(backend, "issue", tmp_path / "items", mining)
    ann = {"name": "Ann", "address": "5-ann@users.noreply.gitlab.com"}
    assert one == ISSUE | ann | {"key": "https://gitlab.com/o/r/-/issues/1"}


@pytest.mark.parametrize("tracker", [bugzilla], indirect=True)
def test_bugs_of_bugzilla(tracker: str, tmp_path: Path, mining: Mining) -> None:
    (one,) = issues(BugzillaREST(tracker), "bug", tmp_path / "items", mining)
    ann = {"name": "Ann", "address": "ann@example.net"}
    assert one == ISSUE | ann | {"key": f"{tracker}/show_bug.cgi?id=7"}
