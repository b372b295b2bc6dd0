"""Commands of the laboratory: build clusters from their bundles, break them, compare."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluator import display
from evaluator.cli.app import app
from evaluator.cli.options import CriteriaOption, FormatOption, SiteOption
from evaluator.findings import EvaluationError, ExitCode, Finding

if TYPE_CHECKING:
    from evaluator.evidence.record import Record

lab = typer.Typer(
    help="Try clusters in a laboratory: real nodes, real faults, nothing of this machine touched.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
app.add_typer(lab, name="lab")

RESULTS = Path("trials.jsonl")
FilesArgument = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="Records of 'evaluate lab run'.")
]


class Storage(StrEnum):
    """How the clusters keep their data that are built when none is named."""

    shared = "shared"
    drbd = "drbd"


@lab.command("run")
def run_command(
    clusters: Annotated[
        list[str] | None,
        typer.Option("--cluster", metavar="NAME", help="Build this cluster (repeatable)."),
    ] = None,
    storage: Annotated[
        Storage,
        typer.Option(
            "--storage",
            help="Without --cluster: those with a disk that all nodes see or none, or the one"
            " whose disks DRBD keeps alike, on emulated machines.",
        ),
    ] = Storage.shared,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="FAULT", help="Make only this fault (repeatable)."),
    ] = None,
    core: Annotated[
        bool, typer.Option("--core", help="Only the few faults that stand for the others.")
    ] = False,
    repeat: Annotated[int, typer.Option("--repeat", min=1, max=1000, help="How often each.")] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Decides the order.")] = 0,
    out: Annotated[
        Path, typer.Option("--out", help="Records are added to this file, one a line.")
    ] = RESULTS,
    resume: Annotated[
        bool, typer.Option("--resume", help="Make only what --out has not yet, of this --seed.")
    ] = False,
    kept: Annotated[
        Path, typer.Option("--logs", help="Folder for the logs of trials that fail.")
    ] = Path("failed-trials"),
    format: FormatOption = display.Format.table,
) -> None:
    """Build clusters from their own bundles, make faults under load, and audit what happened.

    Ends with 4 when an audit of a cluster that fences failed, a trial could not be made, or
    anything of this machine is not as it was.  With --resume the trials that there were count too.
    Ended before (Ctrl-C, SIGTERM, a terminal that is closed) it removes the laboratory; the trials
    that it has made are in the file.
    """
    from evaluator.display import trying
    from evaluator.evidence.record import append
    from evaluator.trial.campaign import Campaign, run
    from evaluator.trial.clusters import CLUSTERS, STORAGE

    _root()
    campaign = Campaign(clusters or STORAGE[storage], only or (), repeat, seed, core)
    before = campaign.own(_records([out])) if resume and out.exists() else []
    campaign = replace(campaign, done={(r.cluster, r.fault, r.repetition) for r in before})
    _say_what_does_not_fit(campaign.clusters, only or (), core)
    _make_ready(out, kept)
    with (
        trying.watched() as progress,
        _ended(lambda: progress.ending(out)),
        _temporary(),
    ):
        try:
            made = run(campaign, progress, folder=kept, keep=lambda record: append(out, record))
        except EvaluationError:
            if progress.made:
                display.note(f"The {progress.made} trials that were made before are in {out}.")
            raise
    every = before + made
    trying.table(every, format)
    if made:
        display.written([out], format)
    fencing = [r for r in every if CLUSTERS[r.cluster][0].startswith("pacemaker")]
    if progress.skipped or progress.changed or not all(record.held for record in fencing):
        raise typer.Exit(int(ExitCode.CLUSTER))


def _say_what_does_not_fit(clusters: Sequence[str], only: Sequence[str], core: bool) -> None:
    """Say which faults are not made and why: on each cluster of those that somebody has named, and
    of all the others where all were wanted.
    """
    from evaluator.cluster import build
    from evaluator.trial.clusters import declaration
    from evaluator.trial.scenario import trials

    left_out: dict[str, list[str]] = {}
    for cluster in clusters:
        model = build(declaration(cluster))
        for trial in trials(tuple(only)):
            if (reason := trial.why_not(model)) and not core:
                left_out.setdefault(f"{cluster}: not made: {reason}", []).append(trial.name)
    for reason, names in left_out.items():
        display.note(f"{reason}: {', '.join(names)}")


def _make_ready(out: Path, kept: Path) -> None:
    """Find what would end a run after minutes, before it begins; and tell of other laboratories."""
    from evaluator.deploy.playbook import program
    from evaluator.evidence.record import read
    from evaluator.lab import clean, image, in_use

    program()
    if new := not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("ab"):
        list(read(out))
    if new:
        out.unlink()
    if kept.exists() and not kept.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(kept))
    cache = image.default_cache(os.environ).absolute()
    if stale := clean(cache):
        display.note(f"A run that was killed had left something: removed {', '.join(stale)}.")
    if others := in_use(cache):
        display.note(
            f"There is another laboratory, {', '.join(others)}: they do not meet, but each slows "
            "the other down, and what they change of this machine cannot be told apart."
        )


def _root() -> None:
    if os.geteuid() != 0:
        from evaluator.lab.removal import ROOT

        raise EvaluationError(ROOT, ExitCode.UNAVAILABLE)


@contextmanager
def _ended(tell: Callable[[], None]) -> Iterator[None]:
    """Being told to end, and a terminal that goes away, are interrupts too, and answered."""

    def end(number: int, _: object) -> None:
        if number == signal.SIGHUP:  # nobody reads it any more, and to write to it would fail
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        tell()
        raise KeyboardInterrupt

    every = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # who runs it by nohup wants it to go on
    heard = [each for each in every if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, end) for each in heard}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _temporary() -> Iterator[None]:
    """Temporary files, of programs that are run too, where :func:`evaluator.lab.clean` looks."""
    from evaluator.lab import place

    before = os.environ.get("TMPDIR")
    with place() as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = None
            del os.environ["TMPDIR"]
            if before is not None:
                os.environ["TMPDIR"] = before


@lab.command("list")
def list_command(format: FormatOption = display.Format.table) -> None:
    """List the faults that can be made, and what each is for."""
    from evaluator.display import trying
    from evaluator.trial.scenario import trials

    trying.faults(list(trials()), format)


@lab.command("compare")
def compare_command(
    files: FilesArgument,
    format: FormatOption = display.Format.table,
) -> None:
    """Compare trials by fault and cluster."""
    from evaluator.display import trying

    trying.table(_records(files), format)


@lab.command("availability")
def availability_command(
    files: FilesArgument,
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    format: FormatOption = display.Format.table,
) -> None:
    """Model minutes of downtime a year from trials and from what the site says of its nodes."""
    from evaluator.display import trying
    from evaluator.pipeline import read_study

    place = read_study(criteria, site=site).site
    if place is None or place.reliability is None:
        who = f"site {place.id!r}" if place else "the study"
        raise EvaluationError(
            Finding(
                "no-reliability",
                f"{who} does not say how often a node fails",
                remedy="add 'reliability: {mtbf_hours, mttr_hours, manual_recovery_hours, source}'",
            )
        )
    trying.availability(_records(files), place, place.reliability, format)


def _records(files: list[Path]) -> list[Record]:
    from evaluator.evidence.record import read

    for file in files:
        if not file.is_file():
            raise EvaluationError(Finding("no-file", f"there is no file {str(file)!r}"))
    return [record for file in files for record in read(file)]


@lab.command("clean")
def clean_command() -> None:
    """Remove what laboratories left whose program was killed."""
    from evaluator.lab import clean, image, in_use

    _root()
    cache = image.default_cache(os.environ).absolute()
    names = ", ".join(clean(cache)) or "nothing was left"
    display.terminal().print(f"Removed: {names}.", soft_wrap=True)
    if others := in_use(cache):
        display.note(f"In use and left alone: {', '.join(others)}.")
