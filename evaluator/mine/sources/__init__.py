"""Kinds of source: one file each, found by the name of the ``backend`` in a catalogue.

A file here says what its items are (``KIND``) and defines ``harvest(source, mining) -> Harvest``.
A hyphen in the backend's name is an underscore in the file's.  What was read goes to the source's
shelf in parts (:mod:`evaluator.mine.shelf`), so that the next run reads only what is new.
"""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType

import pyarrow as pa

from evaluator.findings import allowed_values
from evaluator.mine.cache import Cache
from evaluator.mine.command import Git, SourceError
from evaluator.mine.shelf import Shelf
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

COMMON = (("key", pa.string()), ("reason", pa.string()))
PERSON = (("name", pa.string()), ("address", pa.string()))

COMMITS = pa.schema(
    [
        *COMMON,
        *PERSON,
        ("authored", pa.int64()),
        ("committed", pa.int64()),
        ("parents", pa.int32()),
        ("files", pa.int32()),
        ("files_code", pa.int32()),
        ("lines_added", pa.int32()),
        ("lines_removed", pa.int32()),
        ("subject", pa.string()),
    ]
)
"""Commits; ``key`` is git's name of the commit, the counts are null for merges."""

MESSAGES = pa.schema(
    [
        *COMMON,
        ("id", pa.string()),
        ("ancestors", pa.list_(pa.string())),
        *PERSON,
        ("sent", pa.int64()),
        ("patch", pa.bool_()),
    ]
)
"""Messages; ``key`` tells messages of one archive apart, ``id`` is the Message-ID, ``ancestors``
begins with the message that is answered."""

ISSUES = pa.schema(
    [
        *COMMON,
        ("kind", pa.string()),
        *PERSON,
        ("opened", pa.int64()),
        ("first_response", pa.int64()),
        ("closed", pa.int64()),
        ("merged", pa.bool_()),
        ("comments", pa.int32()),
    ]
)
"""Issues and change requests; ``key`` is the address of the issue in its tracker; a later row with
the same key replaces an earlier one."""

PACKAGES = pa.schema(
    [
        *COMMON,
        ("package", pa.string()),
        ("distribution", pa.string()),
        ("release", pa.string()),
        ("version", pa.string()),
        ("upstream", pa.string()),
        ("installed_kb", pa.int32()),
        ("depends", pa.int32()),
        ("reverse_depends", pa.int32()),
        ("dated", pa.int64()),
    ]
)
"""Binary packages of a distribution."""

RAW = {"commits": COMMITS, "messages": MESSAGES, "issues": ISSUES, "packages": PACKAGES}
"""Raw rows by table.  Dates are seconds since 1970.  A row with a ``reason`` is known and left out:
it is counted by that reason and not read again."""


@dataclass(frozen=True)
class Mining:
    """What every kind of source gets: the tools and the bounds of this run."""

    git: Git
    cache: Cache
    retrieved: dt.date
    allow_local: bool
    progress: Callable[[str, int, int], None] = lambda source, done, total: None
    """Told a source's identifier and how many of how many items are read."""

    def shelf(self, source: DataSource) -> Shelf:
        """Where the rows of this source are kept."""
        return shelf_of(source, self.cache)


def shelf_of(source: DataSource, cache: Cache) -> Shelf:
    """The shelf of a source in a cache, apart from that of any other address."""
    what = (source.backend, source.url, source.branch or "", source.path or "")
    return cache.shelf(source.id, what)


@dataclass(frozen=True)
class Harvest:
    """What a source gave, with names and addresses; never leaves the private cache's side."""

    kind: SourceKind
    backend_version: str
    parts: tuple[str, ...]
    """Parts of the shelf that make up the source, in order; the table begins a part's name."""
    branch: str = ""
    head: str = ""
    new: int = 0
    """Items that this run read."""
    gone: int = 0
    """Items of earlier runs that the source holds no longer."""
    tags: tuple[tuple[str, int], ...] = ()
    mailmap: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    """Left out beside the rows that have a reason."""
    note: str = ""


def backends() -> list[str]:
    """Names of the kinds of source, as catalogues write them."""
    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__))


def backend(name: str) -> ModuleType:
    """The file that mines sources of this kind.

    Raises
    ------
    SourceError
        When there is no such kind.
    """
    if name not in backends():
        raise SourceError(f"no backend {name!r}; {allowed_values(name, backends())}")
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
