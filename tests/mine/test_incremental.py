"""What a second run reads, and that it gives what a first one would have given."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluator.findings import EvaluationError
from evaluator.mine import Mined, cache
from evaluator.snapshot import PACKAGE, read_snapshot
from evaluator.study.candidate import DataSource
from tests.mine.conftest import DAY, TODAY, letter, source
from tests.mine.growing import Check, add_unreadable, contents, git, grow, same_as_fresh, stamps

Run = Callable[..., Mined]
TOMORROW = TODAY + dt.timedelta(days=1)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository of the test's own, with 20 commits and a release."""
    grow(tmp_path / "origin.git", range(20))
    git(tmp_path / "origin.git", "tag", "v1.0", "main~5")
    return tmp_path / "origin.git"


@pytest.fixture
def check(run: Run, tmp_path: Path) -> Check:
    """Mines, and asserts that a cache without anything gives the same snapshot."""
    return lambda *sources, **options: same_as_fresh(run, tmp_path, sources, **options)


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    return tmp_path / "snapshot"


@pytest.fixture
def everything(origin: Path, inbox: Callable[..., Path], tmp_path: Path) -> list[DataSource]:
    """A source of each kind that needs no server."""
    box = tmp_path / "mail.mbox"
    box.write_bytes(b"".join(b"From a@example.net Thu Jan  1 1970\n" + letter(n) for n in (4, 5)))
    return [
        source(origin),
        source(inbox(letter(1), letter(2)), "public-inbox", id="list"),
        source(box, "mbox", id="box"),
        source("https://lists.example.net/", "pipermail", id="none", not_available="No network"),
    ]


# --- nothing new ------------------------------------------------------------------------------


def test_second_run_reads_nothing_and_touches_nothing(
    everything: list[DataSource], run: Run, snapshot: Path
) -> None:
    first = run(*everything)
    assert first.new == {"built": 20, "list": 2, "box": 2}
    assert first.changed
    before = stamps(snapshot)
    second = run(*everything)
    assert second.new == second.gone == dict.fromkeys(first.new, 0)
    assert not second.changed
    assert second.rows == first.rows
    assert stamps(snapshot) == before


def test_on_another_day_only_the_day_of_retrieval_changes(
    everything: list[DataSource], run: Run, check: Check, snapshot: Path
) -> None:
    run(*everything)
    before, package = stamps(snapshot), json.loads((snapshot / PACKAGE).read_text())
    mined = check(*everything, retrieved=TOMORROW)
    assert not mined.changed
    assert {r.retrieved for r in mined.rows if r.outcome == "ok"} == {TOMORROW}
    changed = {name for name, stamp in stamps(snapshot).items() if stamp != before[name]}
    assert changed == {PACKAGE}
    for entry in package["sources"]:
        entry["retrieved"] = TOMORROW.isoformat() if entry["outcome"] == "ok" else None
    assert json.loads((snapshot / PACKAGE).read_text()) == package


# --- new items --------------------------------------------------------------------------------

TEE = """#!/bin/sh
case " $* " in *" log "*) tee -a {trace} | {git} "$@" ;; *) exec {git} "$@" ;; esac
"""


def test_of_100_new_commits_git_reads_these_alone(
    origin: Path, check: Check, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(source(origin))
    new = grow(origin, range(100, 200))
    trace, folder = tmp_path / "trace", tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(TEE.format(trace=trace, git=shutil.which("git")))
    (folder / "git").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(folder), prepend=os.pathsep)
        mined = run(source(origin))
    assert sorted(trace.read_text().split()) == sorted(new)
    assert mined.new == {"built": 100}
    assert mined.rows[0].items == 120
    check(source(origin))


def test_one_new_commit_that_the_parser_cannot_read_is_counted(origin: Path, check: Check) -> None:
    check(source(origin))
    add_unreadable(origin)
    for _ in range(2):
        mined = check(source(origin))
        assert not mined.failed
        assert (mined.rows[0].items, sum(mined.rows[0].dropped.values())) == (20, 1)


def test_new_messages_alone_are_read(
    everything: list[DataSource], run: Run, check: Check, tmp_path: Path
) -> None:
    run(*everything)
    grow(
        tmp_path / "inbox.git", [9], files=lambda _: {"m": letter(3, In_Reply_To="<1@example.net>")}
    )
    with (tmp_path / "mail.mbox").open("ab") as stream:
        stream.write(b"From a@example.net Thu Jan  1 1970\n" + letter(6))
    mined = check(*everything)
    assert mined.new == {"built": 0, "list": 1, "box": 1}
    assert {r.id: r.items for r in mined.rows} == {"built": 20, "list": 3, "box": 3, "none": 0}


# --- histories that change --------------------------------------------------------------------


def test_rewritten_history_is_detected(origin: Path, check: Check) -> None:
    check(source(origin))
    git(origin, "update-ref", "refs/heads/main", "main~4")
    grow(origin, range(40, 47))
    mined = check(source(origin))
    assert (mined.new, mined.gone) == ({"built": 7}, {"built": 4})
    assert mined.rows[0].items == 23
    again = check(source(origin))
    assert (again.new, again.gone, again.changed) == ({"built": 0}, {"built": 0}, False)


def test_history_that_is_replaced_altogether(origin: Path, check: Check, tmp_path: Path) -> None:
    check(source(origin))
    shutil.rmtree(origin)
    grow(origin, range(300, 305), subject="Another %d")
    mined = check(source(origin))
    assert (mined.new, mined.gone, mined.rows[0].items) == ({"built": 5}, {"built": 20}, 5)


def test_history_that_goes_back_and_forth(origin: Path, check: Check) -> None:
    tips = [git(origin, "rev-parse", "main"), git(origin, "rev-parse", "main~8")]
    for turn in range(4):
        git(origin, "update-ref", "refs/heads/main", tips[turn % 2])
        assert check(source(origin)).rows[0].items == (20, 12)[turn % 2]


def test_withdrawn_message_is_gone(inbox: Callable[..., Path], check: Check) -> None:
    archive = inbox(letter(1), letter(2))
    check(source(archive, "public-inbox"))
    grow(archive, [9], files=lambda _: {"d": letter(2)})
    mined = check(source(archive, "public-inbox"))
    assert (mined.gone, mined.rows[0].items) == ({"built": 1}, 1)


def test_other_branches_are_no_matter(origin: Path, check: Check) -> None:
    for change in (("branch", "topic", "main~2"), ("branch", "-D", "topic")):
        git(origin, *change)
        assert check(source(origin)).rows[0].items == 20


def test_branch_that_is_renamed(origin: Path, check: Check) -> None:
    check(source(origin))
    git(origin, "branch", "-m", "main", "trunk/stable")
    git(origin, "symbolic-ref", "HEAD", "refs/heads/trunk/stable")
    mined = check(source(origin))
    assert (mined.new, mined.gone) == ({"built": 0}, {"built": 0})
    assert mined.rows[0].branch == "trunk/stable"
    # What was a folder of branches is now one, which git cannot store beside each other.
    git(origin, "branch", "-m", "trunk/stable", "other")
    git(origin, "branch", "-m", "other", "trunk")
    git(origin, "symbolic-ref", "HEAD", "refs/heads/trunk")
    assert check(source(origin)).rows[0].branch == "trunk"


def test_branch_that_is_deleted_fails_and_keeps_what_was_read(origin: Path, run: Run) -> None:
    git(origin, "branch", "stable", "main~3")
    asked = source(origin, branch="stable")
    assert run(asked).rows[0].items == 17
    git(origin, "branch", "-D", "stable")
    mined = run(asked)
    assert mined.failed == {"built": "the repository has no branch 'stable'"}
    assert (mined.rows[0].outcome, mined.rows[0].items) == ("ok", 17)
    assert "Not reached on 2026-01-31: the repository has no branch" in mined.rows[0].note


def test_tags_that_come_move_and_go(origin: Path, check: Check, snapshot: Path) -> None:
    seen = []
    check(source(origin))
    for change in (("v2.0", "main"), ("-f", "v1.0", "main~9"), ("-d", "v1.0")):
        git(origin, "tag", *change)
        mined = check(source(origin))
        assert (mined.new, mined.changed) == ({"built": 0}, True)
        releases = read_snapshot(snapshot).releases.set_index("version")["released"]
        seen.append({str(k): str(v)[:10] for k, v in releases.items()})
    assert seen == [
        {"1.0": "2017-07-17", "2.0": "2017-07-18"},
        {"1.0": "2017-07-16", "2.0": "2017-07-18"},
        {"2.0": "2017-07-18"},
    ]


def test_mailmap_that_changes(origin: Path, check: Check, snapshot: Path) -> None:
    check(source(origin))
    assert read_snapshot(snapshot).commits["person"].nunique() == 3
    one = b"Ann Example <ann@example.net> <ben@lab.example.net>\n"
    grow(origin, [30], files=lambda _: {".mailmap": one})
    assert check(source(origin)).new == {"built": 1}
    assert read_snapshot(snapshot).commits["person"].nunique() == 2
    grow(origin, [33], files=lambda _: {".mailmap": b""})
    check(source(origin))
    assert read_snapshot(snapshot).commits["person"].nunique() == 3


# --- a catalogue that changes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "items", "releases"),
    [
        ({"tag_pattern": "^v2"}, 20, 0),
        ({"path": "src"}, 20, 1),
        ({"path": "src/file3.c"}, 3, 1),
        ({"branch": "side"}, 15, 1),
        ({"provenance": "Somebody said so"}, 20, 1),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_catalogue_that_changes_and_changes_back(
    origin: Path,
    check: Check,
    snapshot: Path,
    fields: dict[str, str],
    items: int,
    releases: int,
) -> None:
    git(origin, "branch", "side", "main~5")
    check(source(origin))
    mined = check(source(origin, **fields))
    assert mined.changed
    assert mined.rows[0].items == items
    assert len(read_snapshot(snapshot).releases) == releases
    back = check(source(origin))
    assert (back.new, back.changed, back.rows[0].items) == ({"built": 0}, True, 20)


def test_address_that_changes(origin: Path, check: Check, tmp_path: Path) -> None:
    moved = tmp_path / "moved.git"
    check(source(origin))
    shutil.copytree(origin, moved)
    grow(moved, [30])
    assert check(source(moved)).rows[0].items == 21
    assert check(source(origin)).rows[0].items == 20


def test_source_that_is_taken_away_and_put_back(
    everything: list[DataSource], check: Check, snapshot: Path
) -> None:
    check(*everything)
    mined = check(*everything[1:])
    assert mined.new == {"list": 0, "box": 0}
    assert read_snapshot(snapshot).commits.empty
    back = check(*everything)
    assert back.new == {"built": 0, "list": 0, "box": 0}
    assert len(read_snapshot(snapshot).commits) == 20


def test_two_sources_of_one_address(origin: Path, check: Check) -> None:
    both = [source(origin, id="a"), source(origin, id="b", path="src/file3.c")]
    assert check(*both).new == {"a": 20, "b": 3}
    grow(origin, [24, 25])
    assert check(*both).new == {"a": 2, "b": 1}


def test_other_version_of_the_extraction_reads_all_anew(
    origin: Path, check: Check, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(source(origin))
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    assert check(source(origin)).new == {"built": 20}


# --- dates and keys ---------------------------------------------------------------------------


def test_as_of_that_changes(origin: Path, check: Check, snapshot: Path) -> None:
    check(source(origin))
    for day, items in ((15, 8), (16, 12), (15, 8)):
        mined = check(source(origin), as_of=dt.date(2017, 7, day))
        assert (mined.new, mined.changed, mined.rows[0].items) == ({"built": 0}, True, items)
    # On another day the same date leaves out the same.
    assert not check(source(origin), as_of=dt.date(2017, 7, 15), retrieved=TOMORROW).changed
    assert check(source(origin)).rows[0].items == 20


@pytest.mark.parametrize(("authored", "committed"), [(1, 1), (0, 1), (0, 2), (2, 2), (3, 0)])
def test_dates_that_lie_ahead(origin: Path, check: Check, authored: int, committed: int) -> None:
    noon = int(dt.datetime(*TODAY.timetuple()[:3], 12, tzinfo=dt.UTC).timestamp())
    dates = (noon + authored * DAY, noon + committed * DAY)
    who = "A <a@example.net> %d +0000"
    stream = f"author {who}\ncommitter {who}\ndata 1\nx\nfrom {{}}\n" % dates
    stream = "commit refs/heads/main\n" + stream.format("refs/heads/main^0")
    git(origin, "fast-import", "--quiet", given=stream.encode())
    git(origin, "tag", "v2.0", "main")
    for day in range(4):
        check(source(origin), retrieved=TODAY + dt.timedelta(days=day))
    assert not check(source(origin), retrieved=TODAY + dt.timedelta(days=day)).changed


def test_snapshot_with_dates_ahead_is_written_once_a_day(run: Run, tmp_path: Path) -> None:
    grow(tmp_path / "odd.git", [0, 10**5])
    assert run(source(tmp_path / "odd.git")).rows[0].dropped
    assert not run(source(tmp_path / "odd.git")).changed


def test_other_key_other_pseudonyms(origin: Path, check: Check, run: Run, tmp_path: Path) -> None:
    run(source(origin))
    before = contents(tmp_path / "snapshot")["commits.parquet"]
    key = tmp_path / "cache" / "pseudonym.key"
    key.write_bytes(secrets.token_bytes(32))
    mined = check(source(origin))
    assert (mined.new, mined.changed) == ({"built": 0}, True)
    assert contents(tmp_path / "snapshot")["commits.parquet"] != before


@pytest.mark.parametrize("left", [b"", b"short"])
def test_damaged_key_is_not_used(origin: Path, run: Run, tmp_path: Path, left: bytes) -> None:
    run(source(origin))
    before = contents(tmp_path / "snapshot")
    (tmp_path / "cache" / "pseudonym.key").write_bytes(left)
    grow(origin, [40])
    with pytest.raises(EvaluationError, match="key of pseudonyms is damaged"):
        run(source(origin))
    assert contents(tmp_path / "snapshot") == before


# --- a snapshot that changes ------------------------------------------------------------------


def _flip(place: Path) -> None:
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 0xFF
    place.write_bytes(content)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "deleted": shutil.rmtree,
    "a table flipped": lambda out: _flip(out / "commits.parquet"),
    "a table emptied": lambda out: (out / "persons.parquet").write_bytes(b""),
    "a table deleted": lambda out: (out / "releases.parquet").unlink(),
    "provenance deleted": lambda out: (out / PACKAGE).unlink(),
    "provenance garbage": lambda out: (out / PACKAGE).write_bytes(b"\xff{"),
    "provenance of other types": lambda out: (out / PACKAGE).write_text('{"sources": ["x"]}'),
    "provenance a list": lambda out: (out / PACKAGE).write_text("[]"),
    "provenance nested": lambda out: (out / PACKAGE).write_text("[" * 10**5),
    "provenance edited": lambda out: (out / PACKAGE).write_text(
        (out / PACKAGE).read_text().replace('"branch": "main"', '"branch": "mine"')
    ),
    "rows claimed": lambda out: (out / PACKAGE).write_text(
        (out / PACKAGE).read_text().replace('"rows": 20', '"rows": 21')
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_snapshot_that_was_tampered_with_is_written_again(
    origin: Path, run: Run, snapshot: Path, damage: str
) -> None:
    run(source(origin))
    before = contents(snapshot)
    DAMAGE[damage](snapshot)
    mined = run(source(origin))
    assert (mined.new, mined.changed) == ({"built": 0}, True)
    assert contents(snapshot) == before


def test_other_folder_gets_the_same_snapshot(origin: Path, run: Run, tmp_path: Path) -> None:
    run(source(origin))
    for place in ("second", "second"):
        mined = run(source(origin), out=tmp_path / place)
        assert contents(tmp_path / "second") == contents(tmp_path / "snapshot")
    assert not mined.changed
