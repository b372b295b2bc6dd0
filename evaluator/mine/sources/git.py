"""Git repositories, through Perceval's parser.

Perceval's own fetch asks git to follow copies and to compare merges with every parent; that takes
most of its time, and it counts merged work twice.  Here the log comes without either, from the
default branch only, and only of commits that no earlier run has read, by several git processes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import regex
from grimoirelab_toolkit.datetime import InvalidDateError, str_to_datetime
from perceval.backends.core.git import Git as PercevalGit
from perceval.errors import ParseError

from evaluator.mine.command import GitError, SourceError, checked_url
from evaluator.mine.filetypes import is_code
from evaluator.mine.mail import cleaned
from evaluator.mine.releases import hg_tag, parse_tag
from evaluator.mine.repository import (
    DamagedError,
    Origin,
    Repository,
    ask_origin,
    open_mirror,
    split_identity,
)
from evaluator.mine.shelf import Shelf
from evaluator.mine.sources import COMMITS, Harvest, Mining
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = "git"
LOG = (
    *("log", "--no-walk=unsorted", "--stdin"),
    *("--numstat", "--no-renames"),
    *("--diff-merges=off", "--no-ext-diff", "--no-textconv", "--no-color", "--no-notes"),
    *("--no-mailmap", "--encoding=UTF-8", "--decorate=no", "--date=unix"),
    # What ``--pretty=fuller`` gives of what is kept: the messages are most of a log, and the
    # parser takes time that grows with the square of a message's lines.
    "--format=commit %H% P%nAuthor: %an <%ae>%nAuthorDate: %ad%nCommitDate: %cd%n%n    %s",
)
PATTERN_SECONDS = 1
"""A catalogue's pattern may take on one tag."""
CHUNK = 2000
"""Commits that one git process reads; what is lost when a run is killed."""
MOST_PARTS = 100
"""On a shelf; more are joined into one."""
STATE = {"refs", "branch", "head", "parts", "tags", "undated", "hg_tags", "mailmap", "shallow"}
UNREADABLE = "git cannot read it"
ARROW = " => "
NAME_LENGTH = 40
"""Perceval's parser knows names of SHA-1 only; longer ones are cut for it."""
LATEST = 1 << 53
"""In seconds; a forged date beyond it would not fit the tables."""
LARGEST = (1 << 31) - 1


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
    pattern = _pattern(source.tag_pattern or "")
    shelf = mining.shelf(source)
    state = shelf.recall()
    origin = ask_origin(mining.git, url)
    new = gone = 0
    if state.get("refs") != origin.digest or not state.keys() >= STATE:
        known = set(_keys(shelf))
        try:
            state, wanted = _read(source, folder, shelf, origin, mining)
        except DamagedError:
            # Whoever opens the mirror next gets a new one.
            state, wanted = _read(source, folder, shelf, origin, mining)
        new, gone = len(wanted - known), len(known - wanted)
        shelf.remember(state)
        shelf.discard(set(shelf.parts("commits")).difference(state["parts"]))
    kept = tuple((tag, date) for tag, date in state["tags"] if _found(pattern, tag))
    dropped = {
        "tags that the pattern excludes": len(state["tags"]) - len(kept),
        "tags of what has no date": state["undated"],
    }
    notes = (
        origin.note,
        "Releases are the recorded Mercurial tags" if state["hg_tags"] else "",
        "The repository is shallow: the beginning of its history is missing"
        if state["shallow"]
        else "",
    )
    return Harvest(
        kind=KIND,
        backend_version=f"perceval {version('perceval')}, Git {PercevalGit.version}",
        parts=tuple(state["parts"]),
        branch=state["branch"],
        head=state["head"],
        new=new,
        gone=gone,
        tags=kept,
        mailmap={(n, a): (name, address) for n, a, name, address in state["mailmap"]},
        dropped={reason: number for reason, number in dropped.items() if number},
        note=". ".join(n for n in notes if n),
    )


def _checked_folder(path: str | None) -> str:
    if path is None:
        return ""
    if path.startswith("/") or ".." in PurePosixPath(path).parts or not path.isprintable():
        raise SourceError(f"the path {path!r} is refused; give a folder inside the repository")
    return path


def _pattern(text: str) -> regex.Pattern[str]:
    try:
        return regex.compile(text)
    except regex.error as error:
        raise SourceError(f"tag_pattern {text!r} is no regular expression: {error}") from None


def _found(pattern: regex.Pattern[str], tag: str) -> bool:
    try:
        return pattern.search(tag, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        problem = f"tag_pattern {pattern.pattern!r} takes too long on the tag {tag!r}"
        raise SourceError(f"{problem}; write it without nested repetitions") from None


def _facts(repository: Repository, shelf: Shelf, parts: list[str]) -> dict[str, Any]:
    """What the state keeps of a repository beside its commits."""
    every = list(repository.tags())
    tags = [(tag, date) for tag, date in every if date is not None]
    hg_tags: dict[str, int] = {}
    pairs: set[tuple[str, str]] = set()
    without_tags = not any(parse_tag(tag) for tag, _ in tags)
    for part in parts:
        rows = shelf.get(part, ["name", "address", "subject", "committed", "reason"])
        if rows is None:
            raise SourceError("what was read of the history cannot be read back; try again")
        rows = rows.filter(pc.equal(rows["reason"], ""))
        pairs.update(zip(rows["name"].to_pylist(), rows["address"].to_pylist(), strict=True))
        if without_tags:
            _add_hg_tags(hg_tags, rows)
    if not pairs:
        raise SourceError("none of the commits can be read")
    mapped = repository.mailmap(sorted(pairs))
    changed = [[*pair, *meant] for pair, meant in mapped.items() if meant != pair]
    return {
        "tags": sorted(hg_tags.items()) or tags,
        "undated": len(every) - len(tags),
        "hg_tags": bool(hg_tags),
        "mailmap": changed,
        "shallow": repository.shallow,
    }


def _add_hg_tags(found: dict[str, int], rows: pa.Table) -> None:
    """Mercurial tags with the date at which each was first recorded."""
    columns = (rows["subject"].to_pylist(), rows["committed"].to_pylist())
    for subject, date in zip(*columns, strict=True):
        if tag := hg_tag(subject):
            found[tag] = min(date, found.get(tag, date))


def _keys(shelf: Shelf) -> list[str]:
    """Commits on the shelf; parts that cannot be read are taken away."""
    keys: list[str] = []
    for part in shelf.parts("commits"):
        rows = shelf.get(part)
        if rows is None:
            shelf.discard([part])
        else:
            keys += rows["key"].to_pylist()
    return keys


def _read(
    source: DataSource, folder: str, shelf: Shelf, origin: Origin, mining: Mining
) -> tuple[dict[str, Any], set[str]]:
    """Read what is not on the shelf; gives the new state and the commits that it is made of."""
    repository = open_mirror(mining.git, mining.cache, origin.url, source.branch, origin)
    parts, wanted = _read_new(repository, folder, shelf, source.id, mining)
    state = {
        "refs": origin.digest,
        "branch": repository.branch,
        "head": repository.head,
        "parts": parts,
        **_facts(repository, shelf, parts),
    }
    return state, wanted


def _read_new(
    repository: Repository, folder: str, shelf: Shelf, source: str, mining: Mining
) -> tuple[list[str], set[str]]:
    """Parts with all commits that are wanted, and these."""
    paths = ("--", folder) if folder else ("--",)
    listed = repository.lines("rev-list", "--topo-order", "--reverse", repository.head, *paths)
    wanted = [line.strip() for line in listed]
    if not wanted:
        where = f" below {folder!r}" if folder else ""
        raise SourceError(f"branch {repository.branch!r} has no commit{where}")
    keys = _keys(shelf)
    known = set(keys)
    missing = [name for name in wanted if name not in known]
    readers = [
        mining.git.readers.submit(_read_chunk, repository, missing[i : i + CHUNK], paths, shelf)
        for i in range(0, len(missing), CHUNK)
    ]
    try:
        for done, reader in enumerate(as_completed(readers), start=1):
            reader.result()
            mining.progress(source, min(done * CHUNK, len(missing)), len(missing))
    finally:
        for reader in readers:
            reader.cancel()
    parts = shelf.parts("commits")
    # A run that was killed may have left the joined part beside what it was made of.
    if not known.issubset(wanted) or len(known) < len(keys) or len(parts) > MOST_PARTS:
        parts = [_joined(shelf, parts, wanted)]
    return parts, set(wanted)


def _read_chunk(
    repository: Repository, names: list[str], paths: tuple[str, ...], shelf: Shelf
) -> None:
    found = _rows(repository, names, paths)
    # Not the commits' fault, and not to be remembered as such.
    if all(row["reason"].startswith(UNREADABLE) for row in found):
        raise SourceError(f"commit {names[0]}: {found[0]['reason']}")
    columns = {name: [row.get(name) for row in found] for name in COMMITS.names}
    rows = pa.Table.from_pydict(columns, schema=COMMITS)
    shelf.put("commits", f"some-{_digest(names)}", rows)


def _digest(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]


def _joined(shelf: Shelf, parts: list[str], wanted: list[str]) -> str:
    """One part with the rows of the wanted commits alone, each once."""
    rows = pa.concat_tables(shelf.get(part) for part in parts)
    places = {key: place for place, key in enumerate(rows["key"].to_pylist())}
    chosen = rows.take(pa.array([places[key] for key in wanted]))
    return shelf.put("commits", f"all-{_digest(wanted)}", chosen)


def _rows(repository: Repository, names: list[str], paths: tuple[str, ...]) -> list[dict[str, Any]]:
    """A row for every commit; those that git or the parser cannot read are found by halving."""
    given = "".join(f"{name}\n" for name in names).encode()
    cut = {name[:NAME_LENGTH]: name for name in names}
    rows: dict[str, dict[str, Any]] = {}
    reason = "git's log does not show it"
    try:
        # Names of files may differ in what is not UTF-8 alone.
        log = repository.lines(*LOG, *paths, given=given, errors="surrogateescape")
        for row in parse_log(_cut_names(log) if cut.keys() != set(names) else log):
            rows[cut[row["key"]]] = {**row, "key": cut[row["key"]]}
    except GitError as error:
        reason = f"{UNREADABLE}: {error}"
    # What a hostile commit puts into the log makes Perceval's parser raise all kinds of errors.
    except (LookupError, TypeError, ValueError, ParseError) as error:
        reason = f"git's log of it cannot be parsed: {type(error).__name__}"
    if len(rows) == len(names):
        return [rows[name] for name in names]
    if len(names) == 1:
        return [{"key": names[0], "reason": reason}]
    half = len(names) // 2
    return _rows(repository, names[:half], paths) + _rows(repository, names[half:], paths)


def _cut_names(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("commit "):
            yield " ".join(word[:NAME_LENGTH] for word in line.split())
        else:
            yield line


def parse_log(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Rows of :data:`COMMITS` from a log, one commit at a time."""
    return map(commit_row, PercevalGit.parse_git_log_from_iter(_without_arrows(lines)))


def _without_arrows(lines: Iterable[str]) -> Iterator[str]:
    """The log with arrows in names of files changed: the parser would take them for renames."""
    for line in lines:
        if ARROW in line and line[0] in "-0123456789":
            yield line.replace(ARROW, " \u21d2 ")
        else:
            yield line


def commit_row(item: dict[str, Any]) -> dict[str, Any]:
    """Row of :data:`COMMITS` for what Perceval calls the data of a commit."""
    name, address = split_identity(cleaned(item["Author"]))
    row = {
        "key": item["commit"],
        "reason": "",
        "name": name,
        "address": address,
        "authored": _seconds(item["AuthorDate"]),
        "committed": _seconds(item["CommitDate"]),
        "parents": len(item["parents"]),
        "subject": " ".join(cleaned(item.get("message", "")).strip().partition("\n\n")[0].split()),
    }
    if row["parents"] < 2:
        files = item["files"]
        row["files"] = len(files)
        row["files_code"] = sum(is_code(f.get("newfile") or f["file"]) for f in files)
        row["lines_added"] = _total(files, "added")
        row["lines_removed"] = _total(files, "removed")
    return row


def _seconds(date: str) -> int:
    """Seconds since 1970 of a date as ``--date=unix`` or as plain Perceval writes it."""
    if date.lstrip("-").isdigit():
        return max(-LATEST, min(int(date), LATEST))
    try:
        return int(str_to_datetime(date).timestamp())
    except (InvalidDateError, OverflowError) as error:
        raise ValueError("no date") from error


def _total(files: list[dict[str, str]], key: str) -> int:
    """Lines over all files; git prints ``-`` for binary ones, and nothing for a mode change."""
    counts = (f.get(key, "-") for f in files)
    total = sum(int(count) for count in counts if count != "-")
    if total < 0:
        raise ValueError("fewer lines than none")
    return min(total, LARGEST)
