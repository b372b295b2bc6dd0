"""The private cache: mirrors, raw events with names and addresses, and the key of pseudonyms.

Nothing here is ever shipped.  Folders have mode 0700 and the key 0600.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from evaluator.findings import EvaluationError, file_error

EVENTS_VERSION = 1
"""Part of the name of raw events; raise it when what is extracted changes."""

Extract = Callable[[], tuple[pa.Table, dict[str, int]]]


class Pseudonyms:
    """Keyed hashes: the same key gives the same numbers, without it nothing can be looked up."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digest(self, kind: str, value: str) -> bytes:
        """HMAC-SHA256 of a value; ``kind`` keeps equal texts of different kinds apart."""
        return hmac.digest(self._key, f"{kind}\0{value}".encode(), "sha256")

    def number(self, kind: str, value: str) -> int:
        """A number of 63 bits for a value."""
        return int.from_bytes(self.digest(kind, value)[:8], "big") >> 1


class Cache:
    """The folder in which mining keeps what is private."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        try:
            if path.exists() and any(path.iterdir()) and not (path / "mirrors").is_dir():
                # Its mode is about to change and it is going to be filled: never by mistake.
                raise FileExistsError(errno.EEXIST, "the folder holds other things")
            for folder in (path, path / "mirrors", path / "events"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> EvaluationError:
        problem = f"the private cache cannot be used: {error.strerror or error}"
        return EvaluationError(
            file_error("cache-unusable", self.path, problem, "give another folder with --cache")
        )

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes out of the cache while it changes."""
        try:
            stream = (self.path / "lock").open("w")
        except OSError as error:
            raise self._unusable(error) from error
        with stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                problem = "another run of mining is using this cache"
                remedy = "wait for it, or give another folder with --cache"
                finding = file_error("cache-busy", self.path, problem, remedy)
                raise EvaluationError(finding) from None
            yield

    @contextmanager
    def mirror_of(self, url: str) -> Iterator[Path]:
        """The place of a repository's mirror, held by one thread at a time."""
        name = hashlib.sha256(url.encode()).hexdigest()[:24]
        with self._locks[name]:
            yield self.path / "mirrors" / f"{name}.git"

    def pseudonyms(self) -> Pseudonyms:
        """The key of this cache, made at first use."""
        place = self.path / "pseudonym.key"
        try:
            if not place.exists():
                self._write(place, secrets.token_bytes(32))
            return Pseudonyms(place.read_bytes())
        except OSError as error:
            raise self._unusable(error) from error

    def events(self, parts: tuple[str, ...], extract: Extract) -> tuple[pa.Table, dict[str, int]]:
        """Raw events by what determines them; extracted only when not yet known.

        Parameters
        ----------
        parts
            Everything that the events follow from, such as address, head and sub-folder.
        extract
            Gives the events, and how many items were left out, by reason.
        """
        identifier = "\0".join((str(EVENTS_VERSION), *parts))
        name = hashlib.sha256(identifier.encode()).hexdigest()[:32]
        place = self.path / "events" / f"{name}.parquet"
        # An unreadable file of the cache is no error: it is made again.
        with suppress(OSError, pa.ArrowException, KeyError, ValueError):
            table = pq.read_table(place)
            return table, json.loads(table.schema.metadata[b"dropped"])
        table, dropped = extract()
        table = table.replace_schema_metadata({"dropped": json.dumps(dropped)})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        try:
            self._write(place, sink.getvalue().to_pybytes())
        except OSError as error:
            raise self._unusable(error) from error
        return table, dropped

    def _write(self, place: Path, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            os.replace(name, place)
        except BaseException:
            os.unlink(name)
            raise
