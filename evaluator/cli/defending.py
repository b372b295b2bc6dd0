"""Commands that defend a result: why it is so, and what changed since another one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from evaluator import display
from evaluator.cli.app import app
from evaluator.cli.options import (
    AsOfOption,
    CriteriaOption,
    FormatOption,
    SeedOption,
    SiteOption,
    SnapshotOption,
    WithoutTrialsOption,
    parse_date,
)
from evaluator.content import criteria_folder
from evaluator.findings import EvaluationError, Finding
from evaluator.pipeline import DEFAULT_SEED, load
from evaluator.result import Evaluation
from evaluator.result.stored import read_run


@app.command()
def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A stack, a candidate within its role, or a rule's code."
        ),
    ],
    against: Annotated[
        str | None,
        typer.Option("--against", help="Compare with this one (default: the winner)."),
    ] = None,
    stored: Annotated[
        Path | None,
        typer.Option("--run", help="A stored run.json, or its folder, instead of a new run."),
    ] = None,
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    snapshot: SnapshotOption = None,
    as_of: AsOfOption = None,
    seed: SeedOption = DEFAULT_SEED,
    without_trials: WithoutTrialsOption = False,
    format: FormatOption = display.Format.table,
) -> None:
    """Explain a place: every criterion's part, down to source and line, and what would turn it.

    Or explain a code of 'evaluate lint', of a refused cluster or of another command: why, and what
    to write.
    """
    from evaluator.cluster.check import REASONS
    from evaluator.display.explaining import explanation
    from evaluator.explain import explain as explained
    from evaluator.explain.codes import MEANINGS, meaning
    from evaluator.lint import all_rules

    rules = all_rules()
    rule, refusal = rules.get(name), REASONS.get(name, "")
    means = "" if rule or refusal else meaning(name)
    if rule or refusal or means:
        from evaluator.display import linting
        from evaluator.study.bibliography import read_references

        references = read_references(criteria_folder() / "refs.bib")
        linting.explained(name, rule, refusal, means, references, format)
        return
    if stored is not None:
        evaluation = read_run(stored)
    else:
        analysis = load(criteria, site=site, snapshot=snapshot, trials=not without_trials)
        evaluation = analysis.run(as_of=as_of, seed=seed).evaluation
    for text in evaluation.notes:
        display.note(f"Note: {text}")
    explanation(explained(evaluation, name, against, also=[*rules, *REASONS, *MEANINGS]), format)


@app.command()
def diff(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RUN_A RUN_B", help="Two stored run.json, or their folders."),
    ] = None,
    dates: Annotated[
        list[dt.date] | None,
        typer.Option(
            "--as-of",
            parser=parse_date,
            metavar="YYYY-MM-DD",
            help="Twice: compare the study as of these two dates instead.",
        ),
    ] = None,
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    snapshot: SnapshotOption = None,
    seed: SeedOption = DEFAULT_SEED,
    without_trials: WithoutTrialsOption = False,
    format: FormatOption = display.Format.table,
) -> None:
    """Say what changed between two runs in data, scores and ranks, and which input caused it."""
    from evaluator.diff import compare
    from evaluator.display.comparing import comparison

    pair: list[Evaluation]
    if len(runs or ()) == 2 and not dates:
        pair = [read_run(place) for place in runs or ()]
    elif len(dates or ()) == 2 and not runs:
        analysis = load(criteria, site=site, snapshot=snapshot, trials=not without_trials)
        pair = [analysis.run(as_of=date, seed=seed).evaluation for date in dates or ()]
    else:
        remedy = "write: evaluate diff RUN_A RUN_B, or: evaluate diff --as-of DATE --as-of DATE"
        raise EvaluationError(Finding("two-runs", "two runs are needed to compare", None, remedy))
    comparison(compare(*pair), format)
