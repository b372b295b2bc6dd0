"""The command for any decision: a table of alternatives and criteria in, an explained order out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator import display
from evaluator.cli.app import app
from evaluator.cli.options import FormatOption
from evaluator.findings import EvaluationError, Finding
from evaluator.study.decision import Weighter, read_decision


@app.command()
def mcda(
    file: Annotated[Path, typer.Argument(help="Decision file: YAML, or a table in CSV.")],
    method: Annotated[
        list[str] | None,
        typer.Option("--method", help="Ask this method (repeatable), or 'all' of them."),
    ] = None,
    format: FormatOption = display.Format.table,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for decision.json, tables and plots."),
    ] = None,
    weights: Annotated[
        Weighter | None,
        typer.Option("--weights", help="How criteria are weighed, instead of the file's."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Seed of all random draws.")
    ] = None,
    draws: Annotated[
        int | None, typer.Option("--draws", min=100, max=1_000_000, help="Number of draws.")
    ] = None,
) -> None:
    """Decide anything: rank the alternatives of a file by several methods, and say how sure it is.

    YAML: criteria (weight, direction: min|max; or a group with criteria), alternatives (a value,
    [low, high], or nothing where it is missing), and if you like methods, filters, missing,
    stakeholders, draws, seed.  CSV: a header 'alternative,price,speed', then rows 'direction' (min
    or max), 'weight' and 'unit' if you like, then one row per alternative; 'low..high' is an
    interval, an empty cell is missing; decimals have a point.
    """
    from evaluator.display import deciding
    from evaluator.rank.decide import decide

    read = read_decision(file, weights)
    own = {"seed": seed, "draws": draws}
    changed = {key: value for key, value in own.items() if value is not None}
    decision = read.decision.model_copy(update=changed)
    with display.progress("deciding"):
        found = decide(type(read)(decision, read.document), method or ())
    deciding.show(found, format)
    if out is not None:
        display.written(deciding.write(found, out), format)
    if not found.winners:
        raise EvaluationError(
            [
                Finding("method-refused", f"{name}: {j.refused}", remedy=j.remedy)
                for name, j in found.judgements.items()
            ]
        )
