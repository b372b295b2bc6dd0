from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evaluator.findings import EvaluationError, ExitCode
from evaluator.mine import Mined, Progress, failures
from evaluator.snapshot import TABLES, read_snapshot
from tests.mine.conftest import (
    ANN,
    DAY,
    EPOCH,
    TODAY,
    commit,
    fast_import,
    letter,
    source,
)

Run = Callable[..., Mined]


def contents(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_snapshot_of_a_repository_and_a_list(
    built: Path, inbox: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    answer = letter(2, In_Reply_To="<1@example.net>", From="Ben <ben@lab.example.net>")
    seen: list[tuple[str, str]] = []

    class Seen(Progress):
        def finished(self, source: str, outcome: str, *_: int) -> None:
            seen.append((source, outcome))

    mined = run(
        source(built, provenance="Built for a test"),
        source(inbox(letter(1), answer, letter(3, In_Reply_To="<0@x>")), "public-inbox", id="list"),
        source("https://lists.example.net/x/", "pipermail", id="gone", not_available="No network"),
        progress=Seen(),
    )
    rows = mined.rows
    assert sorted(seen) == [("built", "ok"), ("list", "ok")]
    snapshot = read_snapshot(tmp_path / "snapshot")
    assert snapshot.sources == rows
    by_id = {r.id: r for r in rows}
    assert (by_id["built"].items, by_id["built"].branch) == (6, "main")
    assert by_id["built"].note == "Built for a test."
    assert by_id["built"].dropped == {"tags that name no version": 1}
    assert (by_id["gone"].outcome, by_id["gone"].reason) == ("not_available", "No network")
    assert not failures(mined)
    assert mined.new == {"built": 6, "list": 3}
    assert snapshot.as_of == dt.date(2020, 9, 3)

    commits, messages = snapshot.commits, snapshot.messages
    assert commits["merge"].sum() == commits["root"].sum() == 1
    assert commits["files"].isna().sum() == 1
    # Ann under two addresses, Ben, Eve and a program.
    assert commits["person"].nunique() == 4
    assert snapshot.persons["bot"].sum() == 1
    # Ben and a program share a domain; those of one person are pseudonyms, and stay apart.
    domains = set(commits["domain"])
    assert len(domains) == 4
    assert {d for d in domains if not d.endswith(".pseudonym")} == {"lab.example.net"}
    assert messages["parent"].notna().sum() == 1
    assert messages["thread"].nunique() == 2
    # One number for a person, in the repository and on the list.
    ann, ben = messages.sort_values("sent")["person"].iloc[:2]
    assert {ann, ben} <= set(commits["person"])
    releases = snapshot.releases.set_index("version")
    assert list(releases["series"]) == ["1.0", "1.0"]
    assert releases["prerelease"].to_dict() == {"1.0.0-rc1": True, "1.0.0": False}
    assert snapshot.identities["built"]["persons"] == 4


def test_same_cache_same_bytes_other_cache_other_pseudonyms(
    built: Path, run: Run, tmp_path: Path
) -> None:
    run(source(built))
    first = contents(tmp_path / "snapshot")
    run(source(built), out=tmp_path / "again")
    assert contents(tmp_path / "again") == first
    run(source(built), out=tmp_path / "other", cache=tmp_path / "cache2")
    one, two = (read_snapshot(tmp_path / name).commits for name in ("snapshot", "other"))
    assert not set(one["commit"]) & set(two["commit"])
    assert len(one) == len(two)


def test_nothing_personal_is_shipped(
    built: Path, inbox: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    run(source(built), source(inbox(letter(1)), "public-inbox", id="list"))
    told = (tmp_path / "snapshot" / "datapackage.json").read_text()
    for table in TABLES.values():
        told += str(pq.read_table(tmp_path / "snapshot" / table.file).to_pydict())
    for personal in ("Ann", "Example <", "ann@", "aexample", "Ben", "Eve", "ben@", "Begin"):
        assert personal not in told
    shas = subprocess.run(
        ["git", f"--git-dir={built}", "rev-list", "main~1"], capture_output=True, check=True
    )
    assert not any(sha in told for sha in shas.stdout.decode().split())


def test_cache_is_private(built: Path, run: Run, tmp_path: Path) -> None:
    run(source(built))
    cache = tmp_path / "cache"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE((cache / "pseudonym.key").stat().st_mode) == 0o600
    assert len((cache / "pseudonym.key").read_bytes()) == 32


def test_same_change_in_a_converted_repository_is_one(run: Run, tmp_path: Path) -> None:
    twice = b"".join(
        commit(n, ANN, EPOCH, subject=b"same", parents=(n - 1,) * (n > 1)) for n in (1, 2)
    )
    other = commit(1, b"aexample <devnull@localhost>", EPOCH - DAY, subject=b"before")
    other += commit(2, b"aexample <devnull@localhost>", EPOCH, subject=b"same", parents=(1,))
    run(
        source(fast_import(tmp_path / "a.git", twice), id="a"),
        source(fast_import(tmp_path / "b.git", other), id="b"),
    )
    commits = read_snapshot(tmp_path / "snapshot").commits
    numbers = commits.groupby("source", observed=True)["commit"].agg(set)
    assert len(numbers["a"]) == len(numbers["b"]) == 2
    assert len(numbers["a"] & numbers["b"]) == 1


def test_impossible_dates_are_mended_or_left_out(run: Run, tmp_path: Path) -> None:
    late = int(dt.datetime(2031, 1, 1, tzinfo=dt.UTC).timestamp())
    odd = b"author A B <a@example.net> %d +0000\ncommitter A B <a@example.net> %d +0000\n"
    stream = b"".join(
        b"commit refs/heads/main\n" + odd % dates + b"data 1\nx\n"
        for dates in ((EPOCH, EPOCH), (EPOCH, late), (0, EPOCH), (late, late), (5, 5))
    )
    (row,) = run(source(fast_import(tmp_path / "odd.git", stream))).rows
    assert row.items == 3
    assert row.dropped == {"dated before 1990 or after the day of mining": 2}
    assert row.last == read_snapshot(tmp_path / "snapshot").as_of == dt.date(2017, 7, 14)


def test_as_of_leaves_out_what_is_later(built: Path, run: Run, tmp_path: Path) -> None:
    date = dt.date(2017, 7, 16)
    (row,) = run(source(built), as_of=date).rows
    snapshot = read_snapshot(tmp_path / "snapshot")
    assert snapshot.as_of == date
    assert row.items == 3
    assert list(snapshot.releases["tag"]) == ["v1.0.0-rc1"]


def test_a_source_that_fails_takes_no_other_with_it(built: Path, run: Run, tmp_path: Path) -> None:
    mined = run(
        source(built),
        source("https://me:secret@127.0.0.1:1/x", id="unreachable"),
        source("ext::sh -c true", id="hostile"),
        source(built, "svn", id="unknown"),
    )
    outcomes = {r.id: r.outcome for r in mined.rows}
    assert outcomes == {"built": "ok", "unreachable": "error", "hostile": "error"} | {
        "unknown": "error"
    }
    findings = failures(mined)
    assert [f.code for f in findings] == ["source-failed"] * 3
    assert "no backend 'svn'; allowed: bugzilla" in str(findings[1])
    assert "secret" not in (tmp_path / "snapshot" / "datapackage.json").read_text()
    assert read_snapshot(tmp_path / "snapshot").sources == mined.rows


def test_when_nothing_can_be_mined_the_old_snapshot_stays(
    built: Path, run: Run, tmp_path: Path
) -> None:
    run(source(built))
    before = contents(tmp_path / "snapshot")
    with pytest.raises(EvaluationError) as raised:
        run(source("/absent"))
    assert raised.value.exit_code == ExitCode.UNAVAILABLE
    assert [f.code for f in raised.value.findings] == ["source-failed", "mine-nothing"]
    assert contents(tmp_path / "snapshot") == before


def test_cache_that_cannot_be_used(built: Path, run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    (home / "file").write_text("")
    for place in (home, home / "file"):
        with pytest.raises(EvaluationError, match="cache-unusable"):
            run(source(built), cache=place)
    assert stat.S_IMODE(home.stat().st_mode) == 0o755


MINE = """
import datetime, sys
from pathlib import Path
from evaluator.mine import mine
from evaluator.study.candidate import DataSource
home, url = Path(sys.argv[1]), sys.argv[2]
mine([DataSource(id="x", backend="git", url=url)], cache=home / "cache", out=home / "snapshot",
     retrieved=datetime.date(2026, 1, 31), allow_local=True)
"""


def started(home: Path, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", MINE, str(home), url]
    return subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)


def test_interruption_leaves_nothing_half_done(tmp_path: Path) -> None:
    # A repository whose server never answers: a git that waits until it is told to stop.
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with started(tmp_path, f"git://127.0.0.1:{port}/x") as mining:
            server.stdout.readline()
            with started(tmp_path, "/absent") as second:
                assert second.stderr is not None
                assert b"another run of mining is using this cache" in second.stderr.read()
            begin = time.monotonic()
            os.kill(mining.pid, signal.SIGINT)
            mining.wait(timeout=20)
            assert time.monotonic() - begin < 10
        server.kill()
    assert not (tmp_path / "snapshot").exists()
    assert not list((tmp_path / "cache" / "mirrors").glob("*.git"))


LISTEN = """
import socket, time
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    connection = listening.accept()
    print("connected", flush=True)
    time.sleep(60)
"""


def test_provenance_is_a_data_package(built: Path, run: Run, tmp_path: Path) -> None:
    run(source(built))
    package = json.loads((tmp_path / "snapshot" / "datapackage.json").read_text())
    (entry,) = package["sources"]
    head = subprocess.run(
        ["git", f"--git-dir={built}", "rev-parse", "main"], capture_output=True, check=True
    )
    assert entry["head"] == head.stdout.decode().strip()
    assert entry["backend_version"].startswith("perceval 1.")
    assert entry["retrieved"] == TODAY.isoformat()
    assert package["tools"]["git"][0].isdigit()
