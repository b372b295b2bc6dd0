"""The ``evaluate`` command: options in, stages called, findings out with an exit code."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from evaluator import display
from evaluator.findings import EvaluationError, ExitCode, Finding, allowed_values
from evaluator.metrics import all_metrics
from evaluator.mine.identities.confirming import FILES, open_review, write_everybody
from evaluator.mine.identities.files import Kind
from evaluator.mine.sources import backends
from evaluator.options import (
    AsOfOption,
    CriteriaOption,
    FormatOption,
    OutOption,
    SeedOption,
    SiteOption,
    SnapshotOption,
)
from evaluator.pipeline import DEFAULT_SEED, Analysis, Run, load
from evaluator.result import StackResult
from evaluator.study import load_study

EPILOG = """
Exit codes: 0 ok; 1 findings at or above a limit; 2 usage, invalid input or unwritable output;
3 a source unavailable; 4 cluster build or check failed; 70 internal error; 130 interrupted.
Options whose help names a variable can be set in the environment too; what is typed wins.
"""


class OptionsAnywhere(TyperGroup):
    """Hands options that stand before a command on to it, ahead of the command's own.

    So ``evaluate --criteria a.yml rank`` is ``evaluate rank --criteria a.yml``, and what is typed
    there outranks the environment too.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        typed = [
            f"{parameter.opts[0]}={ctx.params[parameter.name]}"
            for parameter in self.get_params(ctx)
            if parameter.name in ctx.params
            and ctx.get_parameter_source(parameter.name).name == "COMMANDLINE"
        ]
        return name, command, [*typed, *rest]


app = typer.Typer(
    cls=OptionsAnywhere,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Choose free software for a service, defend the choice, and get the cluster to run it.",
    epilog=EPILOG,
)


def _version(wanted: bool) -> None:
    if wanted:
        from evaluator import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main_command(
    context: typer.Context,
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    snapshot: SnapshotOption = None,
    as_of: AsOfOption = None,
    out: OutOption = Path("."),
    seed: SeedOption = DEFAULT_SEED,
    format: FormatOption = display.Format.table,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_version, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """Run everything: ranking on the terminal; report.html, report.pdf and bundle/ in --out."""
    if context.invoked_subcommand is not None:
        return
    run = _run(criteria, site, snapshot, as_of, seed)
    winner = run.evaluation.winner
    display.ranking(run, format)
    with display.progress("writing the report"):
        written = run.report(out)
    if winner is not None and winner.deployable:
        written.append(run.bundle(out / "bundle"))
    else:
        _no_bundle(winner, out / "bundle")
    display.written(written, format)


def _run(
    criteria: str, site: str | None, snapshot: str | None, as_of: dt.date | None, seed: int
) -> Run:
    """Load and evaluate; say on stderr what a reader must know of this run."""
    run = load(criteria, site=site, snapshot=snapshot).run(as_of=as_of, seed=seed)
    for text in run.evaluation.notes:
        display.note(f"Note: {text}")
    return run


def _no_bundle(winner: StackResult | None, folder: Path) -> None:
    """Say why no bundle was written, and that an older one is not of this run."""
    if winner is not None:
        display.note(f"No bundle: there is no deployment profile for {winner.id!r} yet.")
    if (folder / "manifest.json").exists():
        display.note(f"{folder} is of an earlier run and does NOT belong to this result.")


@app.command()
def rank(
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    snapshot: SnapshotOption = None,
    as_of: AsOfOption = None,
    seed: SeedOption = DEFAULT_SEED,
    format: FormatOption = display.Format.table,
) -> None:
    """Rank the stacks, and the components within their roles."""
    display.ranking(_run(criteria, site, snapshot, as_of, seed), format)


@app.command()
def metrics(
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    snapshot: SnapshotOption = None,
    as_of: AsOfOption = None,
    format: FormatOption = display.Format.table,
    candidate: Annotated[
        list[str] | None, typer.Option("--candidate", help="Only this candidate (repeatable).")
    ] = None,
) -> None:
    """Print the metrics of every candidate, with n, window, outcome and source."""
    analysis = load(criteria, site=site, snapshot=snapshot)
    run = analysis.run(as_of=as_of)
    display.metrics(run, format, _known_candidates(analysis, candidate))


def _known_candidates(analysis: Analysis, typed: list[str] | None) -> list[str]:
    known = analysis.study.candidates
    for name in typed or ():
        if name not in known:
            raise _unknown("candidate", name, known)
    return typed or list(known)


def _unknown(what: str, typed: str, known: Iterable[str]) -> EvaluationError:
    remedy = allowed_values(typed, known, most=40)
    return EvaluationError(Finding(f"unknown-{what}", f"unknown {what} {typed!r}", remedy=remedy))


@app.command()
def report(
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    snapshot: SnapshotOption = None,
    as_of: AsOfOption = None,
    out: OutOption = Path("."),
    seed: SeedOption = DEFAULT_SEED,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Write report.pdf too.")] = True,
) -> None:
    """Write the selection report: report.html and report.pdf."""
    run = _run(criteria, site, snapshot, as_of, seed)
    with display.progress("writing the report"):
        written = run.report(out, ("html", "pdf") if pdf else ("html",))
    display.written(written, display.Format.table)


@app.command()
def bundle(
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    snapshot: SnapshotOption = None,
    as_of: AsOfOption = None,
    out: OutOption = Path("bundle"),
    seed: SeedOption = DEFAULT_SEED,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Render this stack instead of the winner.")
    ] = None,
) -> None:
    """Write the deploy bundle of the winner, or of another deployable stack."""
    run = _run(criteria, site, snapshot, as_of, seed)
    if stack and (chosen := run.evaluation.find(stack)) and chosen.outcome == "removed":
        display.note(f"Note: the criteria removed {stack!r}: {'; '.join(chosen.reasons)}.")
    display.written([run.bundle(out, stack)], display.Format.table)


@app.command()
def mine(
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    out: Annotated[
        Path, typer.Option("--out", envvar="EVALUATE_OUT", help="Folder of the new snapshot.")
    ] = Path("snapshot"),
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
            raise _unknown("source", name, wanted)
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
    display_mining.mined(mined)
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
            raise _unknown("source", name, wanted)
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


@app.command()
def schema() -> None:
    """Print the JSON Schema of a criteria file, for completion in editors."""
    import json

    from evaluator.study.model import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, sort_keys=True))


def guarded(command: Callable[[], Any]) -> int:
    """Run a command; turn every way in which it can fail into a message and an exit code."""
    try:
        code = command()
        sys.stdout.flush()  # must fail here, where it can be explained, and not at exit
        if code == ExitCode.INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
    except EvaluationError as error:
        display.findings(error.findings)
        return int(error.exit_code)
    except TyperException as error:
        show = getattr(error, "show", None)
        if show is not None:  # a usage error knows its command and prints its usage line
            show()
        else:
            display.findings([Finding("usage", error.format_message())])
        return int(ExitCode.INVALID)
    except typer.Exit as error:
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        display.note("Interrupted; nothing half-written was left.")
        return int(ExitCode.INTERRUPTED)
    except (BrokenPipeError, SystemExit):  # typer exits by itself only when the reader is gone
        _silence_stdout()
        return int(ExitCode.OK)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        problem = f"{place}{error.strerror or error}"
        _silence_stdout()
        display.findings([Finding("output-failed", problem, remedy="free space or pick --out")])
        return int(ExitCode.INVALID)
    except Exception as error:
        if os.environ.get("EVALUATE_DEBUG"):
            raise
        problem = f"{type(error).__name__}: {error}"
        remedy = "this is a fault of the tool; set EVALUATE_DEBUG=1 for the traceback to report"
        display.findings([Finding("internal", problem, remedy=remedy)])
        return int(ExitCode.INTERNAL)
    return code if isinstance(code, int) else int(ExitCode.OK)


def _silence_stdout() -> None:
    """Send what is still buffered nowhere, lest the interpreter try and fail again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> int:
    """Run what the command line says; gives the exit code."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # the caller has closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - till exit
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 still gets its answer
    return guarded(lambda: app(prog_name="evaluate", standalone_mode=False))
