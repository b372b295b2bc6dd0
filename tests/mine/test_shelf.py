from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from evaluator.findings import EvaluationError
from evaluator.mine import Mined
from evaluator.mine.shelf import PARTIAL, Shelf
from tests.mine.conftest import source

PASSWORD = "not-a-secret"  # noqa: S105 - of a server that lives for one test
ROWS = pa.table({"key": ["a", "b"], "reason": ["", ""]})


@pytest.fixture
def ftp(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address of a real FTP server on loopback, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    account = ("-u", "miner", "-P", PASSWORD, "-w", "-d", str(folder))
    command = [sys.executable, "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", "0", *account]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        port = next(m[1] for line in server.stderr if (m := re.search(r"127\.0\.0\.1:(\d+)", line)))
        # Its log must go somewhere, or it stops when the pipe is full.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield f"ftp://miner:{PASSWORD}@127.0.0.1:{port}", folder
        server.terminate()


@pytest.fixture(params=["path", "file://", "memory://", "ftp://"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory://":
        return f"memory://{tmp_path}/parts"
    if request.param == "ftp://":
        return str(request.getfixturevalue("ftp")[0]) + "/deep/parts"
    return f"{request.param.removeprefix('path')}{tmp_path}/deep/parts"


def test_parts_and_state_come_back_from_every_kind_of_file_system(address: str) -> None:
    shelf = Shelf(f"{address}/s-0")
    assert (shelf.parts("commits"), shelf.recall(), shelf.get("commits-1.parquet")) == (
        [],
        {},
        None,
    )
    shelf.discard(["commits-1.parquet"])

    part = shelf.put("commits", "1", ROWS)
    shelf.put("commits", "1", ROWS.slice(1))
    shelf.put("messages", "1", ROWS)
    shelf.remember({"head": 1})
    shelf.remember({"head": 2})

    again = Shelf(f"{address}/s-0")
    assert again.parts("commits") == [part]
    assert again.get(part) == ROWS.slice(1)
    assert again.get(part, ["key"]).column_names == ["key"]
    assert again.recall() == {"head": 2}
    again.discard([part, part])
    assert shelf.parts("commits") == []
    assert shelf.get(part) is None


def test_what_another_thread_or_process_wrote_is_seen_at_once(address: str) -> None:
    shelf = Shelf(f"{address}/s-0")
    shelf.put("commits", "0", ROWS)
    assert shelf.parts("commits") == ["commits-0.parquet"]

    def write(number: int) -> None:
        Shelf(f"{address}/s-0").put("commits", str(number), ROWS)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert shelf.parts("commits") == [f"commits-{n}.parquet" for n in range(6)]
    assert all(shelf.get(part) == ROWS for part in shelf.parts("commits"))


WRITER = """
import sys, pyarrow as pa
from evaluator.mine.shelf import Shelf
shelf = Shelf(sys.argv[1])
rows = pa.table({"key": [f"{n:040}" for n in range(20_000)]})
for turn in range(int(sys.argv[2])):
    shelf.put("commits", "same", rows)
    shelf.remember({"turn": turn})
"""


@pytest.mark.parametrize("kind", ["path", "ftp"])
def test_two_processes_on_one_shelf_leave_whole_parts_and_no_litter(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place, folder = str(tmp_path / "parts"), tmp_path / "parts"
    if kind == "ftp":
        place, folder = request.getfixturevalue("ftp")
    command = [sys.executable, "-c", WRITER, f"{place}/s-0", "12"]
    writers = [subprocess.Popen(command) for _ in range(2)]
    shelf, seen = Shelf(f"{place}/s-0"), 0
    while any(writer.poll() is None for writer in writers):
        if shelf.parts("commits"):
            found = shelf.get("commits-same.parquet")
            assert found is not None
            assert len(found) == 20_000
            seen += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen
    assert sorted(p.name for p in (folder / "s-0").iterdir()) == [
        "commits-same.parquet",
        "state.json",
    ]


def test_litter_of_a_killed_writer_is_no_part_and_goes_with_the_next_state(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "s-0"), "100000"]
    shelf = Shelf(str(tmp_path / "s-0"))
    with subprocess.Popen(command) as writer:
        while not shelf.recall() and writer.poll() is None:
            pass
        os.kill(writer.pid, signal.SIGKILL)
    (tmp_path / "s-0" / f"commits-x.parquet.0123{PARTIAL}").write_bytes(b"PAR1")
    assert shelf.parts("commits") == ["commits-same.parquet"]
    assert shelf.get("commits-same.parquet").num_rows == 20_000
    shelf.remember({})
    assert not list((tmp_path / "s-0").glob(f"*{PARTIAL}"))


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"\0" * 4096, "cut", "flipped"])
def test_a_damaged_part_is_none_and_a_damaged_state_is_empty(
    damage: bytes | str, tmp_path: Path
) -> None:
    shelf = Shelf(str(tmp_path / "s-0"))
    part = shelf.put("commits", "1", ROWS)
    shelf.remember({"head": 1})
    for name in (part, "state.json"):
        place = tmp_path / "s-0" / name
        whole = place.read_bytes()
        middle = len(whole) // 4
        flipped = whole[:middle] + bytes([whole[middle] ^ 0x80]) + whole[middle + 1 :]
        cases = {"cut": whole[:-1], "flipped": flipped}
        place.write_bytes(cases[damage] if isinstance(damage, str) else damage)
    assert shelf.get(part) is None
    assert shelf.recall() == {}


def test_a_disk_that_fails_leaves_no_aside(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path / "s-0"))
    (tmp_path / "s-0" / "state.json").mkdir(parents=True)
    (tmp_path / "s-0" / "state.json" / "x").write_text("")
    with pytest.raises(OSError, match=r"."):
        shelf._write("state.json/x/y", b"")
    assert not list(tmp_path.rglob(f"*{PARTIAL}"))


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_a_new_place_is_the_owners_alone(tmp_path: Path) -> None:
    Shelf(str(tmp_path / "parts" / "s-0")).remember({})
    assert [mode(tmp_path / "parts"), mode(tmp_path / "parts" / "s-0")] == [0o700, 0o700]


@pytest.mark.parametrize(("given", "gives"), [(0o777, 0o770), (0o2770, 0o2770), (0o755, 0o750)])
def test_a_shelf_is_never_for_all_even_where_its_place_is(
    given: int, gives: int, tmp_path: Path
) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    parts.chmod(given)
    Shelf(f"file://{parts}/s-0").remember({})
    assert mode(parts / "s-0") == gives
    assert mode(parts) == given


@pytest.mark.parametrize(
    ("address", "code", "exit_code", "says"),
    [
        ("nosuch://place/parts", "parts-unusable", 2, "nosuch://place"),
        ("smb://u:not-a-secret@192.0.2.1/parts", "parts-unusable", 2, "smbprotocol"),
        ("ftp://u:not-a-secret/x@127.0.0.1:1/p", "parts-unusable", 2, "no address"),
        (
            "ftp://u:not-a-secret@127.0.0.1:1/p",
            "parts-unavailable",
            3,
            "refused",
        ),
    ],
)
def test_a_place_that_cannot_be_used_is_a_finding_without_the_password(
    address: str, code: str, exit_code: int, says: str
) -> None:
    for act in (lambda s: s.parts(""), lambda s: s.recall(), lambda s: s.remember({})):
        with pytest.raises(EvaluationError, match=says) as caught:
            act(Shelf(address))
        (finding,) = caught.value.findings
        assert (finding.code, caught.value.exit_code) == (code, exit_code)
        assert finding.remedy
        assert PASSWORD not in str(caught.value)


def test_a_server_that_refuses_or_dies_is_a_finding_without_the_password(
    ftp: tuple[str, Path],
) -> None:
    address, folder = ftp
    Shelf(f"{address}/s-0").remember({})
    with pytest.raises(EvaluationError, match="Authentication failed"):
        Shelf(f"{address.replace('miner:', 'other:')}/s-0").parts("")
    (folder / "s-0" / "state.json").unlink()
    (folder / "s-0").rmdir()
    (folder / "s-0").write_text("in the way")
    with pytest.raises(EvaluationError, match="parts cannot be kept") as caught:
        Shelf(f"{address}/s-0").remember({})
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in Shelf(f"{address}/s-0").address


def test_mining_into_a_server_gives_the_same_bytes_and_keeps_the_password_to_itself(
    ftp: tuple[str, Path], built: Path, run: Callable[..., Mined], tmp_path: Path
) -> None:
    address, folder = ftp
    here = run(source(built), out=tmp_path / "here")
    there = run(source(built), out=tmp_path / "there", parts=address)
    again = run(source(built), out=tmp_path / "there", parts=address)
    assert (here.new, there.new, again.new) == ({"built": 6}, {"built": 6}, {"built": 0})
    for file in (tmp_path / "here").iterdir():
        assert (tmp_path / "there" / file.name).read_bytes() == file.read_bytes()
    kept = [p for place in ("cache", "there") for p in (tmp_path / place).rglob("*")]
    assert not [p for p in kept if p.is_file() and PASSWORD.encode() in p.read_bytes()]
    assert list(folder.rglob("commits-*.parquet"))
