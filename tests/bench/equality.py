"""Whether what is mined is what plain Perceval gives, commit by commit, on whole histories.

    python tests/bench/equality.py --criteria sme.yml [--repo PATH …]

Compared for every commit: name, author and committer dates, parents, subject; for every commit that
is no merge also the files and the lines added and removed in each.  Two things differ by design and
are counted: Perceval asks git to follow renames and copies, so the file counts of commits in which
it found one cannot be equal; and git applies ``.mailmap`` for Perceval, while we apply it later.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
from mine import TODAY, urls_of_study
from perceval.backends.core.git import Git as PercevalGit

from evaluator.mine.cache import Cache
from evaluator.mine.command import Git
from evaluator.mine.sources import Mining
from evaluator.mine.sources.git import commit_row, harvest
from evaluator.study.candidate import DataSource

MOST_SHOWN = 1000
METADATA = ("authored", "committed", "parents", "subject")
COUNTS = ("files", "files_code", "lines_added", "lines_removed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--criteria", help="criteria file, or the name of a shipped one")
    parser.add_argument("--repo", nargs="+", type=Path, default=[], help="git repositories")
    options = parser.parse_args()
    urls = [str(path.resolve()) for path in options.repo]
    urls += urls_of_study(options.criteria) if options.criteria else []
    total: Counter[str] = Counter()
    for url in urls:
        with tempfile.TemporaryDirectory(prefix="evaluate-equality-") as folder:
            found = compared(url, Path(folder))
        said = ", ".join(f"{number} {what}" for what, number in sorted(found.items()))
        print(f"{'/'.join(url.rstrip('/').split('/')[-2:])}: {said}"[:MOST_SHOWN], flush=True)
        total += found
    print(f"all: {', '.join(f'{n} {what}' for what, n in sorted(total.items()))}"[:MOST_SHOWN])
    return int(any(what.startswith("UNEQUAL") for what in total))


def compared(url: str, folder: Path) -> Counter[str]:
    mining = Mining(Git(allow_local=True), Cache(folder), TODAY, allow_local=True)
    source = DataSource(id="equality", backend="git", url=url)
    found = harvest(source, mining)
    shelf = mining.shelf(source)
    rows = pa.concat_tables(shelf.get(part) for part in found.parts)
    ours = {row["key"]: row for row in rows.to_pylist()}
    with mining.cache.mirror_of(url) as mirror:
        plain = PercevalGit(url, str(mirror.path))
    counted: Counter[str] = Counter()
    seen = set()
    for item in plain.fetch(branches=[found.branch], no_update=True):
        seen.add(item["data"]["commit"])
        counted.update(differences(ours.get(item["data"]["commit"]), item["data"], found.mailmap))
    for key in ours.keys() - seen:
        counted[f"UNEQUAL commit {key} that plain Perceval lacks"] += 1
    mining.git.stop()
    return counted


def differences(
    row: dict[str, Any] | None,
    item: dict[str, Any],
    mailmap: dict[tuple[str, str], tuple[str, str]],
) -> list[str]:
    """What to count for a commit."""
    key = item["commit"]
    if row is None or row["reason"]:
        return [f"UNEQUAL commit {key} is lacking"]
    theirs = commit_row(cleaned(item))
    pair = (row["name"], row["address"])
    unequal = [name for name in METADATA if row[name] != theirs[name]]
    if mailmap.get(pair, pair) != (theirs["name"], theirs["address"]):
        unequal.append("author")
    kind = "merges"
    if row["parents"] < 2:
        kind = "commits"
        followed = any(f.get("action", "")[:1] in "RC" for f in item["files"] if f.get("action"))
        if followed:
            kind = "commits with a rename or copy"
        else:
            unequal += [name for name in COUNTS if row[name] != theirs[name]]
    return [f"UNEQUAL {name} of {key}" for name in unequal] or [kind]


def cleaned(value: Any) -> Any:
    """The same with bytes that are not UTF-8 replaced; Perceval keeps them as surrogates."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {cleaned(k): cleaned(v) for k, v in value.items()}
    return [cleaned(v) for v in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
