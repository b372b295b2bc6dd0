"""Options that several commands share, each with its variable of the environment."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from evaluator import display


def parse_date(typed: str) -> dt.date:
    """A date as options take it."""
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        raise typer.BadParameter(f"{typed!r} is not a date; write YYYY-MM-DD") from None


CriteriaOption = Annotated[
    str,
    typer.Option(
        "--criteria",
        envvar="EVALUATE_CRITERIA",
        help="Criteria file: a path, or the name of a shipped one (sme.yml, lazy-user.yml, "
        "qsos.yml, openbrr.yml, osspal.yml, criticality-score.yml, chaoss-starter-health.yml).",
    ),
]
SiteOption = Annotated[
    str | None,
    typer.Option("--site", envvar="EVALUATE_SITE", help="Site file, instead of the criteria's."),
]
SnapshotOption = Annotated[
    str | None,
    typer.Option(
        "--snapshot", envvar="EVALUATE_SNAPSHOT", help="Folder of a snapshot, not the shipped one."
    ),
]
AsOfOption = Annotated[
    dt.date | None,
    typer.Option(
        "--as-of",
        parser=parse_date,
        metavar="YYYY-MM-DD",
        envvar="EVALUATE_AS_OF",
        help="Evaluate as of this date (default: the snapshot's).",
    ),
]
SeedOption = Annotated[
    int, typer.Option("--seed", envvar="EVALUATE_SEED", min=0, help="Seed of all random draws.")
]
WithoutTrialsOption = Annotated[
    bool,
    typer.Option(
        "--without-trials",
        envvar="EVALUATE_WITHOUT_TRIALS",
        help="Leave out the criteria that trials in the laboratory have measured.",
    ),
]
FormatOption = Annotated[
    display.Format, typer.Option("--format", envvar="EVALUATE_FORMAT", help="Form of the output.")
]
FailOnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        envvar="EVALUATE_FAIL_ON",
        metavar="RULE",
        help="End with 1 on red-light, red-light=STACK, winner-changed=RUN, coverage=SHARE or tie "
        "(repeatable; separated by blanks in the environment).",
    ),
]
OutOption = Annotated[
    Path, typer.Option("--out", envvar="EVALUATE_OUT", help="Folder for what is written.")
]
