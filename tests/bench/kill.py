"""Mining that is killed over and over, beside mining that is not.

    python -m tests.bench.kill                    # 50 kills each, in four ways
    python -m tests.bench.kill --rounds 10 --seed 3 --way group

Repositories and mail archives are made, and grow before every round: commits, messages and tags
come, and now and then a history is rewritten.  In every round mining is started and ended at a
random moment, always over the same cache and snapshot.  At last it runs to its end, and another run
with nothing but the same key of pseudonyms reads the same sources: the snapshots must be the same
bytes, and nothing half-written may be left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from evaluator.snapshot import read_snapshot
from tests.mine.conftest import letter
from tests.mine.growing import contents, git, grow

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))
LONGEST = 120
"""Seconds that a run may take before this is a failure of its own."""

WAYS = {
    "parent": (signal.SIGKILL, os.kill),
    "group": (signal.SIGKILL, os.killpg),
    "terminate": (signal.SIGTERM, os.kill),
    "interrupt": (signal.SIGINT, os.kill),
}
"""With which signal mining is ended, and whether the git processes that it started are as well."""

MINE = """
import datetime, json, sys
from pathlib import Path
from evaluator.mine import archive, failures, mine
from evaluator.mine.sources import git, public_inbox
from evaluator.study.candidate import DataSource

# So many processes and files that there is something to be killed.
git.CHUNK = public_inbox.BATCH = archive.BATCH = int(sys.argv[4])
archive.SAVE_BYTES = 5_000
sources = [DataSource(**fields) for fields in json.loads(sys.argv[1])]
mined = mine(sources, cache=Path(sys.argv[2]), out=Path(sys.argv[3]),
             retrieved=datetime.date(2040, 1, 1), allow_local=True)
sys.exit(len(failures(mined)))
"""


@dataclass(frozen=True)
class Figures:
    """What became of the rounds."""

    rounds: int
    hit: int
    """Rounds in which mining was at work when it was ended."""
    absent: int
    """Rounds after which there was no snapshot any more, though there had been one."""
    identical: bool
    left: list[str]
    """Files that an undisturbed run does not leave."""
    seconds: float


@dataclass(frozen=True)
class Place:
    """Folders of a test, and what is mined in it."""

    home: Path
    commits: int
    """Of each repository at the beginning."""
    step: int
    """Commits that each gets in a round."""
    chunk: int

    @property
    def sources(self) -> list[dict[str, str]]:
        kinds = {"alpha": "git", "beta": "git", "list": "public-inbox", "box": "mbox"}
        return [{"id": i, "backend": k, "url": str(self.home / i)} for i, k in kinds.items()]

    def begin(self) -> None:
        for name in ("alpha", "beta"):
            grow(self.home / name, range(self.commits))
        self._mail(0, max(self.commits // 10, 1))
        (self.home / "cache" / "mirrors").mkdir(parents=True)
        (self.home / "cache" / "pseudonym.key").write_bytes(KEY)

    def go_on(self, turn: int) -> None:
        """What happens between two rounds."""
        if turn % 6 == 2:
            git(self.home / "alpha", "update-ref", "refs/heads/main", f"main~{self.step // 2}")
        if turn % 3 == 1:
            git(self.home / "beta", "tag", f"v1.{turn}", "main")
        begin = self.commits + turn * self.step
        for name in ("alpha", "beta"):
            grow(self.home / name, range(begin, begin + self.step))
        self._mail(10_000 + turn * 10, 10)

    def _mail(self, begin: int, count: int) -> None:
        numbers = range(begin, begin + count)
        grow(self.home / "list", numbers, files=lambda n: {"m": _message(n, "list")})
        with (self.home / "box").open("ab") as stream:
            for n in numbers:
                stream.write(b"From a@example.net Thu Jan  1 00:00:00 1970\n" + _message(n, "box"))

    def mining(self, cache: str, out: str) -> subprocess.Popen[bytes]:
        places = (str(self.home / cache), str(self.home / out))
        return subprocess.Popen(
            [sys.executable, "-c", MINE, json.dumps(self.sources), *places, str(self.chunk)],
            cwd=ROOT,
            start_new_session=True,
            stderr=subprocess.PIPE,
        )

    def mined(self, cache: str, out: str) -> float:
        """Mine to the end; gives the seconds that it took."""
        begin = time.monotonic()
        with self.mining(cache, out) as process:
            _, said = process.communicate(timeout=LONGEST)
        if process.returncode:
            raise RuntimeError(f"mining ended with {process.returncode}: {said.decode()}")
        return time.monotonic() - begin


def _message(n: int, place: str) -> bytes:
    when = datetime(2019, 1, 1, tzinfo=UTC) + timedelta(hours=n)
    before = f"<{n - n % 4}@{place}.example.net>" if n % 4 else ""
    fields = {"Message_ID": f"<{n}@{place}.example.net>", "In_Reply_To": before}
    return letter(0, Date=format_datetime(when), **fields)


def kill_rounds(place: Place, rounds: int, ways: Sequence[str], seed: int) -> Figures:
    """End mining at random moments, in each way by turns; then let it finish and compare."""
    chance = random.Random(seed)  # noqa: S311 - the same moments in every run
    begin = time.monotonic()
    place.begin()
    likely = place.mined("measured", "measured-snapshot")
    out = place.home / "snapshot"
    hit = absent = 0
    for turn in range(rounds):
        had, started = out.exists(), time.monotonic()
        with place.mining("cache", "snapshot") as process:
            delay = chance.uniform(0, likely * 1.2)
            try:
                process.communicate(timeout=delay)
                # The next one is aimed at any moment of a run as long as this one, to its very end.
                likely = time.monotonic() - started
            except subprocess.TimeoutExpired:
                number, end = WAYS[ways[turn % len(ways)]]
                end(process.pid, number)
                hit += 1
                likely = max(likely, delay)
                process.communicate(timeout=LONGEST)
        if out.exists():
            read_snapshot(out)  # verifies every digest
        else:
            absent += had
        place.go_on(turn)
    place.mined("cache", "snapshot")
    (place.home / "fresh" / "mirrors").mkdir(parents=True)
    (place.home / "fresh" / "pseudonym.key").write_bytes(KEY)
    place.mined("fresh", "fresh-snapshot")
    identical = contents(out) == contents(place.home / "fresh-snapshot")
    return Figures(rounds, hit, absent, identical, _left(place.home), time.monotonic() - begin)


def _left(home: Path) -> list[str]:
    odd = list(home.glob(".*"))
    odd += [p for p in (home / "cache").rglob("*") if _half_written(p)]
    return sorted(str(p.relative_to(home)) for p in odd)


def _half_written(place: Path) -> bool:
    return place.name.startswith("tmp") or ".partial" in place.name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", choices=WAYS, action="append")
    options = parser.parse_args()
    print(f"{'ended':<10} {'rounds':>6} {'hit':>4} {'absent':>6} {'identical':>9} {'s':>6}  left")
    failed = False
    for way in options.way or WAYS:
        with tempfile.TemporaryDirectory(prefix="evaluate-kill-") as folder:
            place = Place(Path(folder), commits=2000, step=250, chunk=20)
            found = kill_rounds(place, options.rounds, [way], options.seed)
        print(
            f"{way:<10} {found.rounds:>6} {found.hit:>4} {found.absent:>6} "
            f"{'yes' if found.identical else 'NO':>9} {found.seconds:>6.0f}  "
            f"{', '.join(found.left) or '–'}",
            flush=True,
        )
        failed |= not found.identical or bool(found.left)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
