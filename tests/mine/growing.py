"""Repositories and archives that change between two runs, and snapshots to compare."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from evaluator.mine import Mined
from evaluator.study.candidate import DataSource
from tests.mine.conftest import ANN, BEN, DAY, EPOCH, ROBOT

PEOPLE = (ANN, BEN, ROBOT)
TIP = "refs/heads/main^0"

Check = Callable[..., Mined]


def git(folder: Path, *arguments: str, given: bytes = b"") -> str:
    command = ["git", f"--git-dir={folder}", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, check=True)
    return done.stdout.decode().strip()


def _source_file(n: int) -> dict[str, bytes]:
    return {f"src/file{n % 7}.c": b"line %d\n" % n * (n % 5 + 1)}


def grow(
    folder: Path,
    numbers: Iterable[int],
    *,
    after: str = TIP,
    branch: str = "main",
    files: Callable[[int], dict[str, bytes]] = _source_file,
    subject: str = "Change %d",
) -> list[str]:
    """Add a commit for each number to a repository, made when it is not there; give their names.

    A number stands for a date, an author and, unless said otherwise, a file and its content; the
    same numbers give the same commits.
    """
    if not folder.exists():
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
        after = ""
    before = git(folder, "rev-parse", after) if after else ""
    stream = b""
    for n in numbers:
        text = (subject % n if "%" in subject else subject).encode()
        when = EPOCH + n * DAY // 4
        stream += b"commit refs/heads/%s\n" % branch.encode()
        stream += b"author %s %d +0200\n" % (PEOPLE[n % len(PEOPLE)], when)
        stream += b"committer %s %d +0000\ndata %d\n%s\n" % (ANN, when + 60, len(text), text)
        stream += b"from %s\n" % after.encode() if after else b""
        for name, content in files(n).items():
            stream += b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(content), content)
        after = ""
    subprocess.run(
        ["git", f"--git-dir={folder}", "fast-import", "--quiet", "--force"],
        input=stream,
        check=True,
    )
    return git(folder, "rev-list", branch, *([f"^{before}"] if before else [])).split()


def add_unreadable(folder: Path) -> None:
    """Add a commit that Perceval's parser cannot read: its date is none."""
    text = b"tree %s\nparent %s\nauthor %s x +0000\ncommitter %s 5 +0000\n\nx\n" % (
        *(git(folder, "rev-parse", f"main{end}").encode() for end in ("^{tree}", "")),
        *(ANN, ANN),
    )
    name = git(folder, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=text)
    git(folder, "update-ref", "refs/heads/main", name)


def contents(folder: Path) -> dict[str, str]:
    """What a folder holds, by name."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Which files a folder has, and when they were written."""
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in folder.iterdir()}


def same_as_fresh(
    run: Callable[..., Mined], home: Path, sources: Sequence[DataSource], **options: object
) -> Mined:
    """Mine with what earlier runs have left; assert that mining with nothing gives the same."""
    mined = run(*sources, **options)
    fresh = home / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "cache" / "mirrors").mkdir(parents=True)
    shutil.copy(home / "cache" / "pseudonym.key", fresh / "cache")
    run(*sources, **{**options, "cache": fresh / "cache", "out": fresh / "snapshot"})
    out = Path(os.fspath(options.get("out", home / "snapshot")))  # type: ignore[call-overload]
    assert contents(out) == contents(fresh / "snapshot")
    return mined
