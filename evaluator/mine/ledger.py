"""The ledger of a private cache: what each source gave last, and what was made of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from evaluator.mine.cache import Cache
from evaluator.mine.sources import Harvest
from evaluator.snapshot import PACKAGE

LEDGER = "ledger.json"


@dataclasses.dataclass(frozen=True)
class Entry:
    """A source's last harvest, and the day on which its origin confirmed it."""

    harvest: Harvest
    retrieved: dt.date


class Ledger:
    """Read once, changed in memory, written whole."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._said: dict[str, dict[str, Any]] = {"sources": {}, "written": {}}
        # A ledger that cannot be read costs one more reading of what is new: nothing.
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            found = json.loads((cache.path / LEDGER).read_text())
            self._said = {name: dict(found[name].items()) for name in self._said}

    def last(self, shelf: str) -> Entry | None:
        """What the source of this shelf gave last; None when nothing is known."""
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            found = self._said["sources"][shelf]
            return Entry(_harvest(found["harvest"]), dt.date.fromisoformat(found["retrieved"]))
        return None

    def keep(self, shelf: str, harvest: Harvest, retrieved: dt.date) -> None:
        """Remember a harvest; not how much of it was new."""
        said = {"harvest": _plain(harvest), "retrieved": retrieved.isoformat()}
        before, self._said["sources"][shelf] = self.last(shelf), said
        # The parts that an entry names may be gone from the shelf when this run is killed.
        if before is None or before.harvest.parts != harvest.parts:
            self.save()

    def inputs(self, parts: list[Any]) -> str:
        """Digest of everything that a snapshot follows from."""
        said = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()

    def written(self, out: Path, inputs: Sequence[str]) -> bool:
        """Whether ``out`` still is the snapshot that was made of one of these inputs."""
        match self._said["written"].get(str(out.absolute())):
            case [str() as made_of, str() as digest]:
                return made_of in inputs and digest == _digest_of(out) != ""
        return False

    def wrote(self, out: Path, inputs: str) -> None:
        """Remember that ``out`` was made of these inputs."""
        self._said["written"][str(out.absolute())] = [inputs, _digest_of(out)]

    def save(self) -> None:
        """Write the ledger."""
        self._cache.write(LEDGER, json.dumps(self._said).encode())


def _digest_of(out: Path) -> str:
    """Of the data package, checked against its tables; empty when it is not whole."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raw = (out / PACKAGE).read_bytes()
        package = json.loads(raw)
        # The day of retrieval is brought up to date without anything else changing.
        for source in package["sources"]:
            source.pop("retrieved")
        for table in package["resources"]:
            content = (out / table["path"]).read_bytes()
            if f"sha256:{hashlib.sha256(content).hexdigest()}" != table["hash"]:
                return ""
        return hashlib.sha256(json.dumps(package, sort_keys=True).encode()).hexdigest()
    return ""


def _plain(harvest: Harvest) -> dict[str, Any]:
    plain = dataclasses.asdict(dataclasses.replace(harvest, new=0, gone=0, mailmap={}))
    return plain | {"mailmap": [[*used, *meant] for used, meant in harvest.mailmap.items()]}


def _harvest(plain: dict[str, Any]) -> Harvest:
    mailmap = {(n, a): (name, address) for n, a, name, address in plain["mailmap"]}
    tags = tuple((tag, date) for tag, date in plain["tags"])
    return Harvest(**plain | {"mailmap": mailmap, "tags": tags, "parts": tuple(plain["parts"])})
