"""What ``evaluate lab`` prints: trials as they end, their table, the faults that there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress as Line
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from evaluator import display
from evaluator.evidence.availability import Interval
from evaluator.evidence.record import PHASES, Record
from evaluator.evidence.summary import Row, breakdown, rows
from evaluator.evidence.values import ASSUMED, FAILOVER, LEAST, Forecast, allowed, alone, forecasts
from evaluator.findings import EvaluationError, Finding
from evaluator.study.site import Reliability, Site
from evaluator.trial.clusters import OWN_DATA
from evaluator.trial.scenario import Trial


class Progress:
    """Tells on the standard error what is built and tried; on a terminal also what goes on now."""

    def __init__(self, console: Console, say: Callable[[str], object]) -> None:
        self._console, self._say = console, say
        self._since = time.monotonic()
        self.made = 0
        self.skipped = 0
        """Trials that could not be made."""
        self.changed = 0
        """Things of this machine that a laboratory has changed."""

    def building(self, cluster: str) -> None:
        self._say(f"{cluster}: building it from its bundle, which takes minutes …")

    def built(self, cluster: str, seconds: float) -> None:
        self._since = time.monotonic()
        self._print(f"{cluster}: built from bare nodes and whole in {seconds:.0f} s")

    def begins(self, cluster: str, fault: str, number: int, of: int) -> None:
        left = ""
        if number > 1:
            each = (time.monotonic() - self._since) / (number - 1)
            left = f", about {max(1, round(each * (of - number + 1) / 60))} min to go"
        self._say(f"{cluster}: {number} of {of}{left}: {fault} …")

    def ended(self, made: Record) -> None:
        self.made += 1
        verdict = "[green]held[/green]" if made.held else "[red]FAILED[/red]"
        self._print(f"{made.cluster}: {made.fault}: {_short(made)}: ", verdict)
        for finding in made.findings:
            self._print(f"    {finding}")

    def failed(self, cluster: str, fault: str, error: EvaluationError) -> None:
        self.skipped += 1
        self._print(f"{cluster}: {fault}: not tried: {error}")

    def removed(self, cluster: str, changed: Sequence[Finding], others: Sequence[str]) -> None:
        """The laboratory is gone, and what it has left of itself on this machine."""
        if others:
            names = ", ".join(others)
            self._print(f"{cluster}: removed; not compared, since {names} is in use as well")
            return
        self.changed += len(changed)
        if not changed:
            self._print(f"{cluster}: removed; this machine is as it was")
        for finding in changed:
            self._print(f"{cluster}: {finding}")

    def ending(self, out: Path) -> None:
        """Somebody wants it to end; it takes as long as to undo the fault at hand."""
        self._say("removing the laboratory …")
        self._print(
            "Interrupted: a fault is undone, the laboratory removed; once more skips the undoing. "
            f"What has ended is in {out}; see 'evaluate lab compare'."
        )

    def _print(self, text: str, markup: str = "") -> None:
        self._console.print(display.safe(text) + markup, soft_wrap=True, highlight=False)


def _short(made: Record) -> str:
    outage = made.outage.get("http")
    served = f"{outage:.1f} s without an answer" if outage else "served throughout"
    served = "not known how it served" if outage is None else served
    fenced = f", fenced: {', '.join(made.fenced)}" if made.fenced else ""
    holders = f", {made.holders} HOLDERS" if made.holders > 1 else ""
    return f"{served}, {made.lost} of {made.acknowledged} mails lost{fenced}{holders}"


@contextmanager
def watched() -> Iterator[Progress]:
    """Progress of a campaign."""
    console = display.terminal(stderr=True)
    if not console.is_terminal:
        yield Progress(console, lambda text: console.print(display.safe(text), soft_wrap=True))
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Line(*columns, console=console, transient=True) as line:
        task = line.add_task("")
        yield Progress(console, lambda text: line.reset(task, description=display.safe(text)))


def table(records: Sequence[Record], format: display.Format) -> None:
    """Print trials by fault and cluster."""
    made = rows(records)
    if format is not display.Format.table:
        _print([_flat(row) for row in made], format)
        return
    console = display.terminal()
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Fault", "Cluster"):
        grid.add_column(title, overflow="fold")
    for title in ("n", "Outage s \\[range]", "Holders", "Mail lost", "Fenced", "Whole s", "Held"):
        grid.add_column(title, justify="right", no_wrap=True)
    for row in made:
        grid.add_row(
            display.safe(row.fault),
            display.safe(row.cluster),
            str(row.trials),
            _outage(row),
            str(row.holders) if row.holders < 2 else f"[red]{row.holders}[/red]",
            "–" if row.cluster in OWN_DATA else f"{row.lost} of {row.acknowledged}",
            f"{row.fenced} of {row.trials}",
            f"{row.redundant:.0f}",
            f"{row.held} of {row.trials}",
        )
    console.print(grid)
    _breakdowns(records)
    if not (budgets := sorted({round(row.budget, 1) for row in made})):
        return
    display.note(
        "Outage: longest time without an answer of the web front; mail: a dash where nothing "
        "copies it; Whole: from the undoing until everything is redundant again. Set to notice a "
        f"lost node within {', '.join(f'{b:g}' for b in budgets)} s."
    )


def availability(
    records: Sequence[Record], site: Site, stated: Reliability, format: display.Format
) -> None:
    """Print the minutes without service a year that trials promise at a site."""
    level, start = site.service_level, site.start_seconds
    found, limit = forecasts(records, stated.node, start), allowed(level.availability_percent)
    single = alone(stated.node)
    if format is display.Format.table:
        display.terminal().print(_forecasts(found, single, limit, start))
    else:
        every: list[dict[str, Any]] = [{"cluster": "one node alone", "modelled_minutes": single}]
        every += [_flat_forecast(row, limit) for row in found]
        names = dict.fromkeys(name for row in every for name in row)
        _print([{name: row.get(name) for name in names} for row in every], format)
    if untried := sorted({r.cluster for r in records} - {row.cluster for row in found}):
        few = f"Fewer than {LEAST} trials of {FAILOVER}, so nothing is modelled"
        display.note(f"{few}: {', '.join(untried)}.")
    display.note(
        "Measured in the laboratory, with a stand-in for the service: covered (trials in which "
        "the node that serves was lost, by its power or to everybody, and every audit but those "
        "of mail held), outage (mean when the active node loses its power). Assumed by the site "
        f"(source: {', '.join(stated.source)}): a node fails every {stated.mtbf_hours:g} h and is "
        f"mended in {stated.mttr_hours:g} h, and a person needs "
        f"{stated.manual_recovery_hours:g} h where the "
        "cluster failed. Modelled from both, never guaranteed: minutes without service a year, in "
        f"the mean of many years. The service level of {level.availability_percent:g} % leaves "
        f"{limit:.0f} minutes, lost mail apart. Brackets: 95 % intervals."
    )


def _forecasts(found: Sequence[Forecast], single: float, limit: float, start: float) -> Table:
    grid = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    grid.add_column("Cluster", no_wrap=True)
    for title in ("n", "Covered %\nmeasured", "Outage s\nmeasured", "Minutes a year\nmodelled"):
        grid.add_column(title, justify="right")
    grid.add_column(f"if it starts\nin {start:g} s", justify="right")
    for share in ASSUMED:
        grid.add_column(f"if {100 * share:g} %\ncovered", justify="right")
    grid.add_column("Level")
    verdict = "missed" if single > limit else "kept"
    blank = ("" for _ in ASSUMED)
    grid.add_row("one node alone", "", "", "", f"{single:.0f}", "", *blank, verdict)
    for row in found:
        grid.add_row(
            display.safe(row.cluster),
            str(row.trials),
            _bracketed(Interval(*(100 * share for share in row.coverage)), 0),
            _bracketed(row.outage, 1),
            _bracketed(row.downtime, 0),
            _bracketed(row.starting, 0),
            *(f"{row.assumed[share]:.1f}" for share in ASSUMED),
            row.against(limit),
        )
    return grid


def _bracketed(found: Interval, digits: int) -> str:
    return f"{found.estimate:.{digits}f} \\[{found.low:.{digits}f}–{found.high:.{digits}f}]"


def _flat_forecast(row: Forecast, limit: float) -> dict[str, Any]:
    return {
        "cluster": row.cluster,
        **_ends("modelled_minutes", row.downtime),
        **_ends("modelled_minutes_starting", row.starting),
        **{f"modelled_minutes_at_{share:g}": row.assumed[share] for share in ASSUMED},
        **_ends("measured_coverage", row.coverage),
        **_ends("measured_outage_seconds", row.outage),
        "trials": row.trials,
        "failovers": row.failovers,
        "level": row.against(limit),
    }


def _breakdowns(records: Sequence[Record]) -> None:
    found = breakdown(records)
    if not found:
        return
    grid = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    for title in ("Failover, s", "Cluster"):
        grid.add_column(title, overflow="fold")
    for name in PHASES:
        grid.add_column(name, justify="right", no_wrap=True)
    for (fault, cluster), phases in sorted(found.items()):
        figures = (f"{phases[name]:.1f}" if name in phases else "–" for name in PHASES)
        grid.add_row(display.safe(fault), display.safe(cluster), *figures)
    console = display.terminal()
    console.print()
    console.print(grid)


def _print(found: list[dict[str, Any]], format: display.Format) -> None:
    if format is display.Format.json:
        display.print_json(found)
    else:
        display.print_rows(found, format)


def _outage(row: Row) -> str:
    if row.outage is None:
        return "none answered"
    return f"{row.outage:.1f} \\[{row.shortest:.1f}–{row.longest:.1f}]"


def _flat(row: Row) -> dict[str, Any]:
    found = row._asdict()
    for name in ("mean", "coverage"):
        found |= _ends(name, found.pop(name))
    return found


def _ends(name: str, found: Interval | None) -> dict[str, float | None]:
    low, middle, high = found or (None, None, None)
    return {name: middle, f"{name}_low": low, f"{name}_high": high}


def faults(every: Sequence[Trial], format: display.Format) -> None:
    """Print the faults that can be made, and what each is for."""
    if format is not display.Format.table:
        _print(
            [
                {
                    "fault": t.name,
                    "title": t.words.title,
                    "faults": "; ".join(map(str, t.faults)),
                    "managers": " ".join(t.words.managers),
                    "needs": "; ".join(t.words.needs),
                    "answers": t.words.answers,
                    "service": t.words.service,
                    "bound_seconds": t.words.bound_seconds,
                }
                for t in every
            ],
            format,
        )
        return
    console = display.terminal()
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grid.add_column("Fault", no_wrap=True)
    grid.add_column("What happens")
    grid.add_column("For")
    for t in every:
        only = [*t.words.managers, *(f"with {each}" for each in t.words.needs)]
        grid.add_row(display.safe(t.name), display.safe(t.words.title), ", ".join(only) or "all")
    console.print(grid)
