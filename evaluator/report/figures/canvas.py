"""Paper, ink and colours of all figures, and their way to SVG.

Matplotlib's object interface is used without pyplot: no global state, no screen.  Text becomes
outlines, so that a figure looks the same in every reader and a name in it stays a picture.
"""

from __future__ import annotations

import inspect
import io
import textwrap
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from evaluator.report.document import clean

P = ParamSpec("P")

INK, MUTED, RULE, PANEL, PAPER = "#1f2328", "#5d6670", "#d0d7de", "#eef1f4", "#fdfefe"
ORANGE, SKY, GREEN, YELLOW = "#e69f00", "#56b4e9", "#009e73", "#f0e442"
BLUE, VERMILION, PURPLE = "#0072b2", "#d55e00", "#cc79a7"
"""Okabe and Ito's palette; lightness differs as well, so that grey prints stay readable."""

LAMP_FILL = {
    "green": GREEN,
    "yellow": YELLOW,
    "red": VERMILION,
    "black": "#111111",
    "grey": "#c3c9d0",
}
LAMP_LETTER = {"green": "G", "yellow": "Y", "red": "R", "black": "B", "grey": "?"}
LAMP_MARKER = {"green": "o", "yellow": "D", "red": "s", "black": "8", "grey": "o"}

WIDTH = 6.7
"""Width of a figure in inches; the text block of the page."""

TITLE = 0.34
"""Inches of a title's line."""

DPI = 150
"""Dots per inch of bitmaps."""

LINE = 28
"""Characters after which the name of a row is continued on a second line."""

STYLE: Any = {
    "svg.hashsalt": "floss-evaluator",
    "svg.fonttype": "path",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "axes.grid": False,
    "axes.unicode_minus": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "lines.linewidth": 1.6,
    "hatch.linewidth": 0.5,
    "path.simplify": True,
}


def drawn(
    draw: Callable[P, Figure | None],
) -> Callable[P, str]:
    """Run ``draw`` under the house style; its figure as SVG, ``""`` when there is nothing."""

    @wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> str:
        with matplotlib.rc_context(STYLE):
            figure = draw(*args, **kwargs)
            return "" if figure is None else _svg(figure)

    return wrapper


def files(
    drawing: Callable[P, str], name: str, title: str, *args: P.args, **kwargs: P.kwargs
) -> dict[str, bytes]:
    """What :func:`drawn` draws, under a title, as an SVG and a PNG file; {} if there is nothing."""
    with matplotlib.rc_context(STYLE):
        figure: Figure | None = inspect.unwrap(drawing)(*args, **kwargs)
        if figure is None:
            return {}
        _entitle(figure, title)
        bitmap = io.BytesIO()
        figure.savefig(bitmap, format="png", dpi=DPI, facecolor=PAPER)
        return {
            f"{name}.svg": _svg(figure, facecolor=PAPER).encode(),
            f"{name}.png": bitmap.getvalue(),
        }


def _entitle(figure: Figure, title: str) -> None:
    """Make room above what is drawn, and put the title there."""
    width, height = figure.get_size_inches()
    share = height / (height + TITLE)
    figure.set_size_inches(width, height + TITLE)
    for axes in figure.axes:
        x, y, w, h = axes.get_position().bounds
        axes.set_position((x, y * share, w, h * share))
    for legend in figure.legends:
        legend.set_bbox_to_anchor((0, 0, 1, share), transform=figure.transFigure)
    figure.text(0.015, (1 + share) / 2, label(title, 100), va="center", fontsize=9)


def _svg(figure: Figure, **how: Any) -> str:
    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(buffer, format="svg", metadata=metadata, **how)
    text = buffer.getvalue().decode("utf-8")
    return text[text.index("<svg") :]


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def label(text: str, most: int = 30) -> str:
    """A name as a figure may show it: cleaned, of bounded length, only glyphs that exist."""
    text = "".join(c if ord(c) in _glyphs() else "\ufffd" for c in clean(text))
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def margin(labels: list[str], size: float = 7.5) -> float:
    """Inches that the longest label needs at ``size`` points."""
    return 0.12 + max((len(text) for text in labels), default=0) * size * 0.6 / 72


def blocks(
    axes: Axes, boxes: Sequence[tuple[float, float, float, float]], fills: Sequence[str]
) -> None:
    """Rectangles (x, y, width, height) in one go: many times faster than a bar for each.

    The limits of the axes stay as they are.
    """
    corners = [[(x, y), (x + w, y), (x + w, y + h), (x, y + h)] for x, y, w, h in boxes]
    axes.add_collection(PolyCollection(corners, facecolors=fills, edgecolors="none"), autolim=False)


def bars_area(
    names: list[str],
    row: float = 0.3,
    *,
    top: float = 0.3,
    bottom: float = 0.5,
    right: float = 0.2,
) -> tuple[Figure, Axes]:
    """A chart of one row per name, read from top to bottom; long names take two lines."""
    labels = ["\n".join(textwrap.wrap(label(name, 2 * LINE), LINE)[:2]) for name in names]
    if any("\n" in text for text in labels):
        row = max(row, 0.31)
    height = top + bottom + row * max(1, len(labels))
    figure = Figure(figsize=(WIDTH, height))
    left = min(margin([part for text in labels for part in text.split("\n")]), WIDTH * 0.45)
    axes = figure.add_axes(
        (
            left / WIDTH,
            bottom / height,
            (WIDTH - left - right) / WIDTH,
            (height - top - bottom) / height,
        )
    )
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    return figure, axes
