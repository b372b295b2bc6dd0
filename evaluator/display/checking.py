"""What validators say and rehearsals show: lines for a terminal, JSON, or SARIF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path

from rich.table import Table

from evaluator import display
from evaluator.display.located import Format, lines, opened, rows
from evaluator.display.sarif import sarif
from evaluator.findings import Severity
from evaluator.simulate import Outcome, Rehearsal
from evaluator.validate import Validation

FEW = 3
"""Scenarios that are named one by one when they are left out."""
SHORT = 30
"""Characters of one cell in the table of all scenarios."""


class RehearsalFormat(StrEnum):
    table = "table"
    json = "json"


def validated(folder: Path, found: Validation, format: Format) -> None:
    """Print what the validators say, which of them were asked, and which are missing."""
    if format is Format.json:
        display.print_json(
            {
                "schema_version": 1,
                "folder": str(folder),
                "findings": rows(found.findings),
                "ran": [asdict(each) for each in found.ran],
                "absent": [asdict(each) for each in found.absent],
            }
        )
        return
    if format is Format.sarif:
        missing = {f"validate-{a.tool}": f"{a.package} is missing" for a in found.absent}
        display.print_json(sarif("evaluate validate", opened(folder, found.findings), missing))
        return
    lines(opened(folder, found.findings))
    console = display.terminal()
    for ran in found.ran:
        wrong = sum(f.source == ran.tool and f.severity is Severity.ERROR for f in found.findings)
        said = f"{wrong} error{'s' * (wrong > 1)}" if wrong else "no error"
        line = f"{ran.tool} {ran.version}: {said} ({_files(ran.files)})"
        console.print(display.safe(line), soft_wrap=True)
    for absent in found.absent:
        line = f"{absent.tool} is not here (Debian package {absent.package}): unchecked is"
        display.note(f"Note: {line} {absent.checks} ({_files(absent.files)}).")


def rehearsed(folder: Path, result: Rehearsal, format: RehearsalFormat, *, full: bool) -> None:
    """Print how the scenarios went; ``full`` prints every step of each."""
    if format is RehearsalFormat.json:
        outcomes = [{**asdict(o), "findings": rows(o.findings)} for o in result.outcomes]
        display.print_json({"schema_version": 1, "folder": str(folder), "scenarios": outcomes})
        return
    played = [o for o in result.outcomes if not o.left_out]
    if full:
        for outcome in played:
            _steps(outcome)
    else:
        _table(played)
    lines(result.findings)
    broken = sum(bool(o.findings) for o in played)
    verdict = f"{broken} of them not as it should be" if broken else "all as it should be"
    display.terminal().print(f"{len(played)} scenarios, {verdict}.", soft_wrap=True)
    left_out = [o for o in result.outcomes if o.left_out]
    if len(left_out) > FEW:
        number = len(left_out)
        display.note(f"Note: {number} scenarios are for other clusters than this (--format json).")
        return
    for outcome in left_out:
        display.note(f"Note: {outcome.scenario} is left out: {outcome.left_out}.")


def _table(outcomes: Sequence[Outcome]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("scenario", "", "service", "events", "last transition"):
        table.add_column(name, no_wrap=True)
    for outcome in outcomes:
        verdict = "[red]wrong[/red]" if outcome.findings else "ok"
        last = outcome.chapters[-1] if outcome.chapters else None
        steps = "; ".join(last.chains) or "nothing" if last else "–"
        events = "; ".join(chapter.event for chapter in outcome.chapters)
        cells = [display.safe(_short(text)) for text in (last.ends if last else "–", events, steps)]
        table.add_row(display.safe(outcome.scenario), verdict, *cells)
    display.terminal().print(table)


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[:SHORT].rpartition(' ')[0]} …"


def _steps(outcome: Outcome) -> None:
    console = display.terminal()
    console.print(f"[bold]{display.safe(outcome.scenario)}[/bold]: {display.safe(outcome.title)}")
    for chapter in outcome.chapters:
        console.print(f"  {display.safe(chapter.event)}", soft_wrap=True)
        for chain in chapter.chains or ("nothing is done",):
            console.print(f"    {display.safe(chain)}", soft_wrap=True)
        console.print(f"    service: {display.safe(chapter.ends)}", soft_wrap=True)


def _files(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} files"
