"""Commands that mine, and that say who is who in what was mined."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from evaluator import display
from evaluator.cli.app import app, unknown
from evaluator.cli.options import AsOfOption, CriteriaOption, FormatOption, SiteOption
from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.metrics import all_metrics
from evaluator.mine.identities.confirming import FILES, open_review, write_everybody
from evaluator.mine.identities.files import Kind
from evaluator.mine.sources import backends
from evaluator.study import load_study, own_folder


@app.command()
def mine(
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            envvar="EVALUATE_OUT",
            help="Folder of the new snapshot (default: snapshot/ beside a criteria file of your "
            "own, where it is found again).",
        ),
    ] = None,
    cache: Annotated[
        Path,
        typer.Option("--cache", envvar="EVALUATE_CACHE", help="Private cache of what is mined."),
    ] = Path("~/.cache/floss-evaluator"),
    as_of: AsOfOption = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this data source (repeatable).")
    ] = None,
    allow_local: Annotated[
        bool,
        typer.Option("--allow-local", help="Accept paths, file: and loopback addresses too."),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, envvar="EVALUATE_JOBS", help="Git processes that read at once."
        ),
    ] = None,
    scheduler: Annotated[
        str,
        typer.Option(
            "--scheduler",
            envvar="EVALUATE_SCHEDULER",
            metavar="tcp://HOST:PORT",
            help="Mine on the workers of this Dask scheduler.",
        ),
    ] = "",
    parts: Annotated[
        str,
        typer.Option(
            "--parts",
            envvar="EVALUATE_PARTS",
            metavar="ADDRESS",
            help="Keep what is read at this fsspec address instead of --cache; it has names.",
        ),
    ] = "",
    known: Annotated[
        list[Path] | None,
        typer.Option(
            "--identities",
            help="File that says who is who and who worked where, beside the cache's own; see "
            "'evaluate identities' (repeatable).",
        ),
    ] = None,
) -> None:
    """Mine the study's repositories, mail archives and trackers with Perceval into a snapshot."""
    from evaluator.display import mining as display_mining
    from evaluator.mine import failures
    from evaluator.mine import mine as mine_sources

    study = load_study(criteria, site=site, metrics=all_metrics(), backends=backends())
    wanted = study.data_sources()
    for name in source or ():
        if name not in wanted:
            raise unknown("source", name, wanted)
    out = out or (own_folder(criteria) or Path()) / "snapshot"
    with display_mining.mining() as progress:
        mined = mine_sources(
            [wanted[name] for name in source or wanted],
            cache=cache.expanduser(),
            out=out,
            retrieved=dt.datetime.now(dt.UTC).date(),
            as_of=as_of,
            progress=progress,
            allow_local=allow_local,
            jobs=jobs,
            scheduler=scheduler,
            parts=parts,
            identities=known or (),
            public_domains=study.catalogue.domains(),
        )
    display_mining.mined(mined, dated=as_of is not None)
    if mined.changed:
        display.written([out], display.Format.table)
    if failed := failures(mined):
        raise EvaluationError(failed, ExitCode.UNAVAILABLE)


@app.command()
def identities(
    criteria: CriteriaOption = "sme.yml",
    cache: Annotated[
        Path,
        typer.Option("--cache", envvar="EVALUATE_CACHE", help="Private cache of what is mined."),
    ] = Path("~/.cache/floss-evaluator"),
    parts: Annotated[
        str,
        typer.Option(
            "--parts",
            envvar="EVALUATE_PARTS",
            metavar="ADDRESS",
            help="Where 'mine' kept what it read, if not in --cache.",
        ),
    ] = "",
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this data source (repeatable).")
    ] = None,
    known: Annotated[
        list[Path] | None,
        typer.Option(
            "--identities",
            help="What is known of persons already: a file of ours, SortingHat's JSON or "
            "GrimoireLab's YAML (repeatable).",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write (default: identities.yml in the cache)."),
    ] = None,
    write: Annotated[
        Kind, typer.Option("--write", help="Form of the file; those of others list everybody.")
    ] = Kind.ours,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Ask about each case on the terminal.")
    ] = False,
    most: Annotated[
        int, typer.Option("--most", min=1, help="So many cases at most, the weightiest first.")
    ] = 100,
    format: FormatOption = display.Format.table,
) -> None:
    """Show who may be whom, with the evidence, and write the file in which a person confirms it."""
    from evaluator.display import identities as review_display
    from evaluator.mine import known_identities

    if confirm and (write is not Kind.ours or not sys.stdin.isatty()):
        remedy = "leave --confirm out, and answer in the file that is written"
        problem = "--confirm needs a terminal, and our own form of the file"
        raise EvaluationError(Finding("cannot-ask", problem, remedy=remedy))
    study = load_study(criteria, metrics=all_metrics(), backends=backends())
    wanted = study.data_sources()
    for name in source or ():
        if name not in wanted:
            raise unknown("source", name, wanted)
    folder = cache.expanduser()
    chosen = [wanted[name] for name in source or wanted]
    items = known_identities(chosen, cache=folder, parts=parts)
    if not items:
        problem = f"nothing of these sources was mined into {folder}"
        remedy = "run 'evaluate mine' first, with the same --cache and --parts"
        finding = Finding("nothing-mined", problem, remedy=remedy)
        raise EvaluationError(finding, ExitCode.UNAVAILABLE)
    place, others, answers = out or folder / FILES[write], known or [], folder / FILES[Kind.ours]
    if write is not Kind.ours:
        others += [answers] if answers.exists() else []
        review_display.losses(write_everybody(items, others, place, write))
    elif confirm:
        review_display.confirm(*open_review(items, others, place), most)
    else:
        found, file = open_review(items, others, place)
        file.propose(found.cases[:most])
        review_display.cases(found, file, most, format)
    display.written([place], format)
