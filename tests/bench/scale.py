"""Mining on one Dask worker, on two, and on two of which one is killed.

    python tests/bench/scale.py --criteria sme.yml      # every git source of a study
    python tests/bench/scale.py --repo PATH [PATH …]    # repositories on this machine

Scheduler and workers are processes on loopback, each worker with one thread and one git process.
All start without anything read and use the same bare mirrors, which are made before and not timed.
Every run must give the snapshot that threads give.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from distributed import LocalCluster

import evaluator
from evaluator.mine import mine
from evaluator.mine.cache import Cache
from evaluator.mine.command import Git, checked_url
from evaluator.mine.repository import open_mirror
from evaluator.study.candidate import DataSource

TODAY = dt.date.max - dt.timedelta(days=9)
FATE = 0.4
"""Part of the two workers' time after which one of them is killed."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--criteria", help="criteria file, or the name of a shipped one")
    parser.add_argument("--repo", nargs="+", type=Path, default=[], help="git repositories")
    options = parser.parse_args()
    urls = [str(path.resolve()) for path in options.repo]
    if options.criteria:
        found = evaluator.load(options.criteria).study.data_sources().values()
        urls += sorted({s.url for s in found if s.backend == "git" and not s.not_available})
    if not urls:
        parser.error("give --criteria or --repo")
    sources = [DataSource(id=f"s{n}", backend="git", url=url) for n, url in enumerate(urls)]
    with tempfile.TemporaryDirectory(prefix="evaluate-bench-") as folder:
        return compare(sources, Path(folder))


def compare(sources: list[DataSource], folder: Path) -> int:
    for source in sources:
        url = checked_url(source.url, allow_local=True)
        open_mirror(Git(), Cache(folder / "cache"), url, None)
    runs = {"threads": measured(sources, folder, 0), "1 worker": measured(sources, folder, 1)}
    runs["2 workers"] = measured(sources, folder, 2)
    runs["2, one killed"] = measured(sources, folder, 2, fate=FATE * runs["2 workers"][0])
    single = runs["1 worker"][0]
    print(f"{len(sources)} repositories\n{'':<14} {'wall s':>7} {'1 worker/this':>14}  snapshot")
    for name, (wall, digest) in runs.items():
        print(f"{name:<14} {wall:>7.1f} {single / wall:>14.2f}  {digest[:12]}")
    return len({digest for _, digest in runs.values()}) - 1


def measured(
    sources: list[DataSource], folder: Path, workers: int, fate: float = 0
) -> tuple[float, str]:
    """Wall time in seconds, and the digest of the snapshot."""
    parts, out = folder / "parts", folder / "snapshot"
    for old in (parts, out):
        shutil.rmtree(old, ignore_errors=True)
    options: dict[str, Any] = {
        "cache": folder / "cache",
        "out": out,
        "retrieved": TODAY,
        "allow_local": True,
        "parts": str(parts),
    }
    if not workers:
        begin = time.perf_counter()
        mine(sources, **options)
        return time.perf_counter() - begin, digest(out)
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, scheduler_port=0
    ) as cluster:
        cluster.wait_for_workers(workers)
        nanny = cluster.workers[0]
        killed = threading.Timer(fate, subprocess.run, [["kill", "-9", str(nanny.pid)]])
        if fate:
            killed.start()
        begin = time.perf_counter()
        mined = mine(sources, **options, scheduler=cluster.scheduler_address)
        wall = time.perf_counter() - begin
        killed.cancel()
    if mined.failed:
        raise SystemExit(str(mined.failed))
    return wall, digest(out)


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
