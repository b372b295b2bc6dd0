"""Mailing list archives of HyperKitty (Mailman 3), downloaded by Perceval."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version

from perceval.backends.core.hyperkitty import HyperKitty, HyperKittyList

from evaluator.mine.archive import fetched, read_archive
from evaluator.mine.sources import Harvest, Mining
from evaluator.study.candidate import DataSource

BEGIN = dt.datetime(1996, 1, 1, tzinfo=dt.UTC)
"""HyperKitty is asked month by month, so from when lists of this field can have begun."""


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """All messages of the list.

    Raises
    ------
    SourceError
        When the archive cannot be had or holds no message.
    """
    end = dt.datetime.combine(mining.retrieved, dt.time(), dt.UTC) + dt.timedelta(days=31)
    with fetched(
        source, mining, HyperKittyList, lambda mails: mails.fetch(BEGIN, end)
    ) as mailing_list:
        tool = f"perceval {version('perceval')}, HyperKitty {HyperKitty.version}"
        return read_archive(mailing_list, tool)
