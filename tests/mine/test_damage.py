"""Sources that fail, caches that are damaged, disks that are full: what is lost, who says so."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evaluator.findings import EvaluationError
from evaluator.mine import Mined, failures, mine
from evaluator.mine.sources import COMMITS
from evaluator.snapshot import read_snapshot
from evaluator.study.candidate import DataSource
from tests.mine.conftest import TODAY, source
from tests.mine.growing import contents, git, grow, same_as_fresh

Run = Callable[..., Mined]
Damage = Callable[[Path], object]


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    grow(tmp_path / "origin.git", range(20))
    git(tmp_path / "origin.git", "tag", "v1.0", "main~5")
    return tmp_path / "origin.git"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    grow(tmp_path / "other.git", range(50, 56), subject="Other %d")
    return tmp_path / "other.git"


# --- sources that fail ------------------------------------------------------------------------


def test_source_that_vanishes_keeps_its_place(
    origin: Path, other: Path, run: Run, tmp_path: Path
) -> None:
    both = [source(origin), source(other, id="other")]
    first = run(*both)
    before = read_snapshot(tmp_path / "snapshot")
    origin.rename(tmp_path / "away")
    grow(other, [56])
    for day in (1, 2):
        today = TODAY + dt.timedelta(days=day)
        mined = run(*both, retrieved=today)
        assert list(mined.failed) == ["built"]
        assert mined.new == {"other": 1 if day == 1 else 0}
        (finding,) = failures(mined)
        assert finding.code == "source-failed"
        assert "source 'built'" in finding.message
        gone, kept = mined.rows
        assert (gone.outcome, gone.items, gone.retrieved) == ("ok", 20, TODAY)
        assert f"Not reached on {today}: fatal: " in gone.note
        assert (kept.items, kept.retrieved, kept.note) == (7, today, "")
        now = read_snapshot(tmp_path / "snapshot")
        of_built = [s.commits[s.commits["source"] == "built"] for s in (before, now)]
        assert set(of_built[0]["commit"]) == set(of_built[1]["commit"])
        assert len(now.releases) == len(before.releases)
    (tmp_path / "away").rename(origin)
    back = same_as_fresh(run, tmp_path, both)
    assert not back.failed
    assert back.rows[0] == first.rows[0]


def test_source_that_never_was_there_is_an_error(origin: Path, run: Run, tmp_path: Path) -> None:
    absent = source(tmp_path / "absent.git", id="absent")
    mined = run(source(origin), absent)
    row = mined.rows[0]
    assert (row.id, row.outcome, row.items, row.retrieved) == ("absent", "error", 0, None)
    assert row.reason == mined.failed["absent"] != ""
    assert not run(source(origin), absent).changed
    shutil.copytree(origin, tmp_path / "absent.git")
    assert not same_as_fresh(run, tmp_path, [source(origin), absent]).failed


def test_parts_of_a_source_that_fails_and_were_damaged_are_named(
    origin: Path, other: Path, run: Run, tmp_path: Path
) -> None:
    both = [source(origin), source(other, id="other")]
    run(*both)
    for part in (tmp_path / "cache" / "parts").glob("built-*/*.parquet"):
        part.write_bytes(b"PAR1")
    origin.rename(tmp_path / "away")
    mined = run(*both)
    assert list(mined.failed) == ["built"]
    row = mined.rows[0]
    assert (row.outcome, row.items, row.retrieved) == ("error", 0, None)
    assert mined.rows[1].items == 6
    (tmp_path / "away").rename(origin)
    assert not same_as_fresh(run, tmp_path, both).failed


# --- a cache that is damaged ------------------------------------------------------------------


def flip(place: Path, where: float = 0.5) -> None:
    content = bytearray(place.read_bytes())
    content[int(len(content) * where)] ^= 0xFF
    place.write_bytes(content)


def truncate(place: Path) -> None:
    content = place.read_bytes()
    place.write_bytes(content[: len(content) // 2])


def a_part(cache: Path) -> Path:
    return sorted(cache.glob("parts/*/commits-*.parquet"))[0]


def state(cache: Path) -> Path:
    return next(cache.glob("parts/*/state.json"))


def mirror(cache: Path) -> Path:
    return next(cache.glob("mirrors/*.git"))


def a_pack(cache: Path) -> Path:
    return next(mirror(cache).glob("objects/pack/*.pack"))


def of_one_column(cache: Path) -> None:
    """Damage that only who reads this column finds."""
    part = a_part(cache)
    meta = pq.ParquetFile(part).metadata.row_group(0)
    column = meta.column(COMMITS.names.index("subject"))
    flip(part, (column.data_page_offset + column.total_compressed_size // 2) / part.stat().st_size)


READ: dict[str, Damage] = {
    "part truncated": lambda cache: truncate(a_part(cache)),
    "part emptied": lambda cache: a_part(cache).write_bytes(b""),
    "part garbage": lambda cache: a_part(cache).write_bytes(b"\xff" * 500),
    "part deleted": lambda cache: a_part(cache).unlink(),
    "part with a damaged column": of_one_column,
    "shelves deleted": lambda cache: shutil.rmtree(cache / "parts"),
}
KNOWN: dict[str, Damage] = {
    f"state {text[:20]!r}": lambda cache, text=text: state(cache).write_bytes(text)  # type: ignore[misc]
    for text in (b"", b"\xff\x00", b"[]", b"[" * 10**5, b'{"refs": 5}')
} | {
    "state with nothing but the digest": lambda cache: state(cache).write_text(
        json.dumps({"refs": json.loads(state(cache).read_text())["refs"]})
    ),
} | {
    f"ledger {text[:30]!r}": lambda cache, text=text: (cache / "ledger.json").write_bytes(text)  # type: ignore[misc]
    for text in (
        *(b"", b"\xff\x00", b"[]", b"[" * 10**5, b'{"sources": [], "written": []}'),
        *(b'{"sources": {}}', b'{"written": {}}', b'{"sources": 1, "written": "x"}'),
    )
} | {
    "ledger of other values": lambda cache: _each_value(cache / "ledger.json"),
}  # fmt: skip
MIRROR: dict[str, Damage] = {
    "pack truncated": lambda cache: truncate(a_pack(cache)),
    "pack flipped": lambda cache: flip(a_pack(cache)),
    "pack emptied": lambda cache: a_pack(cache).write_bytes(b""),
    "pack deleted": lambda cache: a_pack(cache).unlink(),
    "index deleted": lambda cache: a_pack(cache).with_suffix(".idx").unlink(),
    "index garbage": lambda cache: a_pack(cache).with_suffix(".idx").write_bytes(b"\xff" * 2000),
    "objects deleted": lambda cache: shutil.rmtree(mirror(cache) / "objects"),
    "refs deleted": lambda cache: (mirror(cache) / "packed-refs").unlink(),
    "refs garbage": lambda cache: (mirror(cache) / "packed-refs").write_bytes(b"\xff\n"),
    "HEAD deleted": lambda cache: (mirror(cache) / "HEAD").unlink(),
    "HEAD emptied": lambda cache: (mirror(cache) / "HEAD").write_bytes(b""),
    "configuration garbage": lambda cache: (mirror(cache) / "config").write_bytes(b"\xff["),
    "mirror emptied": lambda cache: (shutil.rmtree(mirror(cache)), _empty_mirror(cache)),
    "mirrors deleted": lambda cache: [shutil.rmtree(p) for p in cache.glob("mirrors/*.git")],
}


def _empty_mirror(cache: Path) -> None:
    lock = next(cache.glob("mirrors/*.lock"))
    lock.with_suffix(".git").mkdir()


def _each_value(ledger: Path) -> None:
    said = json.loads(ledger.read_text())
    for name, of_name in said.items():
        for key in of_name:
            said[name][key] = 5
    ledger.write_text(json.dumps(said))


@dataclass(frozen=True)
class Whole:
    """A cache, what it was made of, and the snapshots of before and after the origin has grown."""

    home: Path
    tips: tuple[str, str]
    wanted: tuple[dict[str, str], dict[str, str]]

    @property
    def source(self) -> DataSource:
        # Not as a path, from which git would make links to the origin's own files.
        return source(f"file://{self.home}/origin.git")

    def stand(self, turn: int) -> None:
        origin = self.home / "origin.git"
        for name in ("refs/heads/main", "refs/tags/v2.0"):
            git(origin, "update-ref", name, self.tips[turn])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    home = tmp_path_factory.mktemp("whole")
    tips = tuple(grow(home / "origin.git", numbers)[0] for numbers in (range(20), range(20, 25)))
    git(home / "origin.git", "tag", "v1.0", "main~9")
    wanted = []
    for turn in (1, 0):
        made = Whole(home, (tips[0], tips[1]), ({}, {}))
        made.stand(turn)
        shutil.rmtree(home / "cache" / "mirrors", ignore_errors=True)
        shutil.rmtree(home / "cache" / "parts", ignore_errors=True)
        (home / "cache" / "mirrors").mkdir(parents=True)
        given = {"cache": home / "cache", "out": home / "snapshot", "retrieved": TODAY}
        mine([made.source], **given, allow_local=True)
        wanted.append(contents(home / "snapshot"))
    return replace(made, wanted=(wanted[1], wanted[0]))


@pytest.fixture
def cache(whole: Whole, tmp_path: Path) -> Path:
    whole.stand(0)
    return Path(shutil.copytree(whole.home / "cache", tmp_path / "cache"))


@pytest.mark.parametrize("damage", READ | KNOWN | MIRROR)
def test_damaged_cache_is_mended(
    whole: Whole, cache: Path, run: Run, tmp_path: Path, damage: str
) -> None:
    (READ | KNOWN | MIRROR)[damage](cache)
    for turn, wanted in enumerate(whole.wanted):
        whole.stand(turn)
        assert not run(whole.source).failed
        assert contents(tmp_path / "snapshot") == wanted


@pytest.mark.parametrize("damage", MIRROR)
def test_damaged_mirror_that_is_all_there_is_left(
    whole: Whole, cache: Path, run: Run, tmp_path: Path, damage: str
) -> None:
    MIRROR[damage](cache)
    shutil.rmtree(cache / "parts")
    assert not run(whole.source).failed
    assert contents(tmp_path / "snapshot") == whole.wanted[0]


def test_damaged_mirror_stays_until_there_is_a_better_one(
    whole: Whole, cache: Path, run: Run, tmp_path: Path
) -> None:
    """The cache is not where it was made either."""
    whole.stand(1)
    a_pack(cache).write_bytes(b"")
    origin, away = whole.home / "origin.git", whole.home / "away"
    tree = git(origin, "rev-parse", "main^{tree}")
    tree_file = origin / "objects" / tree[:2] / tree[2:]
    tree_file.rename(away)
    try:
        mined = run(whole.source)
    finally:
        away.rename(tree_file)
    assert mined.failed
    assert mined.rows[0].items == 20
    assert mirror(cache).exists()
    assert not run(whole.source).failed
    assert contents(tmp_path / "snapshot") == whole.wanted[1]


def test_lock_that_cannot_be_had_is_named(origin: Path, run: Run, tmp_path: Path) -> None:
    run(source(origin))
    (tmp_path / "cache" / "lock").unlink()
    (tmp_path / "cache" / "lock").mkdir()
    with pytest.raises(EvaluationError, match="cache-unusable"):
        run(source(origin))


# --- disks that are full ----------------------------------------------------------------------

FULL = """
import datetime, os, shutil, subprocess, sys
from pathlib import Path
from evaluator.findings import EvaluationError
from evaluator.mine import failures, mine
from evaluator.snapshot import read_snapshot
from evaluator.study.candidate import DataSource

home, what, *tips = Path(sys.argv[1]), *sys.argv[2:]
disk, origin = home / "disk", home / "origin.git"
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], check=True)
places = {"cache": home / "cache", "out": home / "snapshot", what: disk / what}
(places["cache"] / "mirrors").mkdir(parents=True)
shutil.copy(home / "pseudonym.key", places["cache"])
sources = [DataSource(id="built", backend="git", url=f"file://{origin}")]

def run(free):
    with (disk / "filler").open("wb", buffering=0) as filler:
        os.posix_fallocate(filler.fileno(), 0, max(shutil.disk_usage(disk).free - free, 1))
    try:
        mined = mine(sources, retrieved=datetime.date(2026, 1, 31), allow_local=True, **places)
        return failures(mined)
    except EvaluationError as error:
        return error.findings
    finally:
        (disk / "filler").unlink()

for tip in tips:
    subprocess.run(["git", f"--git-dir={origin}", "update-ref", "refs/heads/main", tip], check=True)
    free = 0
    while found := run(free):
        print(free, *(f"{f.code}: {f.message}: {f.remedy}" for f in found), flush=True)
        if places["out"].exists():
            read_snapshot(places["out"])
        free = free * 5 // 4 + 4096
    print("enough", free)
    shutil.copytree(places["out"], home / tip)
print(*(p.name for p in disk.rglob("*.partial")), *(p.name for p in disk.glob(".*")))
"""


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0
    if shutil.which("unshare")
    else True,
    reason="a small disk needs a name space of mounts, which is not allowed here",
)
@pytest.mark.parametrize("what", ["cache", "out"])
def test_full_disk(origin: Path, run: Run, tmp_path: Path, what: str) -> None:
    """With ever more space that is left until it is enough, at first and for what is new."""
    tips = [grow(origin, numbers, files=_large)[0] for numbers in (range(20, 40), range(40, 60))]
    wanted = []
    for tip in tips:
        git(origin, "update-ref", "refs/heads/main", tip)
        run(source(f"file://{origin}"))
        wanted.append(contents(tmp_path / "snapshot"))
    (tmp_path / "cache" / "pseudonym.key").rename(tmp_path / "pseudonym.key")
    shutil.rmtree(tmp_path / "cache")
    shutil.rmtree(tmp_path / "snapshot")
    (tmp_path / "disk").mkdir()
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", FULL, str(tmp_path), what, *tips],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    *told, left = done.stdout.splitlines()
    assert left == ""
    failed = [line for line in told if not line.startswith("enough")]
    assert len(told) == len(failed) + 2
    assert failed
    assert [line for line in failed if "free some space" not in line] == []
    assert [contents(tmp_path / tip) for tip in tips] == wanted


def _large(n: int) -> dict[str, bytes]:
    return {"data": random.Random(n).randbytes(1000)}  # noqa: S311 - that cannot be packed
