"""Mailing list archives of HyperKitty (Mailman 3)."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version
from pathlib import Path
from typing import Any

from perceval.backends.core.hyperkitty import HyperKitty, HyperKittyList

from evaluator.mine.download import Site, harvest_downloads, month, newest
from evaluator.mine.sources import Harvest, Mining
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = "mail"
BEGIN = dt.datetime(1996, 1, 1, tzinfo=dt.UTC)
"""HyperKitty is asked month by month, so from when lists of this field can have begun."""


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """All messages of the list; of the months known, only the newest is downloaded again.

    Raises
    ------
    SourceError
        When the archive cannot be had or holds no message.
    """
    end = dt.datetime.combine(mining.retrieved, dt.time(), dt.UTC) + dt.timedelta(days=31)

    def download(listing: Any, site: Site) -> None:
        last = newest(listing)

        def save(url: str, parameters: dict[str, str], place: str) -> bool:
            path = Path(place)
            if month(listing, path) >= last or not path.exists():
                site.save(url, path, parameters)
            return True

        # Perceval's own are without bounds and go wherever they are redirected to.
        listing.client, listing._download_archive = site, save
        listing.fetch(BEGIN, end)

    tool = f"perceval {version('perceval')}, HyperKitty {HyperKitty.version}"
    return harvest_downloads(source, mining, HyperKittyList, download, tool)
