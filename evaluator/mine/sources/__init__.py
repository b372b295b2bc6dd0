"""Kinds of source: one file each, found by the name of the ``backend`` in a catalogue.

A file here defines ``harvest(source, mining) -> Harvest``.  A hyphen in the backend's name is an
underscore in the file's.
"""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from evaluator.findings import allowed_values
from evaluator.mine.cache import Cache
from evaluator.mine.repository import Git, SourceError
from evaluator.study.candidate import DataSource

COMMITS = pa.schema(
    [
        ("sha", pa.string()),
        ("name", pa.string()),
        ("address", pa.string()),
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
"""Raw commits; dates in seconds since 1970, the counts null for merges."""

MESSAGES = pa.schema(
    [
        ("id", pa.string()),
        ("ancestors", pa.list_(pa.string())),
        ("name", pa.string()),
        ("address", pa.string()),
        ("sent", pa.int64()),
        ("patch", pa.bool_()),
    ]
)
"""Raw messages; ``ancestors`` begins with the message that is answered."""


@dataclass(frozen=True)
class Mining:
    """What every kind of source gets: the tools and the bounds of this run."""

    git: Git
    cache: Cache
    retrieved: dt.date
    allow_local: bool


@dataclass(frozen=True)
class Harvest:
    """What a source gave, with names and addresses; never leaves the private cache's side."""

    backend_version: str
    branch: str
    head: str
    commits: pa.Table = field(default_factory=COMMITS.empty_table)
    messages: pa.Table = field(default_factory=MESSAGES.empty_table)
    tags: tuple[tuple[str, int], ...] = ()
    mailmap: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    note: str = ""


def backends() -> list[str]:
    """Names of the kinds of source, as catalogues write them."""
    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__))


def harvester(backend: str) -> Callable[[DataSource, Mining], Harvest]:
    """The function that mines sources of this kind.

    Raises
    ------
    SourceError
        When there is no such kind.
    """
    if backend not in backends():
        raise SourceError(f"no backend {backend!r}; {allowed_values(backend, backends())}")
    module = importlib.import_module(f"{__name__}.{backend.replace('-', '_')}")
    found: Callable[[DataSource, Mining], Harvest] = module.harvest
    return found
