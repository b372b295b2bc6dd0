"""Mining beside plain Perceval, on the same mirrors in the same run.

    python tests/bench/mine.py --criteria sme.yml       # every git source of a study
    python tests/bench/mine.py --repo PATH [PATH …]     # repositories on this machine
    python tests/bench/mine.py                          # a repository made for the purpose

Each measurement is a process of its own.  Ours includes asking the origin for news and the cached
rows; both read the same bare mirror, which is made before and not timed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evaluator.mine.cache import Cache
from evaluator.mine.repository import Git, checked_url, open_mirror
from evaluator.mine.sources import Mining, harvester
from evaluator.study.candidate import DataSource

COMMITS = 2000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--criteria", help="criteria file, or the name of a shipped one")
    parser.add_argument("--repo", nargs="+", type=Path, default=[], help="git repositories")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
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
    heading = f"{'repository':<28} {'commits':>8} {'plain s':>8} {'ours s':>8} {'ratio':>6}"
    print(f"{heading}  plain MB (python/git)  ours MB (python/git)", flush=True)
    total = {"plain": 0.0, "ours": 0.0}
    for url in urls:
        private = Cache(cache)
        mirror = open_mirror(Git(), private, checked_url(url, allow_local=True), None)
        found = {}
        for kind in total:
            command = [sys.executable, __file__, "--measure", kind, url, str(cache), mirror.branch]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[kind] = json.loads(done.stdout)
            total[kind] += found[kind]["wall"]
        plain, ours = found["plain"], found["ours"]
        same = "" if plain["items"] == ours["items"] else f"  plain has {plain['items']}"
        name = "/".join(url.rstrip("/").split("/")[-2:])
        print(
            f"{name:<28} {ours['items']:>8} {plain['wall']:>8.1f} {ours['wall']:>8.1f} "
            f"{plain['wall'] / ours['wall']:>6.2f}  {plain['python']:>10}/{plain['git']:<10} "
            f"{ours['python']:>10}/{ours['git']}{same}",
            flush=True,
        )
    ratio = total["plain"] / total["ours"]
    print(f"{'all':<28} {'':>8} {total['plain']:>8.1f} {total['ours']:>8.1f} {ratio:>6.2f}")


def measure(kind: str, url: str, cache: str, branch: str) -> dict[str, float]:
    """Wall time in seconds, items, and peak resident memory in MB of one way of mining."""
    mining = Mining(Git(), Cache(Path(cache)), dt.date.max - dt.timedelta(days=9), True)
    begin = time.perf_counter()
    if kind == "plain":
        from perceval.backends.core.git import Git as PercevalGit

        with mining.cache.mirror_of(url) as place:
            plain = PercevalGit(url, str(place))
        items = sum(1 for _ in plain.fetch(branches=[branch], no_update=True))
    else:
        harvest = harvester("git")(DataSource(id="bench", backend="git", url=url), mining)
        items = harvest.commits.num_rows
    wall = time.perf_counter() - begin
    python, git = (
        resource.getrusage(who).ru_maxrss // 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {"wall": wall, "items": items, "python": python, "git": git}


if __name__ == "__main__":
    sys.exit(main())
