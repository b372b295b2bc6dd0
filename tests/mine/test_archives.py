from __future__ import annotations

import bz2
import gzip
import http.server
import io
import os
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.mine import archive, download, mbox
from evaluator.mine.command import SourceError
from evaluator.mine.mail import LARGEST_BYTES
from evaluator.mine.sources import Harvest, Mining, backends
from tests.mine.conftest import harvest, letter, rows_of, source
from tests.mine.serving import Quiet, serving


def box(*letters: bytes) -> bytes:
    return b"".join(b"From a at example.net  Tue Sep  1 2020\n" + text + b"\n" for text in letters)


def peak_of(items: Iterable[object]) -> int:
    """Bytes of memory that it takes, at most, to go through the items."""
    tracemalloc.start()
    try:
        for _ in items:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "site"
    place.mkdir()
    (place / "2020-August.txt.gz").write_bytes(gzip.compress(box(letter(1), letter(2))))
    (place / "2020-September.txt").write_bytes(box(letter(3)))
    return place


def mined(place: Path | str, mining: Mining, backend: str = "mbox") -> Harvest:
    return harvest(source(place, backend), mining)


def identifiers(place: Path | str, mining: Mining, backend: str = "mbox") -> list[str]:
    rows = rows_of(source(place, backend), mining, "messages").to_pylist()
    return [row["id"].partition("@")[0] or row["reason"] for row in rows]


# --- the format -------------------------------------------------------------------------------


def split(content: bytes) -> list[bytes]:
    return list(mbox.split(mbox.Bounded(io.BytesIO(content), len(content))))


def test_a_word_at_the_beginning_of_a_line_splits_nothing() -> None:
    texts = [letter(1, body="Hi\n\nFrom me\nFrom Paris we went\n\nto Rome\n"), letter(2)]
    assert [m.rstrip() for m in split(box(*texts))] == [t.rstrip() for t in texts]


@pytest.mark.parametrize(
    "begin",
    [
        b"From a at example.net  Tue Sep  1 2020",
        b"From a@example.net Tue Sep 01 10:11:12 2020",
        b"From a@example.net Tue, 01 Sep 2020 10:11:12 +0200",
        b"From mboxrd@z Thu Jan  1 00:00:00 1970",
        b"From - Tue Sep 01 10:11:12 2020\r",
        b"From nobody",
    ],
)
def test_lines_that_begin_a_message(begin: bytes) -> None:
    content = b"".join(begin + b"\n" + letter(n) + b"\n" for n in (1, 2, 3))
    assert len(split(content)) == 3


PIECES = (b"From ", b"From a Tue Sep  1 2020\n", b"\n", b"A: b\n", b"x", b"\xff\0", b"From\n" * 9)


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.integers(1, 50))
@settings(max_examples=400, deadline=None)
def test_splitting_loses_no_line(pieces: list[bytes], chunk: int) -> None:
    content = b"From a Tue Sep  1 2020\n" + b"".join(pieces) + b"\n"
    found = split(content)
    assert b"".join(found).count(b"\n") + len(found) == content.count(b"\n")
    with pytest.MonkeyPatch.context() as patch:
        # However it is read, but that lines longer than a chunk are not looked at as a whole.
        patch.setattr(mbox, "SHOWN", 30)
        whole = split(content)
        patch.setattr(mbox, "CHUNK", chunk + 500)
        assert split(b"From b\n" + b"x" * 700 + b"\n" + content)[1:] == whole


def test_a_line_without_end_is_read_in_pieces(tmp_path: Path, mining: Mining) -> None:
    place = tmp_path / "long.mbox"
    with place.open("wb") as stream:
        stream.write(box(letter(1)) + b"From a at example.net  Tue Sep  1 2020\nSubject: ")
        for _ in range(100):
            stream.write(b"x" * 1_000_000)
        stream.write(b"\n\n" + box(letter(2)))
    begin = time.monotonic()
    found = rows_of(source(place, "mbox"), mining, "messages").to_pylist()
    assert time.monotonic() - begin < 20
    assert peak_of(mbox.messages(place)) < 5 * LARGEST_BYTES
    reasons = [row["reason"] for row in found]
    assert reasons == ["", f"larger than {LARGEST_BYTES} bytes", ""]


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    peaks = []
    for number in (10_000, 50_000):
        place = tmp_path / f"{number}.gz"
        place.write_bytes(gzip.compress(box(letter(1)) * number))
        peaks.append(peak_of(mbox.messages(place)))
    assert peaks[1] < 1.3 * peaks[0]


# --- files of this machine --------------------------------------------------------------------


def test_files_of_this_machine(folder: Path, mining: Mining) -> None:
    assert identifiers(folder, mining) == ["1", "2", "3"]
    assert identifiers(f"file://{folder}/2020-September.txt", mining) == ["3"]
    found = mined(folder, mining)
    assert (found.kind, found.new, found.gone, found.dropped) == ("mail", 0, 0, {})
    assert len(found.head) == 64
    assert found.backend_version.startswith("perceval ")


def test_compressed_files(tmp_path: Path, mining: Mining) -> None:
    folder = tmp_path / "list"
    (folder / "deeper").mkdir(parents=True)
    (folder / "a.bz2").write_bytes(bz2.compress(box(letter(1))))
    (folder / "deeper" / "b").write_bytes(box(letter(2)))
    # Two members of gzip, one after the other, are one file.
    (folder / "c.gz").write_bytes(gzip.compress(box(letter(3))) + gzip.compress(box(letter(4))))
    with zipfile.ZipFile(folder / "d.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x/../../2.mbox", box(letter(6)))
        packed.writestr("x/1.mbox", box(letter(5)))
        packed.writestr("empty/", b"")
    assert identifiers(folder, mining) == ["1", "3", "4", "6", "5", "2"]
    assert not list(tmp_path.glob("*.mbox"))


def test_what_is_no_mbox_is_left_out_and_named(folder: Path, mining: Mining) -> None:
    (folder / "index.html").write_text("<a>")
    (folder / "\x1b[31m").write_bytes(b"\0")
    (folder / "empty").write_bytes(b"")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    found = mined(folder, mining)
    assert found.dropped == {
        "files that cannot be read": 2,
        "symbolic links, not followed": 2,
        "neither files nor folders": 1,
    }
    assert "index.html is no mbox" in found.note
    assert "\x1b" not in found.note
    assert mined(folder, mining) == replace(found, new=0)


def damaged(content: bytes) -> bytes:
    return content[: len(content) // 2]


def encrypted() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("1.mbox", box(letter(1)))
    content = bytearray(stream.getvalue())
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + flags] |= 1
    return bytes(content)


NO_MAIL = {
    "no mbox": (b"Subject: x\n\nFrom here\n", "is no mbox: it does not begin"),
    "half a gzip": (damaged(gzip.compress(box(letter(1)) * 99)), "cannot be read"),
    "half a bzip2": (damaged(bz2.compress(box(letter(1)) * 99)), "cannot be read"),
    "half a zip": (damaged(encrypted()), "cannot be read: File is not a zip file"),
    "garbled gzip": (gzip.compress(box(letter(1)))[:-9] + b"123456789", "cannot be read"),
    "encrypted": (encrypted(), "is encrypted"),
    "zip in a zip": (b"PK\x05\x06" + b"\0" * 18, "is no mbox"),
    "bomb": (gzip.compress(b"From a\n" + b" " * 50_000_000), "or grows by more than 200 times"),
    "empty": (b"", "the archive holds no message"),
    "nothing usable": (box(letter(1, Date="")), "the archive holds no message"),
}


@pytest.mark.parametrize("name", NO_MAIL)
def test_a_file_without_mail(name: str, tmp_path: Path, mining: Mining) -> None:
    content, reason = NO_MAIL[name]
    place = tmp_path / "list"
    place.write_bytes(content)
    with pytest.raises(SourceError, match=reason):
        mined(place, mining)
    assert not mining.shelf(source(place, "mbox")).parts("messages") or name == "nothing usable"


def test_a_maildir_is_refused(tmp_path: Path, mining: Mining) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / "list" / ".old" / name).mkdir(parents=True)
    with pytest.raises(SourceError, match="is a Maildir; give its messages in mbox files"):
        mined(tmp_path / "list", mining)


def test_bounds(tmp_path: Path, mining: Mining, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "list"
    place.mkdir()
    for n in range(3):
        (place / str(n)).write_bytes(box(letter(1)))
    monkeypatch.setattr("evaluator.mine.sources.mbox.MOST_FILES", 2)
    with pytest.raises(SourceError, match="more than 2 files"):
        mined(place, mining)
    with zipfile.ZipFile(tmp_path / "z", "w") as packed:
        for n in range(3):
            packed.writestr(str(n), box(letter(1)))
    monkeypatch.setattr(mbox, "MOST_MEMBERS", 2)
    with pytest.raises(SourceError, match="holds more than 2 files"):
        mined(tmp_path / "z", mining)
    monkeypatch.setattr(mbox, "LARGEST_FILE", 100)
    with pytest.raises(SourceError, match="is larger than 100 bytes"):
        mined(place / "1", mining)


@pytest.mark.parametrize(
    ("backend", "url", "reason"),
    [
        ("pipermail", "http://127.0.0.1:1/list/", "cannot be read: .*127.0.0.1"),
        ("hyperkitty", "http://127.0.0.1:1/list/", "cannot be read: .*127.0.0.1"),
        ("pipermail", "https:///nowhere", "is refused"),
        ("mbox", "https://example.net/list.mbox", "download it first"),
        ("mbox", "/absent/list.mbox", "there is nothing at '/absent/list.mbox'"),
        ("mbox", "/dev/null", "is neither a file nor a folder"),
    ],
)
def test_archives_that_cannot_be_had(backend: str, url: str, reason: str, mining: Mining) -> None:
    with pytest.raises(SourceError, match=reason):
        mined(url, mining, backend)


def test_kinds_of_archives() -> None:
    assert {"public-inbox", "pipermail", "hyperkitty", "mbox"} <= set(backends())


# --- what is read once is not read again ------------------------------------------------------


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose messages are read."""
    names: list[str] = []
    messages = mbox.messages

    def told(path: Path) -> Iterator[bytes]:
        names.append(path.name)
        yield from messages(path)

    monkeypatch.setattr(mbox, "messages", told)
    return names


def test_only_what_changed_is_read_again(folder: Path, mining: Mining, read: list[str]) -> None:
    first = mined(folder, mining)
    assert (first.new, first.gone, read) == (3, 0, ["2020-August.txt.gz", "2020-September.txt"])
    read.clear()
    again = mined(folder, mining)
    assert (again.new, again.gone, read, again.parts) == (0, 0, [], first.parts)
    # The date of a file may change without its content doing so.
    os.utime(folder / "2020-September.txt", (1, 1))
    assert mined(folder, mining).parts == first.parts
    assert not read
    state = mining.shelf(source(folder, "mbox")).recall()
    assert state["files"]["2020-September.txt"]["stamp"][1] == 10**9
    with (folder / "2020-September.txt").open("ab") as stream:
        stream.write(box(letter(4)))
    grown = mined(folder, mining)
    assert (grown.new, grown.gone, read) == (1, 0, ["2020-September.txt"])
    assert identifiers(folder, mining) == ["1", "2", "3", "4"]
    assert grown.head != first.head
    (folder / "2020-August.txt.gz").unlink()
    assert (mined(folder, mining).gone, identifiers(folder, mining)) == (2, ["3", "4"])
    (folder / "2020-September.txt").rename(folder / "2020-October.txt")
    moved = mined(folder, mining)
    assert (moved.new, moved.gone) == (0, 0)
    assert mining.shelf(source(folder, "mbox")).parts("messages") == list(moved.parts)


def test_a_file_that_cannot_be_read_is_tried_again_when_it_changes(
    folder: Path, mining: Mining, read: list[str]
) -> None:
    place = folder / "2020-October.gz"
    whole = gzip.compress(box(*(letter(n) for n in range(4, 9))))
    place.write_bytes(damaged(whole))
    assert "2020-October.gz cannot be read" in mined(folder, mining).note
    read.clear()
    assert mined(folder, mining).dropped == {"files that cannot be read": 1}
    assert not read
    place.write_bytes(whole)
    mended = mined(folder, mining)
    assert (mended.new, mended.dropped, mended.note) == (5, {}, "")


def test_a_run_that_was_killed_is_continued(
    folder: Path, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = mined(folder, mining)
    shelf = mining.shelf(source(folder, "mbox"))
    shelf.remember({})
    shelf.discard(shelf.parts("messages"))

    class KillError(BaseException):
        pass

    monkeypatch.setattr(archive, "SAVE_BYTES", 0)
    put, remember = shelf.put, shelf.remember
    for survived in range(6):
        calls = 0

        def fail(*_: object, most: int = survived) -> None:
            nonlocal calls
            calls += 1
            if calls > most:
                raise KillError

        with monkeypatch.context() as patch:
            patch.setattr(type(shelf), "put", lambda self, *a, f=fail: (put(*a), f())[0])
            patch.setattr(type(shelf), "remember", lambda self, *a, f=fail: (remember(*a), f())[0])
            try:
                mined(folder, mining)
            except KillError:
                continue
            break
    assert survived > 2
    final = mined(folder, mining)
    assert (final.parts, final.head) == (undisturbed.parts, undisturbed.head)
    assert shelf.parts("messages") == sorted(final.parts)


def test_an_interruption_ends_the_reading(folder: Path, mining: Mining) -> None:
    mining.git.stop()
    with pytest.raises(SourceError, match="interrupted"):
        mined(folder, mining)


def test_every_message_becomes_a_row_or_a_reason(tmp_path: Path, mining: Mining) -> None:
    texts = [
        letter(1),
        letter(1),
        letter(2, Message_ID=""),
        letter(3, Date=""),
        letter(4, Date="the day after"),
        letter(5, body="x" * LARGEST_BYTES),
        b"\0\xff",
        b"",
        letter(6, In_Reply_To="<7@example.net>"),
        letter(7, In_Reply_To="<6@example.net>"),
    ]
    place = tmp_path / "list"
    place.write_bytes(box(*texts))
    found = identifiers(place, mining)
    assert found == [
        *("1", "1", "no Message-ID", "no date", "unreadable date"),
        *("larger than 8000000 bytes", "no Message-ID", "no Message-ID", "6", "7"),
    ]
    assert mined(place, mining).new == 0


# --- downloads --------------------------------------------------------------------------------


@dataclass
class Archiver:
    """What an archiver on the loopback interface holds, and what it was asked for."""

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    answer: Callable[[http.server.BaseHTTPRequestHandler], bool] = lambda handler: False

    def links(self, *others: str) -> None:
        names = [p.name for p in sorted(self.folder.iterdir(), reverse=True)]
        links = [*(n for n in names if n != "index.html"), *others]
        text = "".join(f"<a href='{link}'>x</a>" for link in links)
        (self.folder / "index.html").write_text(text)

    def months(self) -> list[str]:
        asked = [a for a in self.asked if a != "/"]
        self.asked.clear()
        return asked


@pytest.fixture
def site(folder: Path) -> Iterator[Archiver]:
    """The folder as Pipermail shows it, and as HyperKitty exports it."""
    archiver = Archiver(folder)
    archiver.links()

    class Shown(Quiet):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            archiver.asked.append(urlsplit(self.path).path)
            if archiver.answer(self):
                return
            if not self.path.startswith("/export/"):
                return super().do_GET()
            # HyperKitty answers for every month that it is asked for.
            place = urlsplit(self.path)
            name = place.path.removeprefix("/export/").removesuffix(".mbox.gz")
            assert parse_qs(place.query)["start"] == [f"{name}-01"]
            months = {"2020-08": "2020-August.txt.gz", "2020-09": "2020-September.txt"}
            content = b""
            if name in months and (folder / months[name]).exists():
                content = (folder / months[name]).read_bytes()
            if not content.startswith(b"\x1f\x8b"):
                content = gzip.compress(content)
            self.respond(content)

    with serving(Shown) as address:
        archiver.url = f"{address}/"
        yield archiver


def test_pipermail(site: Archiver, mining: Mining) -> None:
    found = mined(site.url, mining, "pipermail")
    assert (found.new, found.gone) == (3, 0)
    assert site.months() == ["/2020-August.txt.gz", "/2020-September.txt"]
    assert identifiers(site.url, mining, "pipermail") == ["1", "2", "3"]
    assert len(found.head) == 64
    site.months()
    again = mined(site.url, mining, "pipermail")
    assert site.months() == ["/2020-September.txt"]
    assert (again.new, again.gone, again.parts) == (0, 0, found.parts)
    (site.folder / "2020-September.txt").write_bytes(box(letter(3), letter(4)))
    (site.folder / "2020-October.txt").write_bytes(box(letter(5)))
    site.links()
    more = mined(site.url, mining, "pipermail")
    assert site.months() == ["/2020-September.txt", "/2020-October.txt"]
    assert (more.new, more.gone) == (2, 0)
    assert identifiers(site.url, mining, "pipermail") == ["1", "2", "3", "4", "5"]


def test_hyperkitty(site: Archiver, mining: Mining) -> None:
    found = mined(site.url, mining, "hyperkitty")
    assert found.new == 3
    months = site.months()
    assert (months[0], months[-1]) == ("/export/1996-01.mbox.gz", "/export/2026-02.mbox.gz")
    assert identifiers(site.url, mining, "hyperkitty") == ["1", "2", "3"]
    assert site.months() == ["/export/2026-02.mbox.gz"]
    assert mined(site.url, mining, "hyperkitty").new == 0


def test_downloads_are_private_and_hold_no_password(site: Archiver, mining: Mining) -> None:
    url = site.url.replace("http://", "http://me:not-a-secret@")
    with pytest.raises(SourceError) as raised:
        mined(url, mining, "pipermail")
    assert "not-a-secret" not in str(raised.value)
    mined(site.url, mining, "pipermail")
    (folder,) = (mining.cache.path / "archives").glob("built-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(p.name for p in folder.iterdir()) == ["2020-August.txt.gz", "2020-September.txt"]
    everything = b"".join(p.read_bytes() for p in mining.cache.path.rglob("*") if p.is_file())
    assert b"not-a-secret" not in everything


def test_what_was_not_downloaded_is_asked_for_again(site: Archiver, mining: Mining) -> None:
    def broken(handler: http.server.BaseHTTPRequestHandler) -> bool:
        if not handler.path.endswith("September.txt"):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"From a")
        return True

    site.answer = broken
    with pytest.raises(SourceError, match="the archive cannot be read"):
        mined(site.url, mining, "pipermail")
    site.answer = lambda handler: False
    assert mined(site.url, mining, "pipermail").new == 3


def test_a_month_that_is_forbidden_is_counted(site: Archiver, mining: Mining) -> None:
    def forbid(handler: http.server.BaseHTTPRequestHandler) -> bool:
        if "August" in handler.path:
            handler.send_error(403)
            return True
        return False

    site.answer = forbid
    for _ in range(2):
        found = mined(site.url, mining, "pipermail")
        assert found.dropped == {"files that the archiver refuses (403)": 1}
    assert identifiers(site.url, mining, "pipermail") == ["3"]
    site.answer = lambda handler: False
    assert mined(site.url, mining, "pipermail").new == 2


@pytest.mark.parametrize("backend", ["pipermail", "hyperkitty"])
@pytest.mark.parametrize("where", ["/", "2020-0"])
def test_a_redirection_to_another_host_is_not_followed(
    backend: str, where: str, site: Archiver, mining: Mining
) -> None:
    def elsewhere(handler: http.server.BaseHTTPRequestHandler) -> bool:
        if handler.path == where or where in handler.path.replace("August", "0"):
            handler.send_response(302)
            handler.send_header("Location", "http://localhost:1/\x1b[31mlist/")
            handler.end_headers()
            return True
        return False

    site.answer = elsewhere
    with pytest.raises(SourceError, match="redirects to 'http://localhost:1/") as raised:
        mined(site.url, mining, backend)
    assert "\x1b" not in str(raised.value)


def test_a_redirection_within_the_site_is_followed(site: Archiver, mining: Mining) -> None:
    def moved(handler: http.server.BaseHTTPRequestHandler) -> bool:
        if handler.path.startswith("/old/"):
            handler.send_response(301)
            handler.send_header("Location", "/")
            handler.end_headers()
            return True
        return False

    site.answer = moved
    assert mined(site.url + "old/list", mining, "pipermail").new == 3


def test_redirections_without_end(site: Archiver, mining: Mining) -> None:
    def around(handler: http.server.BaseHTTPRequestHandler) -> bool:
        handler.send_response(302)
        handler.send_header("Location", handler.path)
        handler.end_headers()
        return True

    site.answer = around
    with pytest.raises(SourceError, match="redirects more than 5 times"):
        mined(site.url, mining, "pipermail")


def test_links_that_lead_elsewhere(site: Archiver, mining: Mining) -> None:
    odd = ("//[x/2020.txt", "x.html", "..", "javascript:a.txt")
    site.links("https://example.net/2020-July.txt", "old/2020-September.txt", *odd)
    found = mined(site.url, mining, "pipermail")
    assert found.dropped == {"files on another host": 2, "files of a name seen before": 1}
    assert identifiers(site.url, mining, "pipermail") == ["1", "2", "3"]
    site.links("../../..%2f..%2fetc/passwd.txt")
    with pytest.raises(SourceError, match="404"):
        mined(site.url, mining, "pipermail")
    assert not [a for a in site.asked if "July" in a]


@pytest.mark.parametrize("stopped", [False, True])
def test_a_site_that_never_ends_is_left(
    stopped: bool, site: Archiver, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "DOWNLOAD_SECONDS", 60 if stopped else 1)
    stop = threading.Event()

    def drip(handler: http.server.BaseHTTPRequestHandler) -> bool:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(200):
            if stop.wait(0.05):
                break
            handler.wfile.write(b"x")
        return True

    site.answer = drip
    begin = time.monotonic()
    interruption = threading.Timer(1, mining.git.stop if stopped else lambda: None)
    interruption.start()
    with pytest.raises(SourceError, match="interrupted" if stopped else "took longer than 1 s"):
        mined(site.url, mining, "pipermail")
    assert time.monotonic() - begin < 5
    stop.set()
    interruption.join()


def test_bounds_of_downloads(
    site: Archiver, mining: Mining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mbox, "LARGEST_FILE", 100)
    with pytest.raises(SourceError, match="is larger than 100 bytes"):
        mined(site.url, mining, "pipermail")
    assert not list((mining.cache.path / "archives").rglob("*.partial"))
    monkeypatch.setattr(download, "LARGEST_PAGE", 10)
    with pytest.raises(SourceError, match="is larger than 10 bytes"):
        mined(site.url, mining, "pipermail")
