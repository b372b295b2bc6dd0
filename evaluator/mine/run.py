"""One run of mining: gather what is new, put it together, write the snapshot."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.mine.assemble import assemble
from evaluator.mine.cache import Cache
from evaluator.mine.command import Git, SourceError, shown
from evaluator.mine.gathering import Gathering
from evaluator.mine.identities.confirming import FILES
from evaluator.mine.identities.files import Kind, read_identities
from evaluator.mine.ledger import Ledger
from evaluator.mine.progress import Progress
from evaluator.mine.schedule import Order
from evaluator.mine.sources import backend
from evaluator.quality import assess
from evaluator.result import QualityRow, SourceKind, SourceRow
from evaluator.snapshot import Snapshot, confirm_sources, write_snapshot
from evaluator.study.candidate import DataSource

MEND = (
    "mend the address in the catalogue, or reach a mirror with git's url.<base>.insteadOf; give "
    "'not_available' with the reason if it cannot be had"
)
FULL = re.compile("No space left|Out of diskspace|failed to write new configuration file")
FREE = "free some space and run it again: nothing is lost, and what was read is not read again"


@dataclass(frozen=True)
class Mined:
    """What became of each source in a run."""

    rows: list[SourceRow]
    """Provenance of all sources, as in the snapshot."""
    quality: list[QualityRow] = field(default_factory=list)
    """What is to be known of the sources' data."""
    new: dict[str, int] = field(default_factory=dict)
    """Items that this run read, by source."""
    gone: dict[str, int] = field(default_factory=dict)
    """Items that sources hold no longer (a history was rewritten, mail withdrawn)."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why a source could not be mined in this run; what it gave before is kept."""
    changed: bool = True
    """Whether the snapshot's tables were written anew."""


def mine(
    study_sources: Sequence[DataSource],
    *,
    cache: Path,
    out: Path,
    retrieved: dt.date,
    as_of: dt.date | None = None,
    progress: Progress | None = None,
    allow_local: bool = False,
    jobs: int | None = None,
    scheduler: str = "",
    parts: str = "",
    identities: Sequence[Path] = (),
    public_domains: Collection[str] = (),
) -> Mined:
    """Mine the sources and write the snapshot; say what became of each source.

    Only what no earlier run with the same cache has read is read.  A source that fails takes no
    other with it: what it gave in an earlier run stays in the snapshot, with a note; else its row
    has outcome ``error`` and the reason.  :func:`failures` turns both into findings.

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
        Told how it goes on.
    allow_local
        Whether plain paths, ``file://`` and loopback addresses are taken.
    jobs
        Git processes that read at the same time; by default the number of processors.
    scheduler
        Address of a Dask scheduler (``tcp://…``) whose workers mine, a task for each source.
    parts
        Where to keep what is read, as fsspec writes addresses; by default in the cache.
    identities
        Files that say who is who and who worked where, beside the cache's own.
    public_domains
        Mail domains that name nobody, however few use them; others that a single person uses
        become pseudonyms.

    Raises
    ------
    EvaluationError
        When the cache or ``out`` cannot be used, or when no source could be mined at all; what was
        in ``out`` then stays.
    """
    # What its backends warn of is told by rows with a reason; it is not for standard error.
    logging.getLogger("perceval").addHandler(logging.NullHandler())
    private = Cache(cache, parts)
    wanted = {source.id: source for source in study_sources}
    order = Order(cache, private.parts, retrieved, allow_local, jobs)
    own = cache / FILES[Kind.ours]
    curated = read_identities(*([own] if own.exists() else []), *identities)
    with private.exclusive():
        ledger = Ledger(private)
        run = Gathering(
            *(wanted, private, ledger, order, scheduler, progress or Progress()),
            curated=curated,
            public_domains=public_domains,
        )
        run.gather([name for name, source in wanted.items() if not source.not_available])
        day = min(as_of, retrieved) if as_of else retrieved
        inputs = [run.inputs(as_of, None), run.inputs(as_of, day)]
        changed = not (run.harvests and ledger.written(out, inputs))
        if changed:
            rows, quality, late = _assemble(run, out, as_of)
            # Where something is dated later, another day's snapshot may be another.
            ledger.wrote(out, run.inputs(as_of, day if late else None))
        else:
            rows, quality = confirm_sources(out, run.retrieved)
        ledger.save()
    return Mined(rows, quality, run.new, run.gone, run.failed, changed)


def _assemble(
    run: Gathering, out: Path, as_of: dt.date | None
) -> tuple[list[SourceRow], list[QualityRow], bool]:
    run.mend()
    retrieved = run.order.retrieved
    assembly = assemble(
        run.harvests,
        run.rows,
        run.cache.pseudonyms(),
        retrieved=retrieved,
        as_of=as_of,
        curated=run.curated,
        public_domains=run.public_domains,
    )
    rows = [_row(run, name) for name in sorted(run.sources)]
    rows = [
        row.model_copy(
            update={
                "items": count.items,
                "first": count.first,
                "last": count.last,
                "dropped": dict(sorted(count.dropped.items())),
                "note": f"{row.note} {count.mended} impossible dates were replaced.".strip()
                if count.mended
                else row.note,
            }
        )
        if (count := assembly.counts.get(row.id))
        else row
        for row in rows
    ]
    date = as_of or assembly.as_of
    if date is None:
        nothing = Finding("mine-nothing", "no source could be mined; no snapshot was written")
        findings = failures(Mined(rows, failed=run.failed))
        raise EvaluationError([*findings, nothing], ExitCode.UNAVAILABLE)
    identities = {
        "all": assembly.identities,
        **{name: count.identities for name, count in assembly.counts.items()},
    }
    snapshot = Snapshot(
        **assembly.tables, sources=rows, as_of=date, digest="", path=out, identities=identities
    )
    quality = assess(snapshot, date)
    write_snapshot(
        out,
        assembly.tables,
        rows,
        date,
        identities=identities,
        quality=quality,
        tools={"perceval": version("perceval"), "git": Git().version()},
    )
    tomorrow = dt.datetime.combine(retrieved + dt.timedelta(days=1), dt.time(), dt.UTC)
    tags = (when for harvest in run.harvests.values() for _, when in harvest.tags)
    return rows, quality, max(run.newest, *tags, 0) >= tomorrow.timestamp()


def failures(mined: Mined) -> list[Finding]:
    """A finding for each source that should have been mined in this run and was not."""
    urls = {row.id: row.url for row in mined.rows}
    return [
        Finding(
            "source-failed",
            f"source {name!r} ({urls.get(name, '')}): {reason}",
            remedy=FREE if FULL.search(reason) else MEND,
        )
        for name, reason in sorted(mined.failed.items())
    ]


def _row(run: Gathering, name: str) -> SourceRow:
    """Provenance of a source, without the counts that only the assembly knows."""
    source, harvest = run.sources[name], run.harvests.get(name)
    notes = [source.provenance, f"Only the folder {source.path}" if source.path else ""]
    if harvest:
        notes.append(harvest.note)
    outcome, reason = "ok", ""
    if source.not_available:
        outcome, reason = "not_available", source.not_available
    elif harvest is None:
        outcome, reason = "error", run.failed[name]
    elif name in run.failed:
        notes.append(f"Not reached on {run.order.retrieved}: {run.failed[name]}")
    return SourceRow(
        id=name,
        backend=source.backend,
        kind=harvest.kind if harvest else _kind(source),
        url=shown(source.url),
        backend_version=harvest.backend_version if harvest else "",
        branch=harvest.branch if harvest else source.branch or "",
        head=harvest.head if harvest else "",
        outcome=outcome,
        reason=reason,
        items=0,
        first=None,
        last=None,
        retrieved=run.retrieved.get(name) if harvest else None,
        dropped={},
        note=" ".join(f"{n.rstrip('.')}." for n in notes if n),
    )


def _kind(source: DataSource) -> SourceKind:
    try:
        kind: SourceKind = backend(source.backend).KIND
    except SourceError:
        return ""
    return kind
