"""Mailing list archives of Pipermail (Mailman 2)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from perceval.backends.core.pipermail import (
    MOD_MBOX_THREAD_STR,
    PIPERMAIL_TYPES,
    Pipermail,
    PipermailList,
)

from evaluator.mine.command import SourceError
from evaluator.mine.download import Site, harvest_downloads, month, newest
from evaluator.mine.sources import Harvest, Mining
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = "mail"
MOST_FILES = 10_000


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """All messages of the list; of the months known, only the newest is downloaded again.

    Raises
    ------
    SourceError
        When the archive cannot be had or holds no message.
    """
    tool = f"perceval {version('perceval')}, Pipermail {Pipermail.version}"
    return harvest_downloads(source, mining, PipermailList, _download, tool)


def _download(listing: Any, site: Site) -> None:
    """What Perceval's ``fetch`` does, but oldest first, and no file is lost without a word."""
    links: dict[str, str] = {}
    for link in _links(*site.fetch(site.base_url)):
        name = Path(urlsplit(link).path).name
        if not name:
            continue
        if not site.holds(link):
            site.refused["files on another host"] += 1
        elif links.setdefault(name, link) != link:
            site.refused["files of a name seen before"] += 1
    if len(links) > MOST_FILES:
        raise SourceError(f"the archive has more than {MOST_FILES} files")
    last = newest(listing)
    folder = Path(listing.dirpath)
    for when, name in sorted((month(listing, Path(name)), name) for name in links):
        if when >= last or not (folder / name).exists():
            site.save(links[name], folder / name)


def _links(url: str, page: bytes) -> Iterator[str]:
    """Links to what Perceval takes for mbox files, joined with the page's address."""
    for anchor in BeautifulSoup(page, "html.parser").find_all("a", href=True):
        link = str(anchor["href"]).removesuffix(MOD_MBOX_THREAD_STR)
        if set(Path(link).suffixes[-2:]) & set(PIPERMAIL_TYPES):
            try:
                yield urljoin(url, link)
            except ValueError:
                continue
