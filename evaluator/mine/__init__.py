"""Mining: sources of a study to one pseudonymous snapshot."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.mine.assemble import Count, assemble
from evaluator.mine.cache import Cache
from evaluator.mine.repository import Git, SourceError, shown
from evaluator.mine.sources import Harvest, Mining, harvester
from evaluator.result import SourceRow
from evaluator.snapshot import write_snapshot
from evaluator.study.candidate import DataSource

__all__ = ["Progress", "failures", "mine"]

Progress = Callable[[str, str, int, int], None]
"""Called with a source's identifier, its outcome, and how many of how many are done."""


def mine(
    study_sources: Sequence[DataSource],
    *,
    cache: Path,
    out: Path,
    retrieved: dt.date,
    as_of: dt.date | None = None,
    progress: Progress | None = None,
    allow_local: bool = False,
    workers: int | None = None,
) -> list[SourceRow]:
    """Mine the sources and write the snapshot; say what became of each source.

    A source that fails takes no other with it: its row has outcome ``error`` and the reason, which
    :func:`failures` turns into findings.

    Parameters
    ----------
    study_sources
        What to mine; those with ``not_available`` are only recorded.
    cache
        Private folder for mirrors, names and the key of pseudonyms; the same cache, sources and
        ``retrieved`` give the same bytes.
    out
        Folder of the snapshot.
    retrieved
        Today.
    as_of
        Leaves out what is later; by default the snapshot is as of the newest commit or message.
    progress
        Told of each source when it is done.
    allow_local
        Whether plain paths, ``file://`` and loopback addresses are taken.
    workers
        Sources mined at the same time; by default the number of processors.

    Raises
    ------
    EvaluationError
        When the cache or ``out`` cannot be used, or when no source could be mined at all; what was
        in ``out`` then stays.
    """
    private = Cache(cache)
    wanted = {source.id: source for source in study_sources}
    with private.exclusive():
        mining = Mining(Git(), private, retrieved, allow_local)
        harvests, errors = _harvest_all(wanted, mining, progress, workers)
        assembly = assemble(harvests, private.pseudonyms(), retrieved=retrieved, as_of=as_of)
        rows = [
            _row(source, retrieved, harvests.get(name), assembly.counts.get(name), errors)
            for name, source in sorted(wanted.items())
        ]
        date = as_of or assembly.as_of
        if date is None:
            nothing = Finding("mine-nothing", "no source could be mined; no snapshot was written")
            raise EvaluationError([*failures(rows), nothing], ExitCode.UNAVAILABLE)
        write_snapshot(
            out,
            assembly.tables,
            rows,
            date,
            identities={
                "all": assembly.identities,
                **{name: count.identities for name, count in assembly.counts.items()},
            },
            tools={"perceval": version("perceval"), "git": mining.git.version()},
        )
    return rows


def failures(rows: Sequence[SourceRow]) -> list[Finding]:
    """A finding for each source that should have been mined and was not."""
    return [
        Finding(
            "source-failed",
            f"source {row.id!r} ({row.url}): {row.reason}",
            remedy="mend the address in the catalogue, or reach a mirror with git's "
            "url.<base>.insteadOf; give 'not_available' with the reason if it cannot be had",
        )
        for row in rows
        if row.outcome == "error"
    ]


def _harvest_all(
    sources: dict[str, DataSource],
    mining: Mining,
    progress: Progress | None,
    workers: int | None,
) -> tuple[dict[str, Harvest], dict[str, str]]:
    harvests: dict[str, Harvest] = {}
    errors: dict[str, str] = {}
    # Threads are enough: git, a process of its own, takes most of the time.
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        pending = {
            pool.submit(lambda s: harvester(s.backend)(s, mining), source): name
            for name, source in sources.items()
            if not source.not_available
        }
        for done, future in enumerate(as_completed(pending), start=1):
            name = pending[future]
            try:
                harvests[name] = future.result()
            except SourceError as error:
                errors[name] = str(error)
            except EvaluationError:
                raise
            # Whatever a hostile repository or archive provokes costs that source only.
            except Exception as error:
                errors[name] = shown(f"unexpected {type(error).__name__}: {error}")
            if progress:
                progress(name, "error" if name in errors else "ok", done, len(pending))
    finally:
        # After an interruption nothing that was started may go on alone.
        mining.git.stop()
        pool.shutdown(cancel_futures=True)
    return harvests, errors


def _row(
    source: DataSource,
    retrieved: dt.date,
    harvest: Harvest | None,
    count: Count | None,
    errors: dict[str, str],
) -> SourceRow:
    notes = [source.provenance, f"Only the folder {source.path}" if source.path else ""]
    if harvest:
        notes.append(harvest.note)
    note = " ".join(f"{n.rstrip('.')}." for n in notes if n)
    common = {"id": source.id, "backend": source.backend, "url": shown(source.url)}
    if harvest is None or count is None:
        return SourceRow(
            **common,
            backend_version="",
            branch=source.branch or "",
            head="",
            outcome="not_available" if source.not_available else "error",
            reason=source.not_available or errors[source.id],
            items=0,
            first=None,
            last=None,
            retrieved=None,
            dropped={},
            note=note,
        )
    return SourceRow(
        **common,
        backend_version=harvest.backend_version,
        branch=harvest.branch,
        head=harvest.head,
        outcome="ok",
        reason="",
        items=count.items,
        first=count.first,
        last=count.last,
        retrieved=retrieved,
        dropped=dict(sorted(count.dropped.items())),
        note=note,
    )
