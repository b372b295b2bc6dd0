"""Archives of mbox files, on this machine or downloaded by Perceval."""

from __future__ import annotations

import hashlib
import mailbox
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from perceval.backends.core.mbox import MailingList, MBoxArchive

from evaluator.mine.mail import messages
from evaluator.mine.repository import CLONE_SECONDS, SourceError, checked_url
from evaluator.mine.sources import Harvest, Mining
from evaluator.study.candidate import DataSource

LARGEST_BYTES = 2_000_000_000
"""Of one mbox file after decompression; a larger one is taken for a bomb."""


@contextmanager
def fetched(
    source: DataSource,
    mining: Mining,
    archiver: Callable[[str, str], MailingList],
    download: Callable[[MailingList], object],
) -> Iterator[MailingList]:
    """A remote list's mbox files in a private folder that goes when done.

    Raises
    ------
    SourceError
        When the archive cannot be had within :data:`CLONE_SECONDS`.
    """
    url = checked_url(source.url, allow_local=mining.allow_local)
    failed: list[Exception] = []

    with tempfile.TemporaryDirectory(dir=mining.cache.path, prefix="mbox-") as folder:
        mailing_list = archiver(url, folder)

        def work() -> None:
            try:
                download(mailing_list)
            # Whatever the archiver's site provokes in the clients is a reason to be told.
            except Exception as error:
                failed.append(error)

        # Perceval asks without a time limit; a thread of its own can be left behind.
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(CLONE_SECONDS)
        if thread.is_alive():
            raise SourceError(f"the archive took longer than {CLONE_SECONDS} s")
        if failed:
            raise SourceError(f"the archive cannot be read: {failed[0]}") from failed[0]
        yield mailing_list


def read_archive(mailing_list: MailingList, tool: str) -> Harvest:
    """All messages of a list's mbox files; the head is the SHA-256 of their contents.

    Raises
    ------
    SourceError
        When they hold no message.
    """
    digest = hashlib.sha256()

    def contents() -> Iterator[bytes]:
        for box in mailing_list.mboxes:
            for content in _messages_of(box):
                digest.update(content)
                yield content

    found, dropped = messages(contents())
    if not found.num_rows:
        raise SourceError("the archive holds no message")
    return Harvest(
        backend_version=tool, branch="", head=digest.hexdigest(), messages=found, dropped=dropped
    )


def _messages_of(box: MBoxArchive) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="evaluate-mbox-") as folder:
        place = Path(folder) / "plain.mbox"
        size = 0
        try:
            with box.container as packed, place.open("wb") as plain:
                while chunk := packed.read(1 << 20):
                    size += len(chunk)
                    if size > LARGEST_BYTES:
                        raise SourceError(f"an mbox file is larger than {LARGEST_BYTES} bytes")
                    plain.write(chunk)
        except (OSError, EOFError) as error:
            raise SourceError(f"an mbox file cannot be read: {error}") from error
        opened = mailbox.mbox(place, create=False)
        try:
            for key in opened.iterkeys():
                yield opened.get_bytes(key)
        finally:
            opened.close()
