"""public-inbox archives, format 2: a git repository with one message a commit, in blob ``m``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version

import pyarrow as pa

from evaluator.mine.mail import messages
from evaluator.mine.repository import Repository, SourceError, checked_url, open_mirror
from evaluator.mine.sources import Harvest, Mining
from evaluator.study.candidate import DataSource

LARGEST_BYTES = 8_000_000


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """All messages that the archive still holds.

    Raises
    ------
    SourceError
        When the archive cannot be had or holds no message.
    """
    url = checked_url(source.url, allow_local=mining.allow_local)
    repository = open_mirror(mining.git, mining.cache, url, source.branch)
    parts = ("public-inbox", repository.head)
    found, dropped = mining.cache.events(parts, lambda: _extract(repository))
    if not found.num_rows:
        raise SourceError("the archive holds no message")
    return Harvest(
        backend_version=f"perceval {version('perceval')}, mail parser",
        branch=repository.branch,
        head=repository.head,
        messages=found,
        dropped=dropped,
    )


def _extract(repository: Repository) -> tuple[pa.Table, dict[str, int]]:
    """Messages oldest first, without what was withdrawn later (blob ``d``)."""
    dropped: Counter[str] = Counter()
    commits = [line.strip() for line in repository.lines("rev-list", "--reverse", repository.head)]
    withdrawals = dict(_blobs(repository, commits, "d"))
    wanted: list[str] = []
    for identifier, size in _blobs(repository, commits, "m"):
        if identifier in withdrawals:
            dropped["withdrawn from the archive"] += 1
        elif size > LARGEST_BYTES:
            dropped[f"larger than {LARGEST_BYTES} bytes"] += 1
        else:
            wanted.append(identifier)
    found, unread = messages(repository.blobs(wanted))
    return found, dict(dropped + Counter(unread))


def _blobs(repository: Repository, commits: list[str], name: str) -> Iterator[tuple[str, int]]:
    asked = "".join(f"{commit}:{name}\n" for commit in commits).encode()
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    for line in repository.run("cat-file", form, given=asked).decode().splitlines():
        identifier, kind, *size = line.split(" ")
        if kind == "blob":
            yield identifier, int(size[0])
