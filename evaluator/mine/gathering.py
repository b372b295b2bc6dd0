"""What one run has gathered: a harvest of each source, an earlier one where it failed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from importlib.metadata import version

import pyarrow as pa
import pyarrow.compute as pc

from evaluator.mine.cache import Cache
from evaluator.mine.identities import Curated
from evaluator.mine.ledger import Ledger
from evaluator.mine.progress import Progress
from evaluator.mine.schedule import Order, Outcome, in_threads, on_cluster
from evaluator.mine.sources import Harvest, shelf_of
from evaluator.snapshot import SCHEMA_VERSION
from evaluator.study.candidate import DataSource


class Gathering:
    """The harvests of one run, those of earlier ones where a source failed."""

    def __init__(
        self,
        sources: Mapping[str, DataSource],
        cache: Cache,
        ledger: Ledger,
        order: Order,
        scheduler: str,
        progress: Progress,
        curated: Curated,
        public_domains: Collection[str],
    ) -> None:
        self.sources, self.cache, self.ledger = sources, cache, ledger
        self.order, self.scheduler, self.progress = order, scheduler, progress
        self.curated, self.public_domains = curated, sorted(public_domains)
        self.harvests: dict[str, Harvest] = {}
        self.retrieved: dict[str, dt.date] = {}
        self.failed: dict[str, str] = {}
        self.new: dict[str, int] = {}
        self.gone: dict[str, int] = {}
        self.newest = 0

    def gather(self, names: Sequence[str]) -> None:
        """Mine the named sources."""
        chosen = {name: self.sources[name] for name in names}
        if self.scheduler:
            outcomes = on_cluster(chosen, self.order, self.scheduler)
        else:
            outcomes = in_threads(chosen, self.order, self.progress.reading)
        # Closed, so that an interruption here too ends what was started.
        with closing(outcomes):
            for done, (name, outcome) in enumerate(outcomes, start=1):
                self._take(name, outcome)
                said = "error" if name in self.failed else "ok"
                self.progress.finished(name, said, self.new.get(name, 0), done, len(names))

    def _take(self, name: str, outcome: Outcome) -> None:
        # By its name alone: a cache may be moved.
        shelf = shelf_of(self.sources[name], self.cache).name
        harvest = outcome.harvest
        if harvest is None:
            # The snapshot tells the reason, and not where somebody's cache is.
            self.failed[name] = outcome.reason.replace(f"{self.cache.path}/", "")
            last = self.ledger.last(shelf)
            if last:
                self.harvests[name], self.retrieved[name] = last.harvest, last.retrieved
            return
        self.harvests[name], self.retrieved[name] = harvest, self.order.retrieved
        self.new[name], self.gone[name] = harvest.new, harvest.gone
        self.ledger.keep(shelf, harvest, self.order.retrieved)

    def rows(self, name: str) -> dict[str, pa.Table]:
        """The rows of a source."""
        shelf = shelf_of(self.sources[name], self.cache)
        found: dict[str, list[pa.Table]] = {}
        for part in self.harvests[name].parts:
            found.setdefault(part.partition("-")[0], []).append(shelf.get(part))
        rows = {table: pa.concat_tables(parts) for table, parts in found.items()}
        self.newest = max(self.newest, *map(_newest, rows.values()))
        return rows

    def mend(self) -> None:
        """Mine sources whose parts cannot be read back once more, from the beginning."""
        if damaged := self._damaged():
            for name in damaged:
                shelf_of(self.sources[name], self.cache).remember({})
                del self.harvests[name]
            self.gather(damaged)
            for name in self._damaged():
                self.failed.setdefault(name, "what was read of it cannot be read back")
                del self.harvests[name]

    def _damaged(self) -> list[str]:
        return [
            name
            for name, harvest in sorted(self.harvests.items())
            if None in map(shelf_of(self.sources[name], self.cache).get, harvest.parts)
        ]

    def inputs(self, as_of: dt.date | None, day: dt.date | None) -> str:
        """Digest of all that the snapshot follows from; the day only where it matters."""
        sources = [source.model_dump() for _, source in sorted(self.sources.items())]
        plain = {
            name: dataclasses.replace(harvest, new=0, gone=0)
            for name, harvest in sorted(self.harvests.items())
        }
        # A note on what failed names the day.
        failed = [*sorted(self.failed.items()), self.order.retrieved] if self.failed else []
        release = [version("floss-evaluator"), SCHEMA_VERSION]
        key = self.cache.pseudonyms().digest("ledger", "").hex()
        known = [repr(self.curated), self.public_domains]
        return self.ledger.inputs([release, key, sources, repr(plain), failed, as_of, day, known])


def _newest(rows: pa.Table) -> int:
    """The latest date of any kind; all numbers of 64 bits in raw rows are dates."""
    dates = [c for c, kind in zip(rows.columns, rows.schema.types, strict=True) if kind == "int64"]
    return max((pc.max(column).as_py() or 0 for column in dates), default=0)
