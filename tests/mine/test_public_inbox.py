from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from evaluator.mine.command import SourceError
from evaluator.mine.repository import Repository
from evaluator.mine.sources import Harvest, Mining, public_inbox
from tests.mine.conftest import ANN, EPOCH, commit, fast_import, harvest, letter, rows_of, source

Make = Callable[..., Path]
BACKEND = "public-inbox"


def mined(place: Path | str, mining: Mining) -> Harvest:
    return harvest(source(place, BACKEND), mining)


def rows(place: Path | str, mining: Mining) -> list[str]:
    """Message-IDs, or why a message is left out."""
    found = rows_of(source(place, BACKEND), mining, "messages").to_pylist()
    return [row["id"].partition("@")[0] if not row["reason"] else row["reason"] for row in found]


def archive(place: Path, *contents: tuple[bytes, bytes] | bytes) -> Path:
    """Write an archive anew: one commit a message, in the blob ``m`` unless another is named."""
    shutil.rmtree(place, ignore_errors=True)
    stream = b""
    for n, content in enumerate(contents, start=1):
        name, text = content if isinstance(content, tuple) else (b"m", content)
        files = commit(n, ANN, EPOCH + n, parents=(n - 1,) if n > 1 else ())
        stream += files.rstrip(b"\n") + b"\ndeleteall\nM 100644 inline " + name
        stream += b"\ndata %d\n%s\n" % (len(text), text)
    return fast_import(place, stream)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each blob of a message was read."""
    counter: Counter[str] = Counter()
    blobs = Repository.blobs

    def told(self: Repository, identifiers: list[str]) -> Iterator[bytes]:
        counter.update(identifiers)
        return blobs(self, identifiers)

    monkeypatch.setattr(Repository, "blobs", told)
    return counter


def test_lines_that_begin_with_from_split_nothing(inbox: Make, mining: Mining) -> None:
    tricky = letter(1, body="Hi\n\nFrom me\n>From you\nFrom x@example.net Tue Sep  1 2020\n\nbye\n")
    place = inbox(tricky, letter(2))
    assert rows(place, mining) == ["1", "2"]
    found = mined(place, mining)
    assert (found.kind, found.branch, found.new, found.dropped) == ("mail", "main", 0, {})
    assert found.backend_version.startswith("perceval ")


def test_what_is_left_out_has_a_reason(inbox: Make, mining: Mining) -> None:
    place = inbox(
        letter(1),
        letter(1, Subject="again"),
        letter(2, Message_ID=""),
        letter(3, Date=""),
        letter(4, Date="the day after"),
        letter(5),
        (b"d", letter(5)),
        letter(6, body="x" * 8_000_000),
    )
    found = mined(place, mining)
    assert (found.new, found.gone) == (6, 0)
    assert rows(place, mining) == [
        *("1", "1", "no Message-ID", "no date", "unreadable date"),
        *("withdrawn from the archive", "larger than 8000000 bytes"),
    ]


def test_only_new_messages_are_read(tmp_path: Path, mining: Mining, read: Counter[str]) -> None:
    place = archive(tmp_path / "a.git", letter(1), letter(2))
    first = mined(place, mining)
    assert (first.new, first.gone, read.total()) == (2, 0, 2)
    again = mined(place, mining)
    assert (again.new, again.gone, again.parts, read.total()) == (0, 0, first.parts, 2)
    archive(place, letter(1), letter(2), letter(3))
    more = mined(place, mining)
    assert (more.new, more.gone, read.total()) == (1, 0, 3)
    assert more.parts[: len(first.parts)] == first.parts
    assert rows(place, mining) == ["1", "2", "3"]
    head = subprocess.run(
        ["git", f"--git-dir={place}", "rev-parse", "main"], capture_output=True, check=True
    )
    assert more.head == head.stdout.decode().strip()


def test_what_is_withdrawn_later_is_gone(
    tmp_path: Path, mining: Mining, read: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_inbox, "BATCH", 2)
    texts: list[tuple[bytes, bytes] | bytes] = [letter(n) for n in (1, 2, 3, 4)]
    place = archive(tmp_path / "a.git", *texts)
    first = mined(place, mining)
    texts.append((b"d", letter(2)))
    archive(place, *texts)
    found = mined(place, mining)
    assert (found.new, found.gone, read.total()) == (0, 1, 4)
    assert rows(place, mining) == ["1", "withdrawn from the archive", "3", "4"]
    assert found.parts[1:2] == first.parts[1:2]
    # Nothing of it is kept, but for the name of the commit.
    (blank,) = [
        row
        for row in rows_of(source(place, BACKEND), mining, "messages").to_pylist()
        if row["reason"]
    ]
    assert (blank["name"], blank["address"], blank["id"], blank["sent"]) == ("", "", "", None)
    # The same message once more, then the first withdrawn: each commit counts in its turn.
    archive(place, *texts, letter(2), (b"d", letter(1)))
    found = mined(place, mining)
    assert (found.new, found.gone) == (1, 1)
    withdrawn = "withdrawn from the archive"
    assert rows(place, mining) == [withdrawn, withdrawn, "3", "4", "2"]
    assert mining.shelf(source(place, BACKEND)).parts("messages") == sorted(
        mined(place, mining).parts
    )


def test_a_rewritten_archive_is_read_anew(tmp_path: Path, mining: Mining) -> None:
    place = archive(tmp_path / "a.git", letter(1), letter(2), letter(3), (b"d", letter(3)))
    mined(place, mining)
    archive(place, letter(1), (b"m", b""), letter(3), (b"d", letter(3)), letter(4))
    found = mined(place, mining)
    assert (found.new, found.gone) == (2, 1)
    assert rows(place, mining) == ["1", "no Message-ID", "withdrawn from the archive", "4"]


def test_epochs_of_an_inbox(tmp_path: Path, mining: Mining, read: Counter[str]) -> None:
    folder = tmp_path / "inbox"
    archive(folder / "git" / "0.git", letter(1), letter(2))
    assert rows(folder, mining) == ["1", "2"]
    archive(folder / "git" / "1.git", letter(3), (b"d", letter(1)))
    read.clear()
    found = mined(folder, mining)
    assert (found.new, found.gone, read.total()) == (1, 1, 1)
    assert found.note == "2 epochs"
    expected = ["withdrawn from the archive", "2", "3"]
    assert rows(folder, mining) == expected
    # One epoch is an archive as well.
    assert rows(folder / "git" / "1.git", mining) == ["3"]
    # What a later epoch withdraws stays so when an earlier one is written anew.
    archive(folder / "git" / "0.git", letter(1), letter(2), letter(4))
    assert rows(folder, mining) == [*expected[:2], "4", "3"]
    archive(folder / "git" / "0.git", letter(2), letter(1))
    assert rows(folder, mining) == ["2", expected[0], "3"]
    # An epoch that was there and is not is no empty one.
    shutil.rmtree(folder / "git" / "1.git")
    with pytest.raises(SourceError, match="does not appear to be a git repository"):
        mined(folder, mining)


def test_a_run_that_was_killed_is_continued(
    tmp_path: Path, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_inbox, "BATCH", 2)
    texts = [*(letter(n) for n in range(1, 8)), (b"d", letter(1)), letter(8), (b"d", letter(6))]
    place = archive(tmp_path / "a.git", *texts)
    undisturbed = mined(place, mining)
    expected = rows(place, mining)
    shelf = mining.shelf(source(place, BACKEND))
    shelf.remember({})
    shelf.discard(shelf.parts("messages"))

    class KillError(BaseException):
        pass

    put, remember = shelf.put, shelf.remember
    kills = 0
    for most in range(40):
        calls = 0

        def die(result: object, most: int = most % 3) -> object:
            nonlocal calls
            calls += 1
            if calls > most:
                raise KillError
            return result

        with monkeypatch.context() as patch:
            patch.setattr(type(shelf), "put", lambda self, *a, d=die: d(put(*a)))
            patch.setattr(type(shelf), "remember", lambda self, *a, d=die: d(remember(*a)))
            try:
                mined(place, mining)
            except KillError:
                kills += 1
            else:
                break
    assert kills > 3
    final = mined(place, mining)
    assert (final.parts, rows(place, mining)) == (undisturbed.parts, expected)
    assert shelf.parts("messages") == sorted(final.parts)


def test_what_holds_no_message(built: Path, inbox: Make, mining: Mining, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the archive holds no message"):
        mined(built, mining)
    with pytest.raises(SourceError, match="the archive holds no message"):
        mined(inbox(letter(1, Date="")), mining)
    with pytest.raises(SourceError, match="does not appear to be a git repository"):
        mined("/absent", mining)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="does not appear to be a git repository"):
        mined(tmp_path / "empty", mining)
    with pytest.raises(SourceError, match="is refused"):
        mined("ext::sh -c true", mining)


# --- public-inbox itself ----------------------------------------------------------------------

SERVER_SECONDS = 20
LIST = "list@example.net"


@dataclass
class Server:
    """An inbox that Debian's public-inbox keeps and serves on the loopback interface."""

    home: Path
    url: str = ""

    def run(self, *command: str, given: bytes = b"") -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PI_CONFIG": str(self.home / "config"),
            "ORIGINAL_RECIPIENT": LIST,
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        done = subprocess.run(
            command, input=given, env=environment, cwd=self.home, capture_output=True, check=True
        )
        return done.stdout.decode()

    def deliver(self, *texts: bytes) -> None:
        for text in texts:
            self.run("public-inbox-mda", "--no-precheck", given=b"To: %s\n" % LIST.encode() + text)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    if not shutil.which("public-inbox-httpd"):
        pytest.skip("needs Debian's public-inbox")
    kept = Server(tmp_path / "home")
    kept.home.mkdir()
    folder = str(kept.home / "inbox")
    kept.run("public-inbox-init", "-V2", "inbox", folder, "http://127.0.0.1/inbox", LIST)
    kept.run("git", "config", "-f", "config", "publicinboxmda.spamcheck", "none")
    log = kept.home / "httpd.log"
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            ["public-inbox-httpd", "-W0", "-l", "http://127.0.0.1:0"],
            env={**os.environ, "HOME": str(kept.home), "PI_CONFIG": str(kept.home / "config")},
            stdout=stream,
            stderr=stream,
        ) as process,
    ):
        try:
            end = time.monotonic() + SERVER_SECONDS
            bound = None
            while bound is None and time.monotonic() < end and process.poll() is None:
                time.sleep(0.05)
                bound = re.search(r"^# bound (http://127\.0\.0\.1:\d+)", log.read_text(), re.M)
            assert bound, log.read_text()
            kept.url = f"{bound[1]}/inbox"
            yield kept
        finally:
            process.terminate()


@pytest.mark.parametrize("address", ["{url}", "{url}/0", "{home}/inbox"])
def test_a_real_public_inbox(address: str, server: Server, mining: Mining) -> None:
    url = address.format(url=server.url, home=server.home)
    server.deliver(letter(1), letter(2), letter(3))
    first = mined(url, mining)
    assert (first.new, first.gone, first.branch) == (3, 0, "master")
    assert rows(url, mining) == ["1", "2", "3"]

    server.deliver(letter(4))
    assert (mined(url, mining).new, rows(url, mining)) == (1, ["1", "2", "3", "4"])

    to = b"To: %s\n" % LIST.encode()
    server.run("public-inbox-learn", "rm", given=to + letter(2))
    withdrawn = mined(url, mining)
    assert (withdrawn.new, withdrawn.gone) == (0, 1)
    assert rows(url, mining) == ["1", "withdrawn from the archive", "3", "4"]

    server.run("public-inbox-purge", str(server.home / "inbox"), given=to + letter(3))
    purged = mined(url, mining)
    assert purged.gone == 1
    assert [r for r in rows(url, mining) if r.isdigit()] == ["1", "4"]
    assert mined(url, mining).new == 0
