"""Runs that are killed, what their git processes go on with, and two runs at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem

from evaluator.mine import Mined, cache, shelf
from evaluator.mine.sources import git as git_source
from tests.bench.kill import WAYS, Place, kill_rounds
from tests.mine.conftest import source
from tests.mine.growing import add_unreadable, contents, git, grow, same_as_fresh

Run = Callable[..., Mined]


def test_killed_again_and_again_gives_the_same_snapshot(tmp_path: Path) -> None:
    place = Place(tmp_path, commits=80, step=30, chunk=10)
    figures = kill_rounds(place, 8, list(WAYS), seed=7)
    assert figures.hit
    assert figures.identical
    assert not figures.left


# --- a git that outlives us -------------------------------------------------------------------

SLOW = """#!/bin/sh
case " $* " in
*" ls-remote "*) echo ask >>{trace} ;;
*" clone "*|*" fetch "*)
    echo begin >>{trace}
    while [ -e {hold} ]; do sleep 0.05; done
    {git} "$@"
    status=$?
    echo end >>{trace}
    exit $status ;;
esac
exec {git} "$@"
"""
MINE = """
import datetime, sys
from pathlib import Path
from evaluator.mine import mine
from evaluator.study.candidate import DataSource
home, url = Path(sys.argv[1]), sys.argv[2]
mine([DataSource(id="built", backend="git", url=url)], cache=home / "cache",
     out=home / "snapshot", retrieved=datetime.date(2026, 1, 31), allow_local=True)
"""


class Slow:
    """Runs of mining whose git clones and fetches only when it is let."""

    def __init__(self, home: Path) -> None:
        self.home, self.trace, self.hold = home, home / "trace", home / "hold"
        folder = home / "bin"
        folder.mkdir()
        text = SLOW.format(trace=self.trace, hold=self.hold, git=shutil.which("git"))
        (folder / "git").write_text(text)
        (folder / "git").chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
        self.hold.touch()
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, url: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", MINE, str(self.home), str(url)],
            env=self.environment,
            start_new_session=True,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def wait_for(self, lines: list[str]) -> None:
        late = time.monotonic() + 20
        while not self.trace.exists() or self.trace.read_text().split() != lines:
            assert time.monotonic() < late
            time.sleep(0.02)

    def let(self) -> None:
        self.hold.unlink(missing_ok=True)

    def end(self) -> None:
        self.let()
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Slow]:
    made = Slow(tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize("known", [False, True], ids=["clone", "fetch"])
def test_git_that_outlives_a_killed_run_is_waited_for(
    slow: Slow, run: Run, tmp_path: Path, known: bool
) -> None:
    origin = tmp_path / "origin.git"
    grow(origin, range(10))
    if known:
        run(source(origin))
        grow(origin, range(10, 15))
    killed = slow.start(origin)
    slow.wait_for(["ask", "begin"])
    killed.kill()
    # Its lock on the cache went with it; its git holds the mirror.
    second = slow.start(origin)
    slow.wait_for(["ask", "begin", "ask"])
    time.sleep(0.5)
    assert second.poll() is None
    assert slow.trace.read_text().split() == ["ask", "begin", "ask"]
    slow.let()
    _, said = second.communicate(timeout=30)
    assert (second.returncode, said) == (0, b"")
    # What has been fetched meanwhile is not fetched again; a clone is not trusted, and made anew.
    ended = ["end"] if known else ["end", "begin", "end"]
    assert slow.trace.read_text().split() == ["ask", "begin", "ask", *ended]
    mined = same_as_fresh(run, tmp_path, [source(origin)])
    assert (mined.rows[0].items, mined.changed) == (15 if known else 10, False)


def test_waiting_for_that_git_can_be_interrupted(slow: Slow, tmp_path: Path) -> None:
    grow(tmp_path / "origin.git", range(3))
    killed = slow.start(tmp_path / "origin.git")
    slow.wait_for(["ask", "begin"])
    killed.kill()
    second = slow.start(tmp_path / "origin.git")
    slow.wait_for(["ask", "begin", "ask"])
    time.sleep(0.3)
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=10)
    assert second.returncode


def test_second_run_is_told_of_the_first(slow: Slow, tmp_path: Path) -> None:
    grow(tmp_path / "origin.git", range(3))
    first = slow.start(tmp_path / "origin.git")
    slow.wait_for(["ask", "begin"])
    second = slow.start(tmp_path / "origin.git")
    _, said = second.communicate(timeout=20)
    assert b"another run of mining is using this cache" in said
    assert second.returncode
    slow.let()
    _, said = first.communicate(timeout=20)
    assert (first.returncode, said) == (0, b"")


# --- what killed runs leave -------------------------------------------------------------------


def test_what_a_killed_run_left_is_cleared(run: Run, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    grow(origin, range(10))
    run(source(origin))
    cache = tmp_path / "cache"
    (mirror,) = (cache / "mirrors").glob("*.git")
    (shelf,) = (cache / "parts").iterdir()
    for name in ("packed-refs.lock", "HEAD.lock", "shallow.lock", "refs/heads/main.lock"):
        (mirror / name).touch()
    left = [
        mirror / "objects/pack/tmp_pack_x",
        mirror / "objects/tmp_objdir-incoming-x/pack",
        mirror.with_suffix(".partial") / "objects",
        cache / "ledger.json.partial",
        shelf / "commits-some-0.parquet.0123456789ab.partial",
    ]
    for place in left:
        place.mkdir(parents=True) if not place.suffixes else place.parent.mkdir(exist_ok=True)
        (place / "x" if place.is_dir() else place).write_bytes(b"half")
    grow(origin, range(10, 15))
    assert same_as_fresh(run, tmp_path, [source(origin)]).new == {"built": 5}
    assert not [p for p in left[:2] + left[3:] if p.exists()]
    assert not list(mirror.rglob("*.lock"))
    shutil.rmtree(mirror)
    assert not same_as_fresh(run, tmp_path, [source(origin)]).failed
    grow(origin, range(15, 16))
    assert not same_as_fresh(run, tmp_path, [source(origin)]).failed
    assert not left[2].exists()


@pytest.mark.parametrize("rewritten", [False, True])
def test_killed_between_any_two_writes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rewritten: bool
) -> None:
    """A run may stop after any of its writes to, and removals from, the shelf and the ledger."""
    monkeypatch.setattr(git_source, "CHUNK", 4)
    origin = tmp_path / "origin.git"
    grow(origin, range(10))
    run(source(origin))
    if rewritten:
        git(origin, "update-ref", "refs/heads/main", "main~3")
    grow(origin, range(20, 30))
    add_unreadable(origin)
    shutil.copytree(tmp_path / "cache", tmp_path / "before")
    same_as_fresh(run, tmp_path, [source(origin)])
    wanted = contents(tmp_path / "snapshot")

    class KilledError(BaseException):
        pass

    for allowed in range(40):
        shutil.rmtree(tmp_path / "cache")
        shutil.copytree(tmp_path / "before", tmp_path / "cache")
        left = allowed

        def counted(real: Callable[..., object]) -> Callable[..., object]:
            def write(*given: object) -> object:
                nonlocal left
                left -= 1
                if left < 0:
                    raise KilledError
                return real(*given)

            return write

        with monkeypatch.context() as patch:
            for owner, name in (
                (shelf.Shelf, "_write"),
                (LocalFileSystem, "rm_file"),
                (cache.Cache, "write"),
            ):
                patch.setattr(owner, name, counted(getattr(owner, name)))
            try:
                run(source(origin))
            except KilledError:
                killed = True
            else:
                killed = False
        assert run(source(origin)).rows[0].items == (17 if rewritten else 20)
        assert contents(tmp_path / "snapshot") == wanted
        if not killed:
            break
    assert 4 < allowed < 39


def test_commits_that_are_on_the_shelf_twice_count_once(run: Run, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    grow(origin, range(10))
    add_unreadable(origin)
    run(source(origin))
    (part,) = (tmp_path / "cache" / "parts").glob("*/commits-*.parquet")
    shutil.copy(part, part.with_name("commits-joined.parquet"))
    part.with_name("state.json").unlink()
    shutil.rmtree(tmp_path / "snapshot")
    (row,) = same_as_fresh(run, tmp_path, [source(origin)]).rows
    assert (row.items, sum(row.dropped.values())) == (10, 1)
