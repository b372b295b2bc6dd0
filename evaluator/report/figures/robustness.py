"""What shakes the winner's lead: a tornado chart."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from evaluator.report.figures.canvas import BLUE, INK, MUTED, ORANGE, bars_area, blocks, drawn
from evaluator.result.robustness import TornadoBar


@drawn
def tornado(bars: Sequence[tuple[str, TornadoBar]], lead: float) -> Figure | None:
    """The lead at the low and at the high end of each named input, around the lead as it stands."""
    if not bars:
        return None
    figure, axes = bars_area([name for name, _ in bars], 0.26, top=0.35)
    boxes, fills = [], []
    for at, (_, bar) in enumerate(bars):
        for end, fill, shift in ((bar.margin_low, ORANGE, -0.3), (bar.margin_high, BLUE, 0.0)):
            boxes.append((lead, at + shift, end - lead, 0.3))
            fills.append(fill)
    blocks(axes, boxes, fills)
    ends = [lead, 0.0, *(b.margin_low for _, b in bars), *(b.margin_high for _, b in bars)]
    space = 0.04 * (max(ends) - min(ends) or 1.0)
    axes.set_xlim(min(ends) - space, max(ends) + space)
    axes.axvline(lead, color=INK, lw=0.7)
    axes.axvline(0, color=MUTED, lw=0.7, ls=":")
    axes.set_xlabel("lead of the first over the best other (index 0 to 1; dotted: none)")
    handles = [
        Patch(facecolor=ORANGE, label="input at its low end"),
        Patch(facecolor=BLUE, label="input at its high end"),
    ]
    figure.legend(handles=handles, loc="upper center", ncols=2, handlelength=1)
    return figure
