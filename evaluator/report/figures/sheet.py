"""A sheet to draw schemes on: boxes and arrows in inches."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from evaluator.report.figures.canvas import INK, MUTED, PANEL, label


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A sheet whose coordinates are inches, origin at the top left."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return figure, axes


def box(
    axes: Axes,
    x: float,
    y: float,
    width: float,
    height: float,
    lines: Sequence[str],
    *,
    fill: str = PANEL,
    edge: str = MUTED,
    size: float = 7.5,
    ink: str = INK,
) -> None:
    """A rounded box; its first line is bold, each line is wrapped to the width."""
    axes.add_patch(
        FancyBboxPatch(
            (x + 0.04, y + 0.04),
            width - 0.08,
            height - 0.08,
            boxstyle="round,pad=0.04,rounding_size=0.06",
            facecolor=fill,
            edgecolor=edge,
            linewidth=0.8,
        )
    )
    most = max(6, int((width - 0.12) * 72 / (size * 0.62)))
    wrapped = [
        (text, index == 0)
        for index, line in enumerate(lines)
        for text in (textwrap.wrap(label(line, most * 2), most) or [""])
    ]
    step = size * 1.32 / 72
    top = y + height / 2 - step * (len(wrapped) - 1) / 2
    for row, (text, bold) in enumerate(wrapped):
        axes.text(
            x + width / 2,
            top + row * step,
            text,
            ha="center",
            va="center_baseline",
            fontsize=size,
            fontweight="bold" if bold else "normal",
            color=ink,
        )


def arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    both: bool = False,
    colour: str = MUTED,
    style: str = "-",
) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="<|-|>" if both else "-|>",
            mutation_scale=8,
            color=colour,
            linewidth=1,
            linestyle=style,
            shrinkA=0,
            shrinkB=0,
        )
    )
