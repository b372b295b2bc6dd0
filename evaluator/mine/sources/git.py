"""Git repositories, through Perceval's parser.

Perceval's own fetch asks git to follow copies and to compare merges with every parent; that takes
most of its time, and it counts merged work twice.  Here the log comes without either, from the
default branch only, and is parsed as a stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
from perceval.backends.core.git import Git as PercevalGit
from perceval.errors import ParseError

from evaluator.mine.filetypes import is_code
from evaluator.mine.releases import hg_tag, parse_tag
from evaluator.mine.repository import (
    Repository,
    SourceError,
    checked_url,
    open_mirror,
    split_identity,
)
from evaluator.mine.sources import COMMITS, Harvest, Mining
from evaluator.study.candidate import DataSource

LOG = (
    "log",
    *("--reverse", "--topo-order", "--parents", "--raw", "--numstat", "--no-renames"),
    *("--diff-merges=off", "--no-ext-diff", "--no-textconv", "--no-color", "--no-notes"),
    *("--no-mailmap", "--encoding=UTF-8", "--pretty=fuller", "--decorate=no", "--date=unix"),
)
BATCH = 5000
LATEST = 1 << 53
"""In seconds; a forged date beyond it would not fit the tables."""


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """Commits of the default (or given) branch, and the repository's tags.

    Raises
    ------
    SourceError
        When the repository cannot be had, is empty, has no such branch or sub-folder, or its log
        cannot be read.
    """
    url = checked_url(source.url, allow_local=mining.allow_local)
    folder = _checked_folder(source.path)
    pattern = _pattern(source.tag_pattern)
    repository = open_mirror(mining.git, mining.cache, url, source.branch)
    parts = ("git", repository.head, folder)
    commits, dropped = mining.cache.events(parts, lambda: (_commits(repository, folder), {}))
    if not commits.num_rows:
        where = f" below {folder!r}" if folder else ""
        raise SourceError(f"branch {repository.branch!r} has no commit{where}")
    tags, note = tuple(repository.tags()), ""
    if not any(parse_tag(tag) for tag, _ in tags):
        recorded = _hg_tags(commits)
        if recorded:
            tags, note = recorded, "Releases are the recorded Mercurial tags"
    pairs = zip(commits["name"].to_pylist(), commits["address"].to_pylist(), strict=True)
    kept = tuple((tag, date) for tag, date in tags if pattern.search(tag))
    if len(kept) < len(tags):
        dropped = {**dropped, "tags that the pattern excludes": len(tags) - len(kept)}
    return Harvest(
        backend_version=f"perceval {version('perceval')}, Git {PercevalGit.version}",
        branch=repository.branch,
        head=repository.head,
        commits=commits,
        tags=kept,
        mailmap=repository.mailmap(sorted(set(pairs))),
        dropped=dropped,
        note=note,
    )


def _checked_folder(path: str | None) -> str:
    if path is None:
        return ""
    if path.startswith("/") or ".." in PurePosixPath(path).parts or not path.isprintable():
        raise SourceError(f"the path {path!r} is refused; give a folder inside the repository")
    return path


def _pattern(text: str | None) -> re.Pattern[str]:
    try:
        return re.compile(text or "")
    except re.error as error:
        raise SourceError(f"tag_pattern {text!r} is no regular expression: {error}") from None


def _commits(repository: Repository, folder: str) -> pa.Table:
    lines = repository.lines(*LOG, repository.head, "--", *([folder] if folder else []))
    batches: list[pa.RecordBatch] = []
    rows: list[dict[str, Any]] = []
    try:
        for row in parse_log(lines):
            rows.append(row)
            if len(rows) == BATCH:
                batches.append(pa.RecordBatch.from_pylist(rows, schema=COMMITS))
                rows = []
    except ParseError as error:
        raise SourceError(f"git's log could not be parsed: {error}") from error
    batches.append(pa.RecordBatch.from_pylist(rows, schema=COMMITS))
    return pa.Table.from_batches(batches, schema=COMMITS)


def parse_log(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Rows of :data:`COMMITS` from a log with ``--date=unix``, one commit at a time."""
    for item in PercevalGit.parse_git_log_from_iter(lines):
        name, address = split_identity(item["Author"])
        row = {
            "sha": item["commit"],
            "name": name,
            "address": address,
            "authored": min(int(item["AuthorDate"]), LATEST),
            "committed": min(int(item["CommitDate"]), LATEST),
            "parents": len(item["parents"]),
            "subject": " ".join(item.get("message", "").strip().partition("\n\n")[0].split()),
        }
        if row["parents"] < 2:
            files = item["files"]
            row["files"] = len(files)
            row["files_code"] = sum(is_code(f["file"]) for f in files)
            row["lines_added"] = _total(files, "added")
            row["lines_removed"] = _total(files, "removed")
        yield row


def _total(files: list[dict[str, str]], key: str) -> int:
    """Lines over all files; git prints ``-`` for binary ones, and nothing for a mode change."""
    counts = (f.get(key, "-") for f in files)
    return sum(int(count) for count in counts if count != "-")


def _hg_tags(commits: pa.Table) -> tuple[tuple[str, int], ...]:
    """Mercurial tags with the date at which each was first recorded."""
    first: dict[str, int] = {}
    columns = (commits["subject"].to_pylist(), commits["committed"].to_pylist())
    for subject, date in zip(*columns, strict=True):
        if tag := hg_tag(subject):
            first[tag] = min(date, first.get(tag, date))
    return tuple(sorted(first.items()))
