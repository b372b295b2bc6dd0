"""Archives in mbox files that are on this machine already, plain or compressed."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from perceval.backends.core.mbox import MailingList, MBox

from evaluator.mine.archive import read_archive
from evaluator.mine.repository import SourceError, checked_url
from evaluator.mine.sources import Harvest, Mining
from evaluator.study.candidate import DataSource


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """All messages of a file or folder.

    Raises
    ------
    SourceError
        When the address is no path of this machine, or nothing readable is there.
    """
    url = checked_url(source.url, allow_local=mining.allow_local)
    place = Path(url.removeprefix("file://"))
    if not place.is_absolute():
        raise SourceError("an mbox archive is read from a path of this machine: download it first")
    if not place.exists():
        raise SourceError(f"there is nothing at {url!r}")
    tool = f"perceval {version('perceval')}, MBox {MBox.version}"
    return read_archive(MailingList(url, str(place)), tool)
