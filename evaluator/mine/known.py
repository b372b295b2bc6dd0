"""Whom the private cache knows: the identities of sources that were mined into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc

from evaluator.mine.cache import Cache
from evaluator.mine.identities import Identity
from evaluator.mine.ledger import Ledger
from evaluator.mine.people import People
from evaluator.mine.sources import shelf_of
from evaluator.study.candidate import DataSource

WHO = ["name", "address", "reason"]


def known_identities(
    sources: Sequence[DataSource], *, cache: Path, parts: str = ""
) -> dict[Identity, int]:
    """Identities of the sources, and the number of commits, messages and issues of each.

    Parameters
    ----------
    sources
        Sources that an earlier run has mined; of others nothing is known.
    cache
        The private cache of that run.
    parts
        Where that run kept what it read, when not in the cache.

    Raises
    ------
    EvaluationError
        When the cache cannot be used.
    """
    private = Cache(cache, parts)
    ledger, people = Ledger(private), People()
    for source in sources:
        shelf = shelf_of(source, private)
        last = ledger.last(shelf.name)
        for part in last.harvest.parts if last else ():
            rows = shelf.get(part)
            if last and rows is not None and "address" in rows.column_names:
                read = rows.select(WHO).filter(pc.equal(rows["reason"], ""))
                people.codes(source.id, read.to_pandas(), last.harvest.mailmap)
    return people.uses()
