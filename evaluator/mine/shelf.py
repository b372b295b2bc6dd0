"""A source's shelf: what was read of it so far, in parts that are written once and whole.

A shelf is a folder on any file system that fsspec knows, so that several machines can mine into
one place.  Whatever a run that was killed leaves there is either whole or no part at all.
"""

from __future__ import annotations

import json
import re
import secrets
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec import AbstractFileSystem, available_protocols
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from evaluator.findings import EvaluationError, ExitCode, Finding, allowed_values

VERSION = 2
"""Of what is extracted; raise it when rows change, and everything is read anew."""

STATE = "state.json"
PARTIAL = ".partial"
ATTEMPTS = 3
UNREADABLE = (OSError, pa.ArrowException, KeyError, ValueError)
USERINFO = re.compile(r"(?<=://)\S*@")

T = TypeVar("T")


class Shelf:
    """Parts and a small state of one source.

    Parameters
    ----------
    address
        Folder, as a path or an address of fsspec.

    Raises
    ------
    EvaluationError
        By all that reads and writes: when the address is none, needs a package that is not
        installed, or leads to a distant file system that fails.
    OSError
        By all that writes, when a file system of this machine fails.
    """

    def __init__(self, address: str) -> None:
        self.address = USERINFO.sub("", address)
        """Without credentials."""
        self.name = self.address.rpartition("/")[2]
        """Tells it from others of the same cache, wherever they are kept."""
        self._address = address

    def parts(self, table: str) -> list[str]:
        """Names of the parts with rows of a table, in alphabetical order."""
        names = self._names()
        return sorted(n for n in names if n.startswith(f"{table}-") and n.endswith(".parquet"))

    def put(self, table: str, name: str, rows: pa.Table) -> str:
        """Write a part, whole or not at all; gives its name."""
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink, compression="zstd", write_page_checksum=True)
        part = f"{table}-{name}.parquet"
        self._write(part, sink.getvalue().to_pybytes())
        return part

    def get(self, part: str, columns: list[str] | None = None) -> pa.Table | None:
        """Rows of a part; None when there is no such part or its bytes are damaged."""
        with suppress(*UNREADABLE):
            return pq.read_table(
                pa.BufferReader(self._read(part)), columns=columns, page_checksum_verification=True
            )
        return None

    def discard(self, parts: Iterable[str]) -> None:
        """Take parts away; those that are not there are no error."""

        def take(files: AbstractFileSystem, root: str) -> None:
            for part in parts:
                try:
                    files.rm_file(f"{root}/{part}")
                except FileNotFoundError:
                    pass
                except Exception:
                    # Some servers have one error for everything.
                    files.invalidate_cache()
                    if files.exists(f"{root}/{part}"):
                        raise

        self._do(take)

    def remember(self, state: dict[str, Any]) -> None:
        """Keep what the next run needs to know, with the parts that it names."""
        self._write(STATE, json.dumps(state).encode())
        # Left by writers that were killed; one that lives writes once more.
        self.discard([name for name in self._names() if name.endswith(PARTIAL)])

    def recall(self) -> dict[str, Any]:
        """What :meth:`remember` was told last; empty when nothing."""
        with suppress(FileNotFoundError, ValueError, RecursionError):
            state = json.loads(self._read(STATE))
            if isinstance(state, dict):
                return state
        return {}

    def _names(self) -> list[str]:
        def names(files: AbstractFileSystem, root: str) -> list[str]:
            return [p.rsplit("/", 1)[-1] for p in files.ls(root or "/", detail=False)]

        with suppress(FileNotFoundError):
            return self._do(names)
        return []

    def _read(self, name: str) -> bytes:
        content: bytes = self._do(lambda files, root: files.cat_file(f"{root}/{name}"))
        return content

    def _write(self, name: str, content: bytes) -> None:
        """Write aside and rename: a reader never sees half a file."""

        def write(files: AbstractFileSystem, root: str) -> None:
            _make(files, root)
            # Two writers of one part must not meet in one file.
            aside = f"{root}/{name}.{secrets.token_hex(6)}{PARTIAL}"
            try:
                files.pipe_file(aside, content)
                try:
                    files.mv(aside, f"{root}/{name}")
                except Exception as error:
                    # each protocol says in its own words that a file is gone
                    files.invalidate_cache()
                    if not files.exists(aside):
                        raise FileNotFoundError(aside) from error
                    raise
            except BaseException:
                with suppress(Exception):
                    files.rm_file(aside)
                raise

        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._do(write)
            except FileNotFoundError:  # another writer swept it away
                if attempt == ATTEMPTS:
                    raise

    def _do(self, act: Callable[[AbstractFileSystem, str], T]) -> T:
        """Act on the file system, with one error for whatever its library may raise.

        fsspec gives every thread a connection of its own, and no library is trusted to know what
        others have written since it looked.
        """
        try:
            files, root = url_to_fs(self._address)
        except ImportError as error:
            problem = f"parts at {self.address!r} need a package that is not here: {error}"
            remedy = "install it, on the workers of a cluster as well, or give another --parts"
            raise EvaluationError(Finding("parts-unusable", problem, remedy=remedy)) from None
        except ValueError:
            protocol = self._address.partition("://")[0]
            allowed = allowed_values(protocol, available_protocols())
            problem = f"{self.address!r} is no address for parts"
            raise EvaluationError(Finding("parts-unusable", problem, remedy=allowed)) from None
        except Exception as error:
            raise self._unavailable(error) from None
        try:
            files.invalidate_cache()
            return act(files, root.rstrip("/"))
        except FileNotFoundError:
            raise
        except Exception as error:
            if isinstance(files, LocalFileSystem):
                raise
            raise self._unavailable(error) from None

    def _unavailable(self, error: Exception) -> EvaluationError:
        said = USERINFO.sub("", str(error))
        for userinfo in USERINFO.findall(self._address):
            password = userinfo[:-1].partition(":")[2]
            said = said.replace(password, "…") if password else said
        problem = f"parts cannot be kept at {self.address!r}: {said or type(error).__name__}"
        remedy = "start or mend what serves that address, or give another with --parts"
        return EvaluationError(
            Finding("parts-unavailable", problem, remedy=remedy), ExitCode.UNAVAILABLE
        )


def _make(files: AbstractFileSystem, root: str) -> None:
    """Make a shelf's folder; on this machine never readable by all, whatever holds it is."""
    if not isinstance(files, LocalFileSystem):
        try:
            files.makedirs(root, exist_ok=True)
        except Exception:
            # Another writer may have been first.
            files.invalidate_cache()
            if not files.isdir(root):
                raise
        return
    folder = Path(root)
    if not folder.is_dir():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        # A group that may use the whole may use the shelf.
        folder.chmod(stat.S_IMODE(folder.parent.stat().st_mode) & 0o2770)
