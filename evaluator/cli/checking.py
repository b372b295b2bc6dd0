"""Commands that try a configuration without a cluster: stock validators, and rehearsed events."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.app import app, unknown
from evaluator.display.checking import RehearsalFormat, rehearsed, validated
from evaluator.display.located import Format
from evaluator.findings import EvaluationError, ExitCode, Finding, Severity, Where
from evaluator.programs import SYSTEM_PATH


def _path() -> str:
    """Where programs are looked for: beside this one, then where Debian puts them."""
    return f"{Path(sys.executable).parent}:{SYSTEM_PATH}"


@app.command()
def validate(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A bundle, a copy of /etc, or one file.")
    ],
    format: Annotated[Format, typer.Option("--format", help="Form of the output.")] = Format.table,
    seconds: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds that one run of a tool may take.")
    ] = 30.0,
) -> None:
    """Ask the validators of haproxy, DRBD, Corosync, Pacemaker, … that are installed here."""
    from evaluator.lint.configuration import read
    from evaluator.validate import validate as ask

    found = ask(folder, read(folder), path=_path(), seconds=seconds)
    if not found.ran and not found.absent:
        remedy = "name a folder with corosync.conf, cib.xml, DRBD, HAProxy or keepalived files"
        message = "no file here is known to any validator"
        raise EvaluationError(Finding("nothing-to-validate", message, Where(str(folder)), remedy))
    validated(folder, found, format)
    if any(f.severity is Severity.ERROR for f in found.findings):
        raise typer.Exit(ExitCode.FINDINGS)


@app.command()
def simulate(
    folder: Annotated[
        Path, typer.Argument(metavar="BUNDLE", help="A bundle, or any folder with one CIB.")
    ],
    chosen: Annotated[
        list[str] | None,
        typer.Option("--scenario", metavar="NAME", help="Only this scenario (repeatable)."),
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            metavar="WORDS",
            help="Your own events instead, one after another: 'lose NODE', 'join NODE', "
            "'standby NODE', 'fail RESOURCE', 'quorum lost', … (repeatable).",
        ),
    ] = None,
    scenarios: Annotated[
        Path | None,
        typer.Option("--scenarios", metavar="DIR", help="Folder of your own scenarios."),
    ] = None,
    format: Annotated[
        RehearsalFormat, typer.Option("--format", help="Form of the output.")
    ] = RehearsalFormat.table,
) -> None:
    """Rehearse what Pacemaker will do when nodes, resources or quorum are lost."""
    from evaluator.lint.configuration import read
    from evaluator.simulate import asked, read_all, shipped
    from evaluator.simulate import simulate as rehearse

    configuration = read(folder)
    if configuration.cib is None:
        message = "no CIB here; only what Pacemaker does can be rehearsed"
        remedy = "name a bundle of a Pacemaker stack, or a folder with a cib.xml"
        problems = [f for f in configuration.findings if "cib" in (f.where.file if f.where else "")]
        raise EvaluationError(
            [*problems, Finding("nothing-to-simulate", message, Where(str(folder)), remedy)]
        )
    if events:
        wanted = [asked(events)]
    else:
        wanted = read_all(scenarios) if scenarios else shipped()
        known = {scenario.id: scenario for scenario in wanted}
        for name in chosen or ():
            if name not in known:
                raise unknown("scenario", name, known)
        wanted = [known[name] for name in chosen] if chosen else wanted
    result = rehearse(configuration.cib, wanted, path=_path())
    rehearsed(folder, result, format, full=bool(events or chosen))
    if result.findings:
        raise typer.Exit(ExitCode.FINDINGS)
