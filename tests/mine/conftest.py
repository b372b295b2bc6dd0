from __future__ import annotations

import datetime as dt
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from evaluator.mine import Mined, mine
from evaluator.mine.cache import Cache
from evaluator.mine.command import Git
from evaluator.mine.sources import Harvest, Mining, backend
from evaluator.study.candidate import DataSource

TODAY = dt.date(2026, 1, 31)
DAY = 86400
EPOCH = 1_500_000_000


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's git configuration of the test's own, awkward on purpose."""
    place = tmp_path / "gitconfig"
    place.write_text(
        "[color]\n ui = always\n[log]\n date = relative\n showSignature = true\n decorate = full\n"
        "[diff]\n renames = copies\n noprefix = true\n[core]\n quotePath = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(place))
    return place


def fast_import(folder: Path, stream: bytes) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
    command = ["git", f"--git-dir={folder}", "fast-import", "--quiet"]
    subprocess.run(command, input=stream, check=True)
    return folder


def commit(
    mark: int,
    who: bytes,
    when: int,
    files: dict[bytes, bytes] | None = None,
    *,
    subject: bytes = b"",
    parents: tuple[int, ...] = (),
    branch: bytes = b"main",
) -> bytes:
    text = subject or b"Change %d" % mark
    lines = [
        b"commit refs/heads/" + branch,
        b"mark :%d" % mark,
        b"author %s %d +0200" % (who, when),
        b"committer %s %d +0000" % (who, when + 60),
        b"data %d\n%s" % (len(text), text),
    ]
    lines += [b"%s :%d" % (b"merge" if n else b"from", p) for n, p in enumerate(parents)]
    for name, content in (files or {}).items():
        lines += [b"M 100644 inline " + name, b"data %d\n%s" % (len(content), content)]
    return b"\n".join(lines) + b"\n\n"


ANN = b"Ann Example <ann@example.net>"
ANN_OLD = b"aexample <ann@old.example.net>"
BEN = b"Ben \xe9 Sample <ben@lab.example.net>"
HOSTILE = b"\x1b[31m[bold]Eve & script() <eve@EXAMPLE.edu>"
ROBOT = b"build[bot] <bot@lab.example.net>"
HISTORY = b"".join(
    (
        commit(1, ANN, EPOCH, {b"src/main.c": b"a\nb\n", b"README": b"x\n"}, subject=b"Begin"),
        commit(2, BEN, EPOCH + DAY, {b"src/main.c": b"a\nb\nc\n"}, parents=(1,)),
        commit(3, HOSTILE, EPOCH + 2 * DAY, {b"doc/\xc3\xa4.md": b"d\n"}, parents=(2,)),
        commit(4, ANN_OLD, EPOCH + 3 * DAY, {b"agents/vip": b"#!\n"}, parents=(2,), branch=b"side"),
        commit(5, ANN, EPOCH + 4 * DAY, {b"agents/vip": b"#!\n"}, parents=(3, 4)),
        commit(
            6,
            ROBOT,
            EPOCH + 5 * DAY,
            {b".mailmap": b"Ann Example <ann@example.net> <ann@old.example.net>\n"},
            parents=(5,),
            subject=b"Two\nlines\n\nAnd a body\n\nReviewed-by: Nobody <n@example.net>",
        ),
        commit(7, BEN, EPOCH + 6 * DAY, {b"topic.c": b"t\n"}, parents=(6,), branch=b"topic"),
        b"reset refs/tags/v1.0.0-rc1\nfrom :2\n\nreset refs/tags/v1.0.0\nfrom :5\n\n",
        b"reset refs/tags/nightly\nfrom :5\n\n",
    )
)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real repository: merge, .mailmap, hostile names, bot, tags, a branch not to count."""
    folder = tmp_path_factory.mktemp("repositories") / "built.git"
    fast_import(folder, HISTORY)
    # What others may put on a server must not change what is counted.
    note = ["git", f"--git-dir={folder}", "-c", "user.name=N", "-c", "user.email=n@example.net"]
    subprocess.run([*note, "notes", "add", "-m", "commit 0123", "main"], check=True)
    return folder


def letter(number: int, **headers: str) -> bytes:
    body = headers.pop("body", "Hello.\nFrom here on it is text.\n")
    fields = {
        "From": "Ann Example <ann@example.net>",
        "Date": f"Tue, 0{number} Sep 2020 10:11:12 +0200",
        "Message-ID": f"<{number}@example.net>",
        "Subject": f"Subject {number}",
    } | {k.replace("_", "-"): v for k, v in headers.items()}
    head = "".join(f"{k}: {v}\n" for k, v in fields.items() if v)
    return (head + "\n" + body).encode("utf-8", "surrogateescape")


@pytest.fixture
def inbox(tmp_path: Path) -> Callable[..., Path]:
    """Makes a public-inbox archive of format 2: one commit a message, in the blob ``m``."""

    def make(*contents: tuple[bytes, bytes] | bytes) -> Path:
        stream = b""
        for n, content in enumerate(contents, start=1):
            name, text = content if isinstance(content, tuple) else (b"m", content)
            # Every commit replaces the whole tree, as public-inbox does.
            files = commit(n, ANN, EPOCH + n * DAY, parents=(n - 1,) if n > 1 else ())
            stream += files.rstrip(b"\n") + b"\ndeleteall\nM 100644 inline " + name
            stream += b"\ndata %d\n%s\n" % (len(text), text)
        return fast_import(tmp_path / "inbox.git", stream)

    return make


@pytest.fixture
def mining(tmp_path: Path) -> Mining:
    return Mining(Git(allow_local=True), Cache(tmp_path / "cache"), TODAY, allow_local=True)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Mined]:
    """Mines sources into ``tmp_path / "snapshot"``."""

    def mined(*sources: DataSource, **options: object) -> Mined:
        given = {
            "cache": tmp_path / "cache",
            "out": tmp_path / "snapshot",
            "retrieved": TODAY,
            "allow_local": True,
        } | options
        return mine(sources, **given)  # type: ignore[arg-type]

    return mined


def source(place: Path | str, backend: str = "git", **fields: str) -> DataSource:
    return DataSource(**({"id": "built", "backend": backend, "url": os.fspath(place)} | fields))


def rows_of(source: DataSource, mining: Mining, table: str = "commits") -> pa.Table:
    """What the source's shelf holds now, in order."""
    shelf, parts = mining.shelf(source), harvest(source, mining).parts
    return pa.concat_tables([shelf.get(p) for p in parts if p.startswith(table)])


def harvest(source: DataSource, mining: Mining) -> Harvest:
    return backend(source.backend).harvest(source, mining)
