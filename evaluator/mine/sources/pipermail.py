"""Mailing list archives of Pipermail (Mailman 2), downloaded by Perceval."""

from __future__ import annotations

from importlib.metadata import version

from perceval.backends.core.pipermail import Pipermail, PipermailList

from evaluator.mine.archive import fetched, read_archive
from evaluator.mine.sources import Harvest, Mining
from evaluator.study.candidate import DataSource


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """All messages of the list.

    Raises
    ------
    SourceError
        When the archive cannot be had or holds no message.
    """
    with fetched(source, mining, PipermailList, lambda mails: mails.fetch()) as mailing_list:
        tool = f"perceval {version('perceval')}, Pipermail {Pipermail.version}"
        return read_archive(mailing_list, tool)
