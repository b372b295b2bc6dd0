from __future__ import annotations

import datetime as dt
import gzip
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evaluator.mine.assemble import thread_roots
from evaluator.mine.mail import messages
from evaluator.mine.repository import SourceError
from evaluator.mine.sources import Harvest, Mining, backends, harvester
from tests.mine.conftest import letter, source

DIFF = "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"


def harvest(place: Path | str, mining: Mining, backend: str = "public-inbox") -> Harvest:
    return harvester(backend)(source(place, backend), mining)


def seconds(*moment: int) -> int:
    return int(dt.datetime(*moment, tzinfo=dt.UTC).timestamp())


def test_date_is_the_header_in_utc_down_to_the_minute(
    inbox: Callable[..., Path], mining: Mining
) -> None:
    found = harvest(inbox(letter(1), letter(2)), mining).messages.to_pylist()
    assert [m["sent"] for m in found] == [seconds(2020, 9, d, 8, 11) for d in (1, 2)]
    assert {(m["name"], m["address"]) for m in found} == {("Ann Example", "ann@example.net")}


def test_lines_that_begin_with_from_split_nothing(
    inbox: Callable[..., Path], mining: Mining
) -> None:
    tricky = letter(1, body="Hi\n\nFrom me\n>From you\nFrom x@example.net Tue Sep  1 2020\n\nbye\n")
    found = harvest(inbox(tricky, letter(2)), mining)
    assert found.messages.num_rows == 2
    assert not found.dropped


def test_what_is_left_out_is_counted_by_reason(inbox: Callable[..., Path], mining: Mining) -> None:
    place = inbox(
        letter(1),
        letter(1),
        letter(2, Message_ID=""),
        letter(3, Date=""),
        letter(4, Date="the day after"),
        letter(5),
        (b"d", letter(5)),
        letter(6, body="x" * 8_000_000),
    )
    found = harvest(place, mining)
    assert [m["id"] for m in found.messages.to_pylist()] == ["1@example.net"]
    assert found.dropped == {
        "Message-ID seen before": 1,
        "no Message-ID": 1,
        "no date": 1,
        "unreadable date": 1,
        "withdrawn from the archive": 1,
        "larger than 8000000 bytes": 1,
    }
    # The second time the rows and the counts come from the cache.
    assert harvest(place, mining).dropped == found.dropped


def test_answers_and_patches() -> None:
    found, _ = messages(
        [
            letter(1, Subject="[PATCH v2 1/3] mend it"),
            letter(2, Subject="Re: [PATCH] mend it", In_Reply_To="<1@example.net> of Tuesday"),
            letter(3, Subject="question", References="<1@example.net>\n <2@example.net>"),
            letter(4, Subject="try this", body="Hello,\n\n" + DIFF),
            letter(5, Subject="Re: try this", body="> " + DIFF.replace("\n", "\n> ")),
        ]
    )
    rows = found.to_pylist()
    assert [m["patch"] for m in rows] == [True, False, False, True, False]
    assert [m["ancestors"] for m in rows[:3]] == [
        [],
        ["1@example.net"],
        ["2@example.net", "1@example.net"],
    ]


def test_authors_however_the_list_writes_them() -> None:
    found, _ = messages(
        [
            letter(1, From="=?utf-8?q?J=C3=B6rg_Example?= <j@example.net>"),
            letter(2, From="'Ann' via list <list@example.org>", Reply_To="Ann <ann@example.net>"),
            letter(3, From="ann at example.net (Ann Example)"),
            letter(4, From="caf\udce9 <c@example.net>"),
            letter(5, From="\x1b[31m<script>"),
        ]
    )
    who = [(m["name"].strip(), m["address"]) for m in found.to_pylist()]
    assert who[0] == ("Jörg Example", "j@example.net")
    assert who[1] == ("'Ann'", "ann@example.net")
    assert who[2] == ("Ann Example", "ann@example.net")
    assert who[3][1] == "c@example.net"
    assert all("\udce9" not in name for name, _ in who)
    assert len(who) == 5


def test_broken_mail_takes_no_other_with_it() -> None:
    hostile = [
        b"\x00\xff\xfe garbage",
        b"",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n--x\n--x--",
        letter(7, Content_Type="text/plain; charset=no-such", Content_Transfer_Encoding="base64"),
        letter(8, Subject="=?no-such?b?////?="),
    ]
    found, dropped = messages([*hostile, letter(1)])
    assert "1@example.net" in found["id"].to_pylist()
    assert found.num_rows + sum(dropped.values()) == 6


def test_threads_follow_the_nearest_archived_ancestor() -> None:
    roots = thread_roots(
        {"a": [], "b": ["a"], "c": ["lost", "b"], "d": ["lost"], "x": ["y"], "y": ["x"]}
    )
    assert roots == {"a": "a", "b": "a", "c": "a", "d": "d", "x": "x", "y": "x"}


def test_a_repository_that_is_no_archive(built: Path, mining: Mining) -> None:
    with pytest.raises(SourceError, match="the archive holds no message"):
        harvest(built, mining)


def test_unknown_backend_names_those_there_are() -> None:
    assert {"git", "public-inbox", "pipermail", "hyperkitty", "mbox"} <= set(backends())
    with pytest.raises(SourceError, match="did you mean 'pipermail'"):
        harvester("pipermial")


# --- mbox files, here and downloaded --------------------------------------------------------


def box(*letters: bytes) -> bytes:
    return b"".join(b"From a at example.net  Tue Sep  1 2020\n" + text + b"\n" for text in letters)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "site"
    place.mkdir()
    (place / "2020-September.txt.gz").write_bytes(gzip.compress(box(letter(1), letter(2))))
    (place / "2020-October.txt").write_bytes(box(letter(3)))
    return place


@pytest.fixture
def site(folder: Path) -> Iterator[str]:
    """The folder as an archiver on the loopback interface shows it."""
    links = "".join(f"<a href='{p.name}'>{p.name}</a>" for p in sorted(folder.iterdir()))
    (folder / "index.html").write_text(links)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            if not self.path.startswith("/export/"):
                return super().do_GET()
            # HyperKitty answers for every month that it is asked for.
            content = box(letter(1)) if "/2020-09.mbox.gz?" in self.path else b""
            self.send_response(200)
            self.end_headers()
            self.wfile.write(gzip.compress(content))

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_mbox_files_of_this_machine(folder: Path, mining: Mining) -> None:
    assert harvest(folder, mining, "mbox").messages.num_rows == 3
    assert harvest(folder / "2020-October.txt", mining, "mbox").messages.num_rows == 1


def test_pipermail(site: str, mining: Mining) -> None:
    found = harvest(site, mining, "pipermail")
    assert sorted(found.messages["id"].to_pylist()) == [f"{n}@example.net" for n in (1, 2, 3)]
    assert len(found.head) == 64
    assert found.backend_version.startswith("perceval ")


def test_hyperkitty(site: str, mining: Mining) -> None:
    found = harvest(site, mining, "hyperkitty")
    assert found.messages["id"].to_pylist() == ["1@example.net"]


@pytest.mark.parametrize(
    ("backend", "url", "reason"),
    [
        ("pipermail", "http://127.0.0.1:1/list/", "cannot be read: .*127.0.0.1"),
        ("pipermail", "https:///nowhere", "is refused"),
        ("mbox", "https://example.net/list.mbox", "download it first"),
        ("mbox", "/absent/list.mbox", "there is nothing at '/absent/list.mbox'"),
    ],
)
def test_archives_that_cannot_be_had(backend: str, url: str, reason: str, mining: Mining) -> None:
    with pytest.raises(SourceError, match=reason):
        harvest(url, mining, backend)
