"""Commands on a study: everything, or one stage of it."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evaluator import display
from evaluator.cli.app import app, unknown
from evaluator.cli.options import (
    AsOfOption,
    CriteriaOption,
    FailOnOption,
    FormatOption,
    OutOption,
    SeedOption,
    SiteOption,
    SnapshotOption,
    WithoutTrialsOption,
)
from evaluator.content import shipped_snapshot
from evaluator.findings import EvaluationError, ExitCode
from evaluator.gate import Gate, read_gate
from evaluator.pipeline import DEFAULT_SEED, Analysis, Run, default_snapshot, load


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
    without_trials: WithoutTrialsOption = False,
    format: FormatOption = display.Format.table,
    fail_on: FailOnOption = None,
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
    gate = read_gate(fail_on or ())
    run = _run(criteria, site, snapshot, as_of, seed, without_trials)
    winner = run.evaluation.winner
    display.ranking(run, format)
    with display.progress("writing the report"):
        written = [*run.report(out), run.save(out)]
    if winner is not None and winner.deployable:
        written.append(run.bundle(out / "bundle"))
    else:
        _no_bundle(run, out / "bundle")
    display.written(written, format)
    _passed(gate, run)


def _passed(gate: Gate, run: Run) -> None:
    """End with findings where the result breaks a rule of the gate."""
    if found := gate.findings(run.evaluation):
        raise EvaluationError(found, ExitCode.FINDINGS)
    if gate.checks:
        display.note(f"Gate: {len(gate.checks)} of {len(gate.checks)} rules hold.")


def _load(
    criteria: str, site: str | None, snapshot: str | None, without_trials: bool = False
) -> Analysis:
    """Load; say on stderr which snapshot was found beside the criteria file."""
    if snapshot is None and (found := default_snapshot(criteria)) != shipped_snapshot():
        display.note(f"Snapshot: {found}")
    return load(criteria, site=site, snapshot=snapshot, trials=not without_trials)


def _run(
    criteria: str,
    site: str | None,
    snapshot: str | None,
    as_of: dt.date | None,
    seed: int,
    without_trials: bool,
) -> Run:
    """Load and evaluate; say on stderr what a reader must know of this run."""
    run = _load(criteria, site, snapshot, without_trials).run(as_of=as_of, seed=seed)
    for text in run.evaluation.notes:
        display.note(f"Note: {text}")
    return run


def _no_bundle(run: Run, folder: Path) -> None:
    """Say why no bundle was written, and that an older one is not of this run."""
    winner = run.evaluation.winner
    if winner is not None and run.evaluation.subject == "stack":
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
    without_trials: WithoutTrialsOption = False,
    format: FormatOption = display.Format.table,
    fail_on: FailOnOption = None,
) -> None:
    """Rank the stacks, and the components within their roles; or the candidates."""
    gate = read_gate(fail_on or ())
    run = _run(criteria, site, snapshot, as_of, seed, without_trials)
    display.ranking(run, format)
    _passed(gate, run)


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
    analysis = _load(criteria, site, snapshot)
    run = analysis.run(as_of=as_of)
    display.metrics(run, format, _known_candidates(analysis, candidate))


def _known_candidates(analysis: Analysis, typed: list[str] | None) -> list[str]:
    known = analysis.study.candidates
    for name in typed or ():
        if name not in known:
            raise unknown("candidate", name, known)
    return typed or list(known)


@app.command()
def report(
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    snapshot: SnapshotOption = None,
    as_of: AsOfOption = None,
    out: OutOption = Path("."),
    seed: SeedOption = DEFAULT_SEED,
    without_trials: WithoutTrialsOption = False,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Write report.pdf too.")] = True,
) -> None:
    """Write the selection report: report.html and report.pdf."""
    run = _run(criteria, site, snapshot, as_of, seed, without_trials)
    with display.progress("writing the report"):
        written = run.report(out, ("html", "pdf") if pdf else ("html",))
    display.written(written, display.Format.table)


class Kind(StrEnum):
    criteria = "criteria"
    site = "site"
    cluster = "cluster"


@app.command()
def schema(
    kind: Annotated[
        Kind, typer.Argument(metavar="KIND", help="Kind of file: criteria, site or cluster.")
    ] = Kind.criteria,
) -> None:
    """Print the JSON Schema of a criteria file, a site or a cluster.yml, for editors."""
    import json

    from evaluator.cluster import Declaration
    from evaluator.study.criteria import Criteria
    from evaluator.study.fact import Model
    from evaluator.study.model import json_schema
    from evaluator.study.site import Site

    models: dict[Kind, type[Model]] = {
        Kind.criteria: Criteria,
        Kind.site: Site,
        Kind.cluster: Declaration,
    }
    typer.echo(json.dumps(json_schema(models[kind]), indent=2, sort_keys=True))
