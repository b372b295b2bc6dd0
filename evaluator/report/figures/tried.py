"""What was tried: every outage that was measured, as a dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evaluator.report.figures.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    bars_area,
    drawn,
    label,
)

MARKS = (
    *((BLUE, "o"), (VERMILION, "s"), (GREEN, "^"), (ORANGE, "D"), (PURPLE, "v"), (INK, "X")),
    (SKY, "P"),
)
"""Colour and shape of each cluster: whoever cannot tell the one can tell the other."""

ROOM = 0.8
"""Share of a row's height that the clusters' lanes take."""

TALLEST = 8.0
"""Inches that the rows may take of a page (ours)."""


def most_rows(clusters: int) -> int:
    """Faults that fit on a page where each has a lane for so many clusters."""
    return max(1, int(TALLEST / _height(clusters)))


def _height(clusters: int) -> float:
    """Inches of a row."""
    return 0.16 + 0.09 * clusters


@drawn
def outages(seconds: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure | None:
    """Outages in seconds by fault and cluster: a row for each fault, a lane for each cluster."""
    clusters = sorted({cluster for found in seconds.values() for cluster in found})
    if not seconds:
        return None
    legend_rows = -(-len(clusters) // 3)
    figure, axes = bars_area(list(seconds), _height(len(clusters)), top=0.14 + 0.17 * legend_rows)
    for at, found in enumerate(seconds.values()):
        if at:
            axes.axhline(at - 0.5, color="#d0d7de", lw=0.5)
        for lane, cluster in enumerate(clusters):
            y = at + ROOM * ((lane + 0.5) / len(clusters) - 0.5)
            values, (colour, shape) = found.get(cluster, ()), MARKS[lane % len(MARKS)]
            axes.plot(
                values, [y] * len(values), shape, color=colour, markersize=3.6, alpha=0.75,
                markeredgewidth=0, clip_on=False,
            )  # fmt: skip
    axes.set_xscale("symlog", linthresh=1, linscale=0.5)
    most = max((v for found in seconds.values() for s in found.values() for v in s), default=1)
    axes.set_xlim(-0.05, max(10.0, 1.3 * most))
    steps = (digit * 10**power for power in range(7) for digit in (1, 2, 5))
    axes.set_xticks([0, *(step for step in steps if step <= max(10.0, 1.3 * most))], minor=False)
    axes.set_xticks([], minor=True)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.grid(axis="x")
    axes.set_xlabel("outage of the web front (s; linear up to 1 s, logarithmic beyond)")
    handles = [
        Line2D([], [], color=colour, marker=shape, markersize=4.5, ls="", label=label(cluster, 40))
        for cluster, (colour, shape) in zip(clusters, cycle(MARKS), strict=False)
    ]
    figure.legend(handles=handles, loc="upper center", ncols=3, handletextpad=0.2)
    return figure
