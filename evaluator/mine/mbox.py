"""Files in mbox format, plain or compressed, as a stream of messages."""

from __future__ import annotations

import errno
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from perceval.backends.core.mbox import MBoxArchive

from evaluator.mine.mail import LARGEST_BYTES

LARGEST_FILE = 2_000_000_000
"""Bytes of one file after decompression; a larger one is taken for a bomb."""
LARGEST_RATIO = 200
"""Of a compressed file; mail is packed to a tenth, and smaller by much where it repeats itself."""
SMALL = 10_000_000
"""Bytes that any file may grow to."""
CHUNK = 1 << 20
SHOWN = 200
"""Bytes of a line that are looked at."""
MOST_MEMBERS = 10_000

BROKEN = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile),
    # What zipfile raises for a password, an unknown compression, and nonsense in its fields.
    *(RuntimeError, NotImplementedError, ValueError, LookupError, ArithmeticError, struct.error),
)
FROM = b"\nFrom "
FIELD = re.compile(rb"[!-9;-~]+:")
DATED = re.compile(rb"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +\w{1,3} +\w{1,3}\b.*\d{4}")


class UnreadableError(Exception):
    """A file that cannot be read, or that is no mbox; the text says why."""


class Bounded:
    """A stream that may be decompressed from a file, up to what its size makes likely."""

    def __init__(self, stream: IO[bytes], allowed: int) -> None:
        self._stream = stream
        self.allowed = allowed

    def read(self, size: int) -> bytes:
        """The next bytes, at most so many; none at the end.

        Raises
        ------
        UnreadableError
            When they cannot be had, or are too many by now.
        """
        with _decompressing():
            content = self._stream.read(size)
        self.allowed -= len(content)
        if self.allowed < 0:
            raise UnreadableError(
                f"is larger than {LARGEST_FILE} bytes, or grows by more than {LARGEST_RATIO} "
                "times when it is decompressed"
            )
        return content


@contextmanager
def _decompressing() -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        # What the system cannot read now it may be able to read in the next run; but a zip file
        # may point before its own beginning.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise UnreadableError(f"cannot be read: {error}") from error


def opened(path: Path) -> Generator[Bounded, None, None]:
    """The content of a file, decompressed; of a zip file, that of each member in order of name.

    Raises
    ------
    UnreadableError
        When it cannot be decompressed, is encrypted, or holds too many files.
    """
    archive = MBoxArchive(str(path))
    allowed = LARGEST_FILE
    if archive.is_compressed():
        allowed = min(allowed, SMALL + LARGEST_RATIO * path.stat().st_size)
    with _decompressing():
        if archive.compressed_type == "zip":
            yield from _members(path, allowed)
        else:
            with archive.container as stream:
                yield Bounded(stream, allowed)


def _members(path: Path, allowed: int) -> Iterator[Bounded]:
    with zipfile.ZipFile(path) as packed:
        members = sorted((m for m in packed.infolist() if not m.is_dir()), key=lambda m: m.filename)
        if len(members) > MOST_MEMBERS:
            raise UnreadableError(f"holds more than {MOST_MEMBERS} files")
        if any(member.flag_bits & 1 for member in members):
            raise UnreadableError("is encrypted")
        for member in members:
            with packed.open(member) as stream:
                bounded = Bounded(stream, allowed)
                yield bounded
                allowed = bounded.allowed


def messages(path: Path) -> Iterator[bytes]:
    """Raw messages of a file; of those larger than a message may be, one byte too much.

    Raises
    ------
    UnreadableError
        When it cannot be decompressed, or does not begin with a "From " line.
    """
    with closing(opened(path)) as streams:
        for stream in streams:
            yield from split(stream)


def split(stream: Bounded) -> Iterator[bytes]:
    """Messages of an mbox.

    A line "From …" begins a message when it holds a date or when a header field follows, so that
    the same word in a text splits nothing.
    """
    content: bytearray | None = None
    # The line break tells that a line begins here.
    text, begin, ended = b"\n", 0, False
    while not ended:
        chunk = stream.read(CHUNK)
        ended = not chunk
        text += chunk
        found = text.find(FROM)
        while found >= 0:
            end = text.find(b"\n", found + len(FROM))
            if not ended and (end < 0 or len(text) - end <= SHOWN) and len(text) - found <= CHUNK:
                break
            line = text[found + 1 : end] if end >= 0 else text[found + 1 :]
            if (
                content is None
                or DATED.search(line[:SHOWN])
                or FIELD.match(text[end + 1 :][:SHOWN])
            ):
                content = _grown(content, text[begin : found + 1])
                if content is not None:
                    yield bytes(content)
                content = bytearray()
                begin = end + 1 if end >= 0 else len(text)
            found = text.find(FROM, max(end, found + 1))
        kept = found if found >= 0 else len(text) - (0 if ended else len(FROM) - 1)
        content = _grown(content, text[begin : max(kept, begin)])
        text, begin = text[max(kept, 0) :], max(0, begin - max(kept, 0))
    if content is not None:
        yield bytes(content)


def _grown(content: bytearray | None, piece: bytes) -> bytearray | None:
    """The message with a piece more; before the first one only blank lines may be."""
    if content is not None:
        content += piece[: LARGEST_BYTES + 1 - len(content)]
    elif piece.strip():
        raise UnreadableError("is no mbox: it does not begin with a 'From ' line")
    return content
