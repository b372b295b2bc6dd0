"""public-inbox archives, format 2: git repositories with one message a commit.

An archive is split into epochs, one repository each.  A commit adds a message (file ``m``) or
withdraws one that may be in any epoch (file ``d``, the same content).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.metadata import version
from itertools import count, islice
from typing import Any

import pyarrow as pa

from evaluator.mine.archive import changes, column, usable
from evaluator.mine.command import GitError, SourceError, checked_url
from evaluator.mine.mail import LARGEST_BYTES, left_out, message_row
from evaluator.mine.repository import Origin, Repository, ask_origin, open_mirror
from evaluator.mine.shelf import Shelf
from evaluator.mine.sources import MESSAGES, Harvest, Mining
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = "mail"
BATCH = 2_000
"""Commits that are read before it is remembered that they are."""
WITHDRAWN = "withdrawn from the archive"
LAYOUTS = ("{url}/{epoch}", "{url}/git/{epoch}.git")
"""Where public-inbox has its epochs below an inbox: on its server, and in its folder."""
ABSENT = re.compile("not found|not exported|does not (appear|exist)|is empty")
"""What git says where there is no repository, or one without a commit."""

State = dict[str, Any]


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """All messages that the archive still holds, by the names of their commits.

    The address is that of an inbox, with all its epochs, or of a single epoch.

    Raises
    ------
    SourceError
        When the archive cannot be had or holds no message.
    """
    url = checked_url(source.url, allow_local=mining.allow_local)
    shelf = mining.shelf(source)
    before = set(shelf.parts("messages"))
    state = {"layout": None, "epochs": [], "withdrawn": []} | shelf.recall()
    origins = _origins(mining, url, state)
    refs = [origin.digest for origin in origins]
    if state.get("refs") != refs:
        repositories = [
            open_mirror(mining.git, mining.cache, origin.url, source.branch, origin)
            for origin in origins
        ]
        _forget_rewritten(repositories, state)
        for place, repository in enumerate(repositories):
            _read(repository, place, state, shelf, partial(mining.progress, source.id))
        if state["withdrawn"]:
            _withdraw(repositories, state, shelf)
        state |= {"refs": refs, "branch": repositories[-1].branch}
        shelf.remember(state)
    parts = tuple(part for epoch in state["epochs"] for part in epoch["parts"])
    if not usable(shelf, parts):
        raise SourceError("the archive holds no message")
    new, gone = changes(before, parts, lambda part: _held(shelf, part))
    shelf.discard(set(shelf.parts("messages")).difference(parts))
    notes = [origin.note for origin in origins if origin.note]
    if len(origins) > 1:
        notes.append(f"{len(origins)} epochs")
    return Harvest(
        kind=KIND,
        backend_version=f"perceval {version('perceval')}, mail parser",
        parts=parts,
        branch=state["branch"],
        head=state["epochs"][-1]["head"],
        new=new,
        gone=gone,
        note=". ".join(notes),
    )


def _origins(mining: Mining, url: str, state: State) -> list[Origin]:
    """The archive's epochs in order; those known must be there."""
    url = url.rstrip("/")
    if state["layout"] is None:
        for layout in ("{url}", *LAYOUTS):
            try:
                ask_origin(mining.git, layout.format(url=url, epoch=0))
            except SourceError as error:
                if not ABSENT.search(str(error)):
                    raise
                absent = error
            else:
                state["layout"] = layout
                break
        else:
            raise absent
    if state["layout"] == "{url}":
        return [ask_origin(mining.git, url)]
    origins: list[Origin] = []
    for epoch in count():
        try:
            origins.append(ask_origin(mining.git, state["layout"].format(url=url, epoch=epoch)))
        except SourceError as error:
            if epoch < len(state["epochs"]) or not ABSENT.search(str(error)):
                raise
            break
    return origins


def _forget_rewritten(repositories: list[Repository], state: State) -> None:
    """Begin anew when an epoch's history no longer leads on from what was read of it.

    With one epoch go all, since its messages may have been withdrawn in any later one.
    """
    for repository, epoch in zip(repositories, state["epochs"], strict=False):
        try:
            repository.run("merge-base", "--is-ancestor", epoch["head"], repository.head)
        except GitError:
            state["epochs"], state["withdrawn"] = [], []
            return


def _read(
    repository: Repository,
    place: int,
    state: State,
    shelf: Shelf,
    progress: Callable[[int, int], None],
) -> None:
    """Put the messages of new commits on the shelf, and remember what they withdraw."""
    if place == len(state["epochs"]):
        state["epochs"].append({"head": "", "parts": []})
    epoch = state["epochs"][place]
    total = int(repository.run(*_listing("--count", repository.head, epoch["head"])))
    for number, commits in enumerate(_new_commits(repository, epoch["head"])):
        added: dict[str, tuple[str, int]] = {}
        for commit, file, blob, size in _files(repository, commits):
            if file == "m":
                added[commit] = (blob, size)
            else:
                state["withdrawn"].append(blob)
        if added:
            rows = pa.Table.from_pylist(list(_rows(repository, added)), schema=MESSAGES)
            name = f"{place:04}-{commits[0]}-{commits[-1]}"
            epoch["parts"].append(shelf.put("messages", name, rows))
        epoch["head"] = commits[-1]
        shelf.remember(state)
        progress(number * BATCH + len(commits), total)


def _listing(how: str, head: str, known: str) -> tuple[str, ...]:
    return ("rev-list", "--first-parent", how, head, *([f"^{known}"] if known else []))


def _new_commits(repository: Repository, known: str) -> Iterator[list[str]]:
    listed = repository.lines(*_listing("--reverse", repository.head, known))
    names = (line.strip() for line in listed)
    while batch := list(islice(names, BATCH)):
        yield batch


def _files(repository: Repository, commits: list[str]) -> Iterator[tuple[str, str, str, int]]:
    """Commit, name, identifier and size of each ``m`` and ``d``, in order of the commits."""
    asked = [(commit, file) for commit in commits for file in ("m", "d")]
    given = "".join(f"{commit}:{file}\n" for commit, file in asked).encode()
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    answers = repository.lines("cat-file", form, given=given)
    for (commit, file), answer in zip(asked, answers, strict=True):
        match answer.split():
            case [blob, "blob", size]:
                yield commit, file, blob, int(size)


def _rows(repository: Repository, added: dict[str, tuple[str, int]]) -> Iterator[dict[str, Any]]:
    contents = repository.blobs([blob for blob, size in added.values() if size <= LARGEST_BYTES])
    for commit, (_, size) in added.items():
        if size <= LARGEST_BYTES:
            yield message_row(commit, next(contents))
        else:
            yield left_out(commit, f"larger than {LARGEST_BYTES} bytes")


def _withdraw(repositories: list[Repository], state: State, shelf: Shelf) -> None:
    """Blank the messages that a later commit withdraws, in all parts."""
    concerned = set(state["withdrawn"])
    keys: set[str] = set()
    held: dict[str, list[str]] = {}
    for repository in repositories:
        for commits in _new_commits(repository, ""):
            for commit, file, blob, _ in _files(repository, commits):
                if blob in concerned and file == "m":
                    held.setdefault(blob, []).append(commit)
                elif blob in concerned:
                    keys.update(held.pop(blob, []))
    for epoch in state["epochs"]:
        epoch["parts"] = [_blanked(shelf, part, keys) for part in epoch["parts"]]
    state["withdrawn"] = []


def _held(shelf: Shelf, part: str) -> list[str]:
    """Message-IDs of a part without what is withdrawn; names of commits change with a purge."""
    reasons = column(shelf, part, "reason")
    pairs = zip(column(shelf, part, "id"), reasons, strict=True)
    return [identifier for identifier, reason in pairs if reason != WITHDRAWN]


def _blanked(shelf: Shelf, part: str, keys: Iterable[str]) -> str:
    table = shelf.get(part)
    if table is None or set(keys).isdisjoint(table["key"].to_pylist()):
        return part
    rows = table.to_pylist()
    rows = [left_out(row["key"], WITHDRAWN) if row["key"] in keys else row for row in rows]
    blank = "".join(row["key"] for row in rows if row["reason"] == WITHDRAWN)
    stem = part.removeprefix("messages-").removesuffix(".parquet").partition("+")[0]
    name = f"{stem}+{hashlib.sha256(blank.encode()).hexdigest()[:12]}"
    return shelf.put("messages", name, pa.Table.from_pylist(rows, schema=MESSAGES))
