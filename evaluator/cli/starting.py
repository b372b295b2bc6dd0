"""The command that starts a study of any other field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator import display
from evaluator.cli.app import app
from evaluator.findings import EvaluationError, Finding
from evaluator.mine.command import ADDRESS, ALLOWED
from evaluator.study.starting import new_study, write_new


@app.command()
def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the field, such as dns.")],
    out: Annotated[Path, typer.Option("--out", help="Folder in which to make NAME.")] = Path("."),
    candidate: Annotated[
        list[str] | None,
        typer.Option(
            "--candidate",
            metavar="NAME=ADDRESS",
            help="A candidate and the address of its git repository (repeatable).",
        ),
    ] = None,
) -> None:
    """Write a commented study for another field; it runs as it is."""
    files = new_study(name, [_candidate(typed) for typed in candidate or ()])
    folder = write_new(out / name, files)
    display.written([folder / path for path in files], display.Format.table)
    criteria = folder / f"{name}.yml"
    display.note(
        f"Next: read {folder / 'README.md'}, edit {folder / 'candidates'}, then\n"
        f"  evaluate mine --criteria {criteria}\n"
        f"  evaluate --criteria {criteria} --out {folder}"
    )


def _candidate(typed: str) -> tuple[str, str]:
    title, _, url = typed.partition("=")
    if not ADDRESS.fullmatch(url) or not url.isprintable():
        problem = f"{typed!r} is not NAME=ADDRESS of a git repository"
        raise EvaluationError(Finding("bad-address", problem, remedy=ALLOWED))
    return title, url
