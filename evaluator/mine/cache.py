"""The private cache: mirrors, raw events with names and addresses, and the key of pseudonyms.

Nothing here is ever shipped.  Folders have mode 0700 and the key 0600.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import hmac
import os
import re
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from evaluator.findings import EvaluationError, file_error
from evaluator.mine.shelf import VERSION, Shelf

KEY_BYTES = 32
LONGEST_WAIT = 3600
"""Seconds; a clone that is at work in a mirror may take as long."""
POLL_SECONDS = 0.1


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


@dataclass(frozen=True)
class Mirror:
    """Place of a repository's mirror, and the open lock that keeps others out of it."""

    path: Path
    lock: int


class Cache:
    """The folder in which mining keeps what is private.

    Parameters
    ----------
    path
        The folder; made with mode 0700.
    parts
        Where to keep what is read of the sources, as fsspec writes addresses; by default in the
        folder.  It holds names and addresses of persons, so it must be as private.
    """

    def __init__(self, path: Path, parts: str = "") -> None:
        self.path = path
        self.parts = re.sub(r"(?<![:/])/+$", "", parts) or f"{path}/parts"
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        try:
            if path.exists() and any(path.iterdir()) and not (path / "mirrors").is_dir():
                # Its mode is about to change and it is going to be filled: never by mistake.
                raise FileExistsError(errno.EEXIST, "the folder holds other things")
            for folder in (path, path / "mirrors", path / "parts"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> EvaluationError:
        problem = f"the private cache cannot be used: {error.strerror or error}"
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space and run it again" if full else "give another folder with --cache"
        return EvaluationError(file_error("cache-unusable", self.path, problem, remedy))

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
    def mirror_of(self, url: str, stopped: Callable[[], bool] = lambda: False) -> Iterator[Mirror]:
        """The mirror of a repository, held by one thread of one process at a time.

        A git that outlived the run that started it holds it too, and is waited for until
        ``stopped``.

        Raises
        ------
        BlockingIOError
            When it is held for too long.
        """
        place = self.path / "mirrors" / f"{hashlib.sha256(url.encode()).hexdigest()[:24]}.git"
        with self._locks[place.name], place.with_suffix(".lock").open("w") as stream:
            late = time.monotonic() + LONGEST_WAIT
            while not _locked(stream):
                if stopped() or time.monotonic() > late:
                    problem = "a git of an earlier run is at work in the mirror; wait for it"
                    raise BlockingIOError(errno.EWOULDBLOCK, problem, place)
                time.sleep(POLL_SECONDS)
            yield Mirror(place, stream.fileno())

    def pseudonyms(self) -> Pseudonyms:
        """The key of this cache, made at first use."""
        place = self.path / "pseudonym.key"
        try:
            if not place.exists():
                self.write(place.name, secrets.token_bytes(KEY_BYTES))
            key = place.read_bytes()
        except OSError as error:
            raise self._unusable(error) from error
        if len(key) != KEY_BYTES:
            problem = f"the key of pseudonyms is damaged: it has not {KEY_BYTES} bytes"
            remedy = "put back a copy, or remove it: then all pseudonyms become others"
            raise EvaluationError(file_error("cache-unusable", place, problem, remedy))
        return Pseudonyms(key)

    def shelf(self, source: str, what: Sequence[str]) -> Shelf:
        """The shelf of a source, apart from that of any other address under the same name."""
        name = hashlib.sha256("\0".join((str(VERSION), *what)).encode()).hexdigest()[:12]
        return Shelf(f"{self.parts}/{source}-{name}")

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the cache, readable by its owner only, whole or not at all."""
        aside = self.path / f"{name}.partial"
        try:
            with open(
                aside, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)
            ) as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(aside, self.path / name)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise self._unusable(error) from error


def _locked(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
