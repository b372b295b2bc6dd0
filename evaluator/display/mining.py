"""How mining goes on, and what became of each source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from evaluator.display import note, quality, safe, terminal
from evaluator.mine import Mined, Progress


class Lines(Progress):
    """A line on stderr for each source that is done: for logs, and for whoever cannot see bars."""

    def finished(self, source: str, outcome: str, new: int, done: int, total: int) -> None:
        said = f"{new} new" if outcome == "ok" else outcome
        note(f"[{done}/{total}] {source}: {said}")


class LiveBars(Lines):
    """Bars on a terminal: one over all sources, and one for each that takes a while."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._overall = bars.add_task("all sources", total=None)
        self._tasks: dict[str, TaskID] = {}

    def reading(self, source: str, done: int, total: int) -> None:
        if source not in self._tasks:
            self._tasks[source] = self._bars.add_task(safe(source), total=total)
        self._bars.update(self._tasks[source], completed=done, total=total)

    def finished(self, source: str, outcome: str, new: int, done: int, total: int) -> None:
        if source in self._tasks:
            self._bars.remove_task(self._tasks.pop(source))
        if outcome != "ok":
            super().finished(source, outcome, new, done, total)
        self._bars.update(self._overall, completed=done, total=total)


@contextmanager
def mining() -> Iterator[Progress]:
    """Show how mining goes on: bars on a terminal, else a line for each source."""
    console = terminal(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        yield LiveBars(bars)


STALE = dt.timedelta(days=90)


def mined(found: Mined, *, dated: bool) -> None:
    """Print what became of each source; ``dated`` says that the user chose the snapshot's date."""
    console, table = terminal(), Table(box=None, pad_edge=False)
    numbers = ("items", "new", "gone", "dropped")
    for name in ("source", "outcome", *numbers, "first", "last", "reason"):
        table.add_column(name, justify="right" if name in numbers else "left")
    for row in found.rows:
        table.add_row(
            safe(row.id),
            "failed" if row.id in found.failed else row.outcome,
            str(row.items),
            str(found.new.get(row.id, "–")),
            str(found.gone.get(row.id, "–")),
            str(sum(row.dropped.values())),
            str(row.first or "–"),
            str(row.last or "–"),
            safe(found.failed.get(row.id, row.reason)),
        )
    console.print(table)
    quality(found.quality)
    console.print(_summary(found), soft_wrap=True)
    newest = max((row.last for row in found.rows if row.last), default=None)
    today = max((row.retrieved for row in found.rows if row.retrieved), default=None)
    if newest and today and not dated and today - newest > STALE:
        note(
            f"Note: the snapshot is as of its newest item, {newest}. If nothing has happened "
            f"since, give --as-of {today}, so that the silence counts."
        )


def _summary(found: Mined) -> str:
    new, gone = sum(found.new.values()), sum(found.gone.values())
    said = [f"{new} new items" if new else "no new items"]
    if gone:
        rewritten = ", ".join(name for name, number in found.gone.items() if number)
        said.append(f"{gone} gone (rewritten or withdrawn: {rewritten})")
    if found.failed:
        said.append(f"{len(found.failed)} sources failed: {', '.join(sorted(found.failed))}")
    if not found.changed:
        said.append("the snapshot stays as it is")
    return "; ".join(said)
