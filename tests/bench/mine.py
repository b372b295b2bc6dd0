"""Mining beside its peers, on the same mirrors in the same run.

    python tests/bench/mine.py --criteria sme.yml       # every git source of a study
    python tests/bench/mine.py --repo PATH [PATH …]     # repositories on this machine
    python tests/bench/mine.py                          # a repository made for the purpose

The peers: plain Perceval, as its documentation has it, and a bare ``git log --numstat`` that writes
to nowhere.  Each measurement is a process of its own and starts without anything read; all use one
bare mirror, which is made before and not timed.  Ours includes asking the origin for news and
writing what was read.  At last all repositories are mined in one run, which is what users do, and
once more with nothing new.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

from evaluator.mine.cache import Cache
from evaluator.mine.command import Git, checked_url
from evaluator.mine.repository import open_mirror
from evaluator.mine.schedule import Order, in_threads
from evaluator.study.candidate import DataSource

COMMITS = 2000
PEERS = ("plain", "bare")
TODAY = dt.date.max - dt.timedelta(days=9)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--criteria", help="criteria file, or the name of a shipped one")
    parser.add_argument("--repo", nargs="+", type=Path, default=[], help="git repositories")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return 0
    with tempfile.TemporaryDirectory(prefix="evaluate-bench-") as folder:
        urls = [str(path.resolve()) for path in options.repo]
        if options.criteria:
            urls += urls_of_study(options.criteria)
        compare(urls or [str(made_repository(Path(folder) / "made"))], Path(folder) / "cache")
    return 0


def urls_of_study(criteria: str) -> list[str]:
    import evaluator

    sources = evaluator.load(criteria).study.data_sources().values()
    return sorted({s.url for s in sources if s.backend == "git" and not s.not_available})


def made_repository(folder: Path) -> Path:
    """A linear history with several authors, written by fast-import."""
    lines = []
    for n in range(COMMITS):
        text = "".join(f"line {line * n % 97}\n" for line in range(60))
        who = f"Author {n % 7} <author{n % 7}@example.net> {1_600_000_000 + n * 3600} +0000"
        lines.append(f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata 6\ncommit\n")
        lines.append(f"M 100644 inline file{n % 40}.c\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    command = ["git", f"--git-dir={folder}", "fast-import", "--quiet"]
    subprocess.run(command, input="".join(lines).encode(), check=True)
    return folder


def compare(urls: list[str], cache: Path) -> None:
    print(
        f"{'repository':<28} {'commits':>8} {'plain s':>8} {'bare s':>8} {'ours s':>8} "
        f"{'plain/ours':>10} {'ours/bare':>9}  MB of Python: plain, ours",
        flush=True,
    )
    total = dict.fromkeys((*PEERS, "ours"), 0.0)
    for url in urls:
        open_mirror(Git(), Cache(cache), checked_url(url, allow_local=True), None)
        found = {kind: measured(kind, str(cache), url) for kind in total}
        for kind in total:
            total[kind] += found[kind]["wall"]
        plain, ours = found["plain"], found["ours"]
        same = "" if plain["items"] == ours["items"] else f"  plain has {plain['items']}"
        name = "/".join(url.rstrip("/").split("/")[-2:])
        line(name, ours["items"], {kind: found[kind]["wall"] for kind in total}, end="")
        print(f"  {plain['python']:>5} {ours['python']:>5}{same}", flush=True)
    line("one after the other", "", total)
    together = measured("ours", str(cache), *urls)
    line("ours in one run", together["items"], total | {"ours": together["wall"]}, end="")
    print(f"  {'':>5} {together['python']:>5}")
    again = measured("again", str(cache), *urls)
    print(f"once more, nothing new: {again['items']} items read, {again['wall']:.2f} s")


def line(name: str, items: object, wall: dict[str, float], end: str = "\n") -> None:
    plain, bare, ours = wall["plain"], wall["bare"], wall["ours"]
    print(
        f"{name:<28} {items:>8} {plain:>8.1f} {bare:>8.1f} {ours:>8.1f} "
        f"{plain / ours:>10.2f} {ours / bare:>9.2f}",
        end=end,
    )


def measured(*arguments: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(kind: str, cache: str, *urls: str) -> dict[str, float]:
    """Wall time in seconds, items, and peak resident memory in MB of one way of mining."""
    private = Cache(Path(cache))
    begin = time.perf_counter()
    if kind in PEERS:
        mirror = open_mirror(Git(), private, urls[0], None)
        begin = time.perf_counter()
        items = plain(urls[0], mirror.path, mirror.branch) if kind == "plain" else 0
        if kind == "bare":
            command = ["git", f"--git-dir={mirror.path}", "log", "--numstat", "--no-renames"]
            subprocess.run([*command, mirror.head], check=True, stdout=subprocess.DEVNULL)
    else:
        parts = f"{cache}/parts-{len(urls)}-{zlib.crc32(' '.join(urls).encode())}"
        if kind == "ours":
            shutil.rmtree(parts, ignore_errors=True)
        order = Order(Path(cache), parts, TODAY, allow_local=True)
        listed = [DataSource(id=f"s{n}", backend="git", url=url) for n, url in enumerate(urls)]
        sources = {source.id: source for source in listed}
        items = 0
        for name, outcome in in_threads(sources, order, lambda *_: None):
            if outcome.harvest is None:
                raise SystemExit(f"{sources[name].url}: {outcome.reason}")
            items += outcome.harvest.new
    wall = time.perf_counter() - begin
    python = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"wall": wall, "items": items, "python": python}


def plain(url: str, mirror: Path, branch: str) -> int:
    from perceval.backends.core.git import Git as PercevalGit

    fetched = PercevalGit(url, str(mirror)).fetch(branches=[branch], no_update=True)
    return sum(1 for _ in fetched)


if __name__ == "__main__":
    sys.exit(main())
