"""What the command line prints: data on stdout, messages on stderr, mined text made harmless."""

from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evaluator.display.models import coverage_line, group_lines, models_data, relaxation_lines
from evaluator.findings import Finding, Severity
from evaluator.pipeline import Run
from evaluator.result import ComponentResult, MetricRow, QualityRow, StackResult

WIDTH_WITHOUT_TERMINAL = 120
BAR = 10


class Format(StrEnum):
    table = "table"
    json = "json"
    csv = "csv"
    md = "md"


def plain(text: str) -> str:
    """Text without control and bidirectional characters, which could drive a terminal."""
    return "".join(c if _harmless(c) else "\N{REPLACEMENT CHARACTER}" for c in text)


def _harmless(char: str) -> bool:
    return char.isprintable() or char == "\n" or unicodedata.category(char) == "Zs"


def safe(text: str) -> str:
    """Text for Rich: plain, and with its markup escaped."""
    return escape(plain(text))


def terminal(*, stderr: bool = False) -> Console:
    """Rich's console on one of the standard streams, of a fixed width when that is no terminal."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH_WITHOUT_TERMINAL
    return Console(stderr=stderr, width=width, highlight=False, emoji=False)


def findings(found: Sequence[Finding]) -> None:
    """Print findings to stderr."""
    console = terminal(stderr=True)
    for finding in found:
        style = "red" if finding.severity is Severity.ERROR else "yellow"
        console.print(f"[{style}]{safe(str(finding))}[/{style}]", soft_wrap=True)


def note(text: str) -> None:
    """Print a message to stderr."""
    terminal(stderr=True).print(safe(text), soft_wrap=True)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show that something takes a while, on a terminal only."""
    console = terminal(stderr=True)
    if console.is_terminal:
        with console.status(safe(what)):
            yield
    else:
        yield


def written(paths: Sequence[Path], format: Format) -> None:
    """Say which files were written: on stdout beside a table, else on stderr."""
    console = terminal(stderr=format is not Format.table)
    for path in paths:
        suffix = "/" if path.is_dir() else ""
        console.print(f"wrote {safe(str(path))}{suffix}", soft_wrap=True)


# --- ranking --------------------------------------------------------------------------------


def ranking(run: Run, format: Format) -> None:
    """Print stacks, components and the reason."""
    if format is Format.json:
        print_json(ranking_data(run))
    elif format is Format.table:
        _ranking_table(run)
    else:
        rows = [_flat(run.evaluation.subject, stack) for stack in run.evaluation.stacks]
        print_rows(rows, format)
        if format is Format.md:
            print(f"\n{markdown(run.selection.reason)}")


def ranking_data(run: Run) -> dict[str, Any]:
    """The ranking as the documented JSON structure."""
    result = run.evaluation
    return {
        "schema_version": result.schema_version,
        "as_of": result.as_of.isoformat(),
        "criteria": result.criteria,
        "winner": result.selection.winner,
        "runner_up": result.selection.runner_up,
        "reason": result.selection.reason,
        f"{result.subject}s": [
            {
                "id": s.id,
                "rank": s.rank,
                "score": s.score,
                "score_interval": [s.score_low, s.score_high],
                "first_rank_probability": s.first_rank_probability,
                "quality_rank": s.quality_rank,
                "effort_rank": s.effort_rank,
                "effort_eur": [s.effort.low, s.effort.median, s.effort.high] if s.effort else None,
                "outcome": s.outcome,
                "removed_by": s.removed_by or None,
                "stage": s.stage or None,
                "reasons": s.reasons,
            }
            for s in result.stacks
        ],
        "components": {
            role: [_component(c) for c in entries] for role, entries in result.components.items()
        },
        **models_data(result),
    }


def _component(component: ComponentResult) -> dict[str, Any]:
    return {
        "id": component.id,
        "rank": component.rank,
        "score": component.score,
        "first_rank_probability": component.first_rank_probability,
    }


def _flat(subject: str, stack: StackResult) -> dict[str, Any]:
    return {
        "rank": stack.rank,
        subject: stack.id,
        "score": _round(stack.score),
        "first_rank_probability": _round(stack.first_rank_probability),
        "quality_rank": stack.quality_rank,
        "effort_rank": stack.effort_rank,
        "effort_eur": round(stack.effort.median) if stack.effort else None,
        "outcome": stack.outcome,
        "removed_by": stack.removed_by,
        "reasons": "; ".join(stack.reasons),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _ranking_table(run: Run) -> None:
    result, console = run.evaluation, terminal()
    console.print(f"[bold]{safe(result.title)}[/bold] (as of {result.as_of})", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    weighed = any(stack.effort for stack in result.stacks)
    for name in ("#", result.subject, "score", "[5 %, 95 %]", "first in"):
        table.add_column(name, justify="left" if name in (result.subject, "score") else "right")
    for name in ("quality", "effort", "EUR") if weighed else ():
        table.add_column(name, justify="right")
    for stack in (s for s in result.stacks if s.outcome == "ranked"):
        table.add_row(
            str(stack.rank),
            safe(stack.name),
            _bar(stack.score),
            "–" if stack.score_low is None else f"{stack.score_low:.2f}, {stack.score_high:.2f}",
            "–" if stack.first_rank_probability is None else f"{stack.first_rank_probability:.0%}",
            *_sides(stack),
        )
    console.print(table if table.rows else f"No {result.subject} is left.")
    removed = [s for s in result.stacks if s.outcome == "removed"]
    if removed:
        console.print("\n[bold]Removed[/bold]")
        trail = Table(box=None, pad_edge=False, show_header=False)
        for _ in range(3):
            trail.add_column()
        for stack in removed:
            more = f" (and {len(stack.reasons) - 1} more)" if len(stack.reasons) > 1 else ""
            trail.add_row(safe(stack.name), stack.stage, safe(stack.reasons[0]) + more)
        console.print(trail)
    if result.components:
        console.print("\n[bold]Components[/bold]")
    for role, entries in result.components.items():
        if len(entries) > 1:
            order = ", ".join(f"{c.rank}. {safe(c.name)}" for c in entries)
            console.print(f"{safe(role)}: {order}", soft_wrap=True)
    if result.daffara and (line := coverage_line(result.daffara.coverage)):
        console.print(f"\n{safe(line)}", soft_wrap=True)
    if lines := relaxation_lines(result):
        console.print("\n[bold]Smallest relaxations[/bold]")
        for line in lines:
            console.print(safe(line), soft_wrap=True)
    for line in group_lines(result):
        console.print(safe(line), soft_wrap=True)
    console.print(f"\n{safe(result.selection.reason)}")


def _sides(stack: StackResult) -> list[str]:
    """Its ranks in quality and in effort, and the effort, where that is known."""
    if stack.effort is None:
        return []
    return [str(stack.quality_rank), str(stack.effort_rank), f"{stack.effort.median:,.0f}"]


def _bar(score: float | None) -> str:
    if score is None:
        return "–"
    full = round(score * BAR)
    return f"{'█' * full}{'░' * (BAR - full)} {score:.2f}"


# --- metrics --------------------------------------------------------------------------------


def metrics(run: Run, format: Format, candidates: Sequence[str]) -> None:
    """Print the metric rows of some candidates, with what is to be known of their data."""
    found = [row for row in run.evaluation.metrics if row.candidate in candidates]
    if format is Format.json:
        as_of = run.evaluation.as_of.isoformat()
        print_json([{**row.model_dump(), "as_of": as_of} for row in found])
    elif format is not Format.table:
        print_rows([{**r.model_dump(), "quality": " ".join(r.quality)} for r in found], format)
    else:
        console, table = terminal(), Table(box=None, pad_edge=False)
        for name in ("candidate", "metric", "value", "unit", "n", "window", "outcome", "data"):
            right = name in ("value", "n")
            table.add_column(name, justify="right" if right else "left", no_wrap=name == "metric")
        touching = [_touching(row, run.evaluation.quality) for row in found]
        noted = [row for row in run.evaluation.quality if any(row in rows for rows in touching)]
        for row, rows in zip(found, touching, strict=True):
            table.add_row(
                safe(row.candidate), row.metric, "–" if row.value is None else _figure(row.value),
                row.unit, "–" if row.n is None else str(row.n), row.window, row.outcome,
                " ".join(str(noted.index(note) + 1) for note in rows),
            )  # fmt: skip
        console.print(table)
        if noted:
            console.print("\n[bold]Data quality[/bold] (the numbers of column data)")
            _quality_table(noted, numbered=True)


def _touching(row: MetricRow, quality: Sequence[QualityRow]) -> list[QualityRow]:
    """Observations in the row's sources that touch it."""
    sources = row.source.split(" + ")
    return [
        q for q in quality
        if q.check in row.quality and q.source in sources and row.metric in q.affects
    ]  # fmt: skip


def quality(rows: Sequence[QualityRow]) -> None:
    """Print what is to be known of each source's data."""
    if rows:
        _quality_table(rows)
    else:
        terminal().print("No flaw of the data that is known to us was found.")


def _quality_table(rows: Sequence[QualityRow], *, numbered: bool = False) -> None:
    table = Table(box=None, pad_edge=False)
    if numbered:
        table.add_column("#", justify="right")
    for name in ("source", "check", "severity", "value", "n", "finding"):
        table.add_column(name, justify="right" if name in ("value", "n") else "left")
    for number, row in enumerate(rows, 1):
        table.add_row(
            *([str(number)] if numbered else []), safe(row.source), safe(row.name), row.severity,
            _figure(row.value), str(row.n), safe(row.text),
        )  # fmt: skip
    terminal().print(table)


def _figure(value: float) -> str:
    """Counts in full, other numbers with four digits."""
    return f"{value:.0f}" if value == round(value) else f"{value:.4g}"


# --- rows -----------------------------------------------------------------------------------


def print_json(data: Any) -> None:
    """Pure ASCII, so that no character of mined text reaches a terminal as itself."""
    print(json.dumps(data, indent=2, allow_nan=False))


def print_rows(rows: Sequence[dict[str, Any]], format: Format) -> None:
    """Print rows with the same keys as CSV or, in any other format, as a Markdown table."""
    names = list(rows[0]) if rows else []
    if format is Format.csv:
        print(csv_text(rows), end="")
        return
    print("| " + " | ".join(names) + " |")
    print("|" + "|".join(" --- " for _ in names) + "|")
    for row in rows:
        print("| " + " | ".join(markdown(v) for v in row.values()) + " |")


def csv_text(rows: Sequence[dict[str, Any]]) -> str:
    """Rows with the same keys as CSV under a header, harmless to terminals and spreadsheets."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_csv_cell(name) for name in (rows[0] if rows else ())])
    writer.writerows([_csv_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def _csv_cell(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets a leading apostrophe."""
    if isinstance(value, str):
        clean = plain(value).replace("\n", " ")
        return f"'{clean}" if clean.lstrip()[:1] in ("=", "+", "-", "@") else clean
    return value


def markdown(value: Any) -> str:
    """A value as text of one line of Markdown, with its markup escaped."""
    text = "" if value is None else plain(str(value)).replace("\n", " ")
    for char in "\\|<>[]`*_":
        text = text.replace(
            char, f"\\{char}" if char not in "<>" else {"<": "&lt;", ">": "&gt;"}[char]
        )
    return text
