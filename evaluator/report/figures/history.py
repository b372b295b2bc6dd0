"""What the repositories tell: activity, newcomers, concentration and releases."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluator.metrics.trends import YEARS
from evaluator.report.case import Case
from evaluator.report.figures.canvas import (
    BLUE,
    INK,
    LAMP_FILL,
    LAMP_LETTER,
    LAMP_MARKER,
    MUTED,
    ORANGE,
    PANEL,
    RULE,
    SKY,
    VERMILION,
    WIDTH,
    bars_area,
    blocks,
    drawn,
    label,
)
from evaluator.result import Light, YearRow

MOST_PANELS = 6
YEARS_OF_RELEASES = 16


def _panels(how_many: int, height: float = 1.75) -> tuple[Figure, list[Axes]]:
    columns = how_many if how_many < 3 else 2 if how_many == 4 else 3 if how_many < 7 else 4
    rows = math.ceil(how_many / columns)
    total = rows * height + 0.1
    figure = Figure(figsize=(WIDTH, total))
    axes = figure.subplots(rows, columns, squeeze=False)
    figure.subplots_adjust(
        left=0.62 / WIDTH,
        right=1 - 0.12 / WIDTH,
        bottom=0.32 / total,
        top=1 - 0.32 / total,
        hspace=0.62,
        wspace=0.22,
    )
    flat = [a for row in axes for a in row]
    for spare in flat[how_many:]:
        spare.set_axis_off()
    return figure, flat[:how_many]


def _years_axis(axes: Axes, first: int, last: int) -> None:
    axes.set_xlim(first - 0.7, last + 0.7)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.grid(axis="y")
    axes.tick_params(length=2)


@drawn
def handover(case: Case) -> Figure | None:
    """Commits per year of each predecessor and its successor."""
    pairs = case.handovers[:MOST_PANELS]
    if not pairs:
        return None
    as_of = case.evaluation.as_of
    first = min(r.year for pair in pairs for c in pair for r in case.years(c.id) if r.commits)
    figure, panels = _panels(len(pairs), 2.0)
    for axes, (old, new) in zip(panels, pairs, strict=True):
        for entry, colour, line, marker in ((old, ORANGE, "--", "s"), (new, BLUE, "-", "o")):
            rows = [r for r in case.years(entry.id) if r.year <= as_of.year]
            heights = [math.nan if r.commits is None else r.commits for r in rows]
            axes.plot(
                [r.year for r in rows],
                heights,
                line,
                color=colour,
                marker=marker,
                markersize=2.6,
                linewidth=1.3,
                label=label(entry.name, 24),
            )
        if old.successor:
            when = old.successor.since.year + (old.successor.since.month - 1) / 12
            axes.axvline(when, color=MUTED, linewidth=0.8, linestyle=":")
        _years_axis(axes, first, as_of.year)
        axes.set_ylim(bottom=0)
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 0.98),
            ncols=2,
            handlelength=2.6,
            columnspacing=1.4,
            borderaxespad=0.2,
        )
    panels[0].set_ylabel("commits per year")
    return figure


def complete_years(rows: Sequence[YearRow], as_of_year: int, year_is_over: bool) -> list[YearRow]:
    """Rows of whole years with a known number of newcomers."""
    last = as_of_year if year_is_over else as_of_year - 1
    return [r for r in rows if r.year <= last and r.new_contributors is not None]


@drawn
def newcomers(case: Case, lights: dict[str, Light]) -> Figure | None:
    """New contributors per year, the slope that lit the lamp, and the lamp itself."""
    as_of = case.evaluation.as_of
    over = (as_of.month, as_of.day) == (12, 31)
    shown = {c: complete_years(case.years(c), as_of.year, over) for c in lights}
    shown = {c: rows for c, rows in shown.items() if rows}
    if not shown:
        return None
    figure, panels = _panels(len(shown))
    for axes, (candidate, rows) in zip(panels, shown.items(), strict=True):
        light = lights[candidate]
        heights = [r.new_contributors or 0 for r in rows]
        used = rows[-YEARS:]
        recent = {r.year for r in used}
        blocks(
            axes,
            [(r.year - 0.36, 0, 0.72, height) for r, height in zip(rows, heights, strict=True)],
            [SKY if r.year in recent else RULE for r in rows],
        )
        if light.value is not None and len(used) > 2:
            mean_year = sum(r.year for r in used) / len(used)
            mean = sum(r.new_contributors or 0 for r in used) / len(used)
            ends = [used[0].year, used[-1].year]
            axes.plot(
                ends,
                [mean + light.value * (x - mean_year) for x in ends],
                color=VERMILION,
                linewidth=1.5,
            )
        _years_axis(axes, rows[0].year, as_of.year)
        axes.set_ylim(0, max(4, max(heights) * 1.3))
        axes.set_title(label(case.name(candidate), 24 if len(shown) < 7 else 18))
        slope = "no slope" if light.value is None else f"{light.value:+.2f}/year"
        axes.text(
            0.9,
            0.9,
            slope.replace("-", "−"),
            transform=axes.transAxes,
            ha="right",
            va="center",
            fontsize=7,
        )
        lamp(axes, 0.96, 0.9, light.colour)
    panels[0].set_ylabel("new contributors")
    return figure


def lamp(axes: Axes, x: float, y: float, colour: str) -> None:
    """A lettered, shaped light at axes coordinates."""
    axes.plot(
        [x],
        [y],
        LAMP_MARKER[colour],
        color=LAMP_FILL[colour],
        markersize=9,
        markeredgecolor=INK,
        markeredgewidth=0.5,
        transform=axes.transAxes,
        clip_on=False,
    )
    axes.text(
        x,
        y - 0.005,
        LAMP_LETTER[colour],
        transform=axes.transAxes,
        ha="center",
        va="center_baseline",
        fontsize=5.5,
        fontweight="bold",
        color="#ffffff" if colour in ("black", "red") else "#111111",
    )


@drawn
def concentration(case: Case, absence: str, elephant: str) -> Figure | None:
    """Smallest number of people, and of organisations, behind half of the commits."""
    rows = [
        (c, case.metric(c, absence), case.metric(c, elephant))
        for c in case.used
        if case.metric(c, absence) or case.metric(c, elephant)
    ]
    if not rows:
        return None
    rows.sort(key=lambda r: (-(r[1].value or 0) if r[1] else 0, r[0]))
    winner = set(case.winner.components.values()) if case.winner else set()
    names = [case.name(c) for c, _, _ in rows]
    figure, axes = bars_area(names, 0.25)
    for at, (candidate, people, organisations) in enumerate(rows):
        if people and people.value is not None:
            axes.barh(at, people.value, height=0.6, color=BLUE if candidate in winner else SKY)
        if organisations and organisations.value is not None:
            axes.plot(
                [organisations.value],
                [at],
                "D",
                color=ORANGE,
                markersize=4,
                markeredgecolor=INK,
                markeredgewidth=0.5,
            )
        ends = [r.value for r in (people, organisations) if r and r.value is not None]
        said = " / ".join(
            f"{r.value:g}" if r and r.value is not None else "?" for r in (people, organisations)
        )
        axes.text(max(ends) + 0.06, at, said, va="center_baseline", fontsize=7)
    axes.set_xlabel("people (bar) or organisations (diamond) behind half of the commits")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0, axes.get_xlim()[1] + 0.25)
    axes.grid(axis="x")
    return figure


@drawn
def releases(case: Case) -> Figure | None:
    """Releases per year as a grid: rows are candidates, darker is more."""
    last = case.evaluation.as_of.year
    years = list(range(last - YEARS_OF_RELEASES + 1, last + 1))
    table = {
        c: {r.year: r.releases for r in case.years(c)}
        for c in case.used
        if any(r.releases for r in case.years(c))
    }
    if not table:
        return None
    names = [case.name(c) for c in table]
    figure, axes = bars_area(names, 0.24, top=0.1, bottom=0.3, right=0.1)
    boxes, fills = [], []
    for at, per_year in enumerate(table.values()):
        for x, year in enumerate(years):
            known = per_year.get(year)
            if known is None:
                axes.text(x, at, "–", ha="center", va="center", fontsize=6, color=MUTED)
                continue
            depth = 0 if not known else min(1.0, 0.22 + 0.26 * math.log2(known))
            fill = PANEL if not known else _between("#d6e8f5", BLUE, depth)
            boxes.append((x - 0.46, at - 0.42, 0.92, 0.84))
            fills.append(fill)
            if known:
                axes.text(
                    x,
                    at,
                    str(known),
                    ha="center",
                    va="center_baseline",
                    fontsize=6,
                    color="#ffffff" if depth > 0.55 else "#111111",
                )
    blocks(axes, boxes, fills)
    axes.set_xlim(-0.6, len(years) - 0.4)
    axes.set_xticks(range(0, len(years), 3), [str(y) for y in years[::3]])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _between(first: str, second: str, share: float) -> str:
    """A colour between two hexadecimal ones."""
    pairs = zip(
        (int(first[i : i + 2], 16) for i in (1, 3, 5)),
        (int(second[i : i + 2], 16) for i in (1, 3, 5)),
        strict=True,
    )
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
