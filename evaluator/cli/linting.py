"""The command that lints: what is dangerous in a cluster's configuration, ours or anybody's."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.app import app, unknown
from evaluator.content import criteria_folder
from evaluator.display.linting import Linted, linted
from evaluator.display.located import Format
from evaluator.findings import EvaluationError, ExitCode, Finding, Severity, Where


class FailOn(StrEnum):
    error = "error"
    warning = "warning"
    info = "info"


@app.command()
def lint(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A bundle, a copy of /etc, or one file.")
    ],
    format: Annotated[Format, typer.Option("--format", help="Form of the output.")] = Format.table,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="End with 1 on a finding of at least this severity.")
    ] = FailOn.error,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="CODE", help="Do not tell this finding (repeatable)."),
    ] = None,
) -> None:
    """Say what is dangerous in a cluster's configuration, with file and line."""
    from evaluator.lint import READING, all_rules, not_asked, read
    from evaluator.lint import lint as findings_of
    from evaluator.study.bibliography import read_references

    rules = all_rules()
    for code in ignore or ():
        if code not in rules and code not in READING:
            raise unknown("rule", code, [*rules, *READING])
    configuration = read(folder)
    if not any(file.kind for file in configuration.files):
        problem = f"none of {len(configuration.files)} files is a cluster's configuration"
        remedy = "name a folder with corosync.conf, cib.xml, DRBD, HAProxy or keepalived files"
        raise EvaluationError(Finding("nothing-to-lint", problem, Where(str(folder)), remedy))
    left_out = not_asked(configuration)
    asked = [rule for rule in rules.values() if rule not in left_out]
    found = findings_of(configuration, ignore or ())
    references = read_references(criteria_folder() / "refs.bib")
    linted(Linted(folder, configuration, found, asked, left_out), references, format)
    order = list(Severity)
    if any(order.index(f.severity) <= order.index(Severity(fail_on)) for f in found):
        raise typer.Exit(ExitCode.FINDINGS)
