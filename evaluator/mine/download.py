"""Mail archives on other hosts: their mbox files, kept in the private cache."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from perceval.backends.core.mbox import MailingList
from perceval.client import HttpClient
from requests import HTTPError, Response

from evaluator.mine import mbox
from evaluator.mine.archive import harvest_boxes
from evaluator.mine.command import SourceError, checked_url
from evaluator.mine.sources import Harvest, Mining
from evaluator.study.candidate import DataSource

DOWNLOAD_SECONDS = 3600
CONNECT_SECONDS = 30
READ_SECONDS = 60
WAIT_SECONDS = 0.2
MOST_RETRIES = 2
RETRY_SECONDS = 0.5
MOST_REDIRECTIONS = 5
LARGEST_PAGE = 5_000_000
"""Bytes of an archive's page of links."""
CHUNK = 1 << 18
PARTIAL = ".partial"
UNDATED = 2100
"""Perceval's year of a file whose name has no date."""


class Site:
    """An archiver's site: one host, asked by Perceval's client, with bounds."""

    def __init__(self, url: str, mining: Mining) -> None:
        self.base_url = url
        self.left = threading.Event()
        self.refused: Counter[str] = Counter()
        self._git = mining.git
        self._session = HttpClient(url, max_retries=MOST_RETRIES, sleep_time=RETRY_SECONDS).session

    def close(self) -> None:
        """End all connections."""
        self._session.close()

    def holds(self, url: str) -> bool:
        """Whether an address belongs to this site."""
        return urlsplit(url)[:2] == urlsplit(self.base_url)[:2]

    def fetch(self, url: str) -> tuple[str, bytes]:
        """A page, and its address after redirections.

        Raises
        ------
        SourceError
            When it is too large, or on another host.
        """
        content = bytearray()
        with self._open(url, {}) as response:
            for chunk in response.iter_content(CHUNK):
                content += chunk
                if len(content) > LARGEST_PAGE:
                    raise SourceError(f"the page {url!r} is larger than {LARGEST_PAGE} bytes")
            return response.url, bytes(content)

    def save(self, url: str, place: Path, parameters: dict[str, str] | None = None) -> None:
        """Keep a file, whole or not at all; one that the site forbids is counted."""
        aside = place.with_name(place.name + PARTIAL)
        size = 0
        try:
            # As it is stored there: a file that is compressed stays so.
            with self._open(url, parameters or {}) as response, aside.open("wb") as stream:
                for chunk in response.raw.stream(CHUNK, decode_content=False):
                    self._go_on()
                    size += len(chunk)
                    if size > mbox.LARGEST_FILE:
                        raise SourceError(f"{url!r} is larger than {mbox.LARGEST_FILE} bytes")
                    stream.write(chunk)
            os.replace(aside, place)
        except HTTPError as error:
            if error.response is None or error.response.status_code != 403:
                raise
            self.refused["files that the archiver refuses (403)"] += 1
        finally:
            aside.unlink(missing_ok=True)

    def _go_on(self) -> None:
        if self.left.is_set() or self._git.stopped:
            raise SourceError("interrupted")

    def _open(self, url: str, parameters: dict[str, str]) -> Response:
        for _ in range(MOST_REDIRECTIONS):
            self._go_on()
            if not self.holds(url):
                raise SourceError(f"the archive redirects to {url!r}; give that one if it is meant")
            response: Response = self._session.get(
                url,
                params=parameters,
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
            if response.ok and not response.is_redirect:
                return response
            response.close()
            response.raise_for_status()
            url, parameters = urljoin(url, response.headers["Location"]), {}
        raise SourceError(f"the archive redirects more than {MOST_REDIRECTIONS} times")


def harvest_downloads(
    source: DataSource,
    mining: Mining,
    archiver: Callable[[str, str], MailingList],
    download: Callable[[Any, Site], None],
    tool: str,
) -> Harvest:
    """All messages of a list, after its newest mbox files were downloaded.

    Raises
    ------
    SourceError
        When the archive cannot be had within :data:`DOWNLOAD_SECONDS`, leads to another host, or
        holds no message.
    """
    url = checked_url(source.url, allow_local=mining.allow_local)
    shelf = mining.shelf(source)
    folder = mining.cache.path / "archives" / shelf.address.rstrip("/").rsplit("/", 1)[-1]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for stale in folder.glob(f"*{PARTIAL}"):
        stale.unlink()
    listing = archiver(url, str(folder))
    site = Site(url, mining)
    failed: list[Exception] = []

    def work() -> None:
        try:
            download(listing, site)
        # Whatever the archiver's site provokes in the clients is a reason to be told.
        except Exception as error:
            failed.append(error)
        finally:
            site.close()

    # A server that sends a byte now and then outlasts every time limit of a client; a thread of
    # its own can be left behind.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    end = time.monotonic() + DOWNLOAD_SECONDS
    while thread.is_alive() and time.monotonic() < end and not mining.git.stopped:
        thread.join(WAIT_SECONDS)
    if thread.is_alive():
        site.left.set()
        late = f"the archive took longer than {DOWNLOAD_SECONDS} s"
        raise SourceError("interrupted" if mining.git.stopped else late)
    if failed:
        if isinstance(failed[0], SourceError):
            raise failed[0]
        raise SourceError(f"the archive cannot be read: {failed[0]}") from failed[0]
    dated = sorted((month(listing, path), path.name, path) for path in folder.iterdir())
    files = [(name, path) for _, name, path in dated]
    return harvest_boxes(source, mining, files, tool, dict(site.refused))


def month(listing: Any, path: Path) -> tuple[int, int]:
    """Year and month of an archive's file, as Perceval reads them from its name."""
    try:
        date = listing._parse_date_from_filepath(path.name)
    # Perceval expects some of the errors only that a strange name provokes.
    except Exception:
        return UNDATED, 1
    return date.year, date.month


def newest(listing: Any) -> tuple[int, int]:
    """The last month of which there is a file.  Earlier ones are whole: files come in order."""
    months = [month(listing, path) for path in Path(listing.dirpath).iterdir()]
    return max((m for m in months if m[0] < UNDATED), default=(0, 0))
