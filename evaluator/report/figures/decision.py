"""Plots of anybody's decision: ranks by method, shares of ranks, weights, and what shakes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from evaluator.rank.decide import Decided
from evaluator.report.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    RULE,
    bars_area,
    blocks,
    drawn,
    files,
    label,
)
from evaluator.report.figures.ranking import RANK_FILLS, REST_FILL, acceptability_of
from evaluator.report.figures.robustness import tornado
from evaluator.result.robustness import TornadoBar, WeightInterval

MOST = 25
"""Rows of a plot."""
HEAD_INCHES = 0.066
"""Inches of a character at the head of a column, which stands upright."""


def plots(found: Decided) -> dict[str, bytes]:
    """Files by name, each plot as SVG and PNG; those that have something to show."""
    if found.ranks is None:
        return {}
    names = found.problem.alternatives
    title = found.decision.title or "Decision"
    order = [int(i) for i in np.lexsort((np.arange(len(names)), found.ranks))[:MOST]]
    some = f", the first {MOST} of {len(names)}" if len(names) > MOST else ""
    methods = [(n, j.ranks) for n, j in found.judgements.items() if j.ranks is not None]
    rows = [(names[i], int(found.ranks[i]), [int(ranks[i]) for _, ranks in methods]) for i in order]
    made = files(
        ranks_by_method,
        "ranks",
        f"{title}: ranks by method{some}",
        rows,
        [name for name, _ in methods],
    )
    if found.around is not None:
        shares = dict(zip(found.contenders, found.around.acceptability.tolist(), strict=True))
        made |= files(
            acceptability_of,
            "acceptability",
            f"{title}: ranks in {found.around.draws} draws around the typed weights{some}",
            [(names[i], shares[names[i]]) for i in order],
        )
    if found.robustness is None:
        return made
    leaves = found.decision.leaves
    shown = {key: leaf.name or key for key, leaf in leaves.items()}
    stability, shaken = found.robustness.stability, found.robustness.tornado
    made |= files(
        weight_stability,
        "weights",
        f"{title}: weights under which {label(stability.leader)} stays first",
        [(shown[i.criterion], i) for i in stability.intervals[:MOST]],
    )
    made |= files(
        tornado,
        "tornado",
        f"{title}: lead of {label(shaken.winner)}, one input at a time",
        [(_input(shown, bar), bar) for bar in shaken.bars[:MOST]],
        shaken.margin or 0.0,
    )
    return made


def _input(shown: dict[str, str], bar: TornadoBar) -> str:
    owner = f" of {bar.of}" if bar.of else ", weight"
    return f"{shown[bar.criterion]}{owner} {bar.low:.3g} – {bar.high:.3g}"


@drawn
def ranks_by_method(
    rows: Sequence[tuple[str, int, Sequence[int]]], methods: Sequence[str]
) -> Figure | None:
    """Rank of each alternative by their consensus and by each method, the darker the better."""
    if not rows or not methods:
        return None
    heads = [label(name, 24) for name in ("consensus", *methods)]
    top = 0.1 + max(len(head) for head in heads) * HEAD_INCHES
    figure, axes = bars_area([name for name, _, _ in rows], 0.27, top=top, bottom=0.12)
    boxes, fills = [], []
    for at, (_, consensus, ranks) in enumerate(rows):
        for column, rank in enumerate((consensus, *ranks)):
            boxes.append((column + 0.02, at - 0.46, 0.96, 0.92))
            fills.append(RANK_FILLS[rank - 1] if rank <= len(RANK_FILLS) else REST_FILL)
            axes.text(
                column + 0.5, at, str(rank), ha="center", va="center_baseline", fontsize=6.5,
                color="#ffffff" if rank <= 2 else "#111111",
                fontweight="normal" if column else "bold",
            )  # fmt: skip
    blocks(axes, boxes, fills)
    axes.set_xlim(0, len(heads))
    axes.xaxis.tick_top()
    axes.set_xticks([at + 0.5 for at in range(len(heads))], heads, rotation=90)
    axes.tick_params(axis="x", length=0)
    for side in ("bottom", "left"):
        axes.spines[side].set_visible(False)
    return figure


@drawn
def weight_stability(rows: Sequence[tuple[str, WeightInterval]]) -> Figure | None:
    """Between which weights of each criterion the leader stays first."""
    if not rows:
        return None
    figure, axes = bars_area([name for name, _ in rows], 0.3, top=0.12, right=1.6)
    for at, (_, interval) in enumerate(rows):
        low, high = interval.lower.weight, interval.upper.weight
        axes.plot([0, 1], [at, at], color=RULE, lw=1)
        axes.plot(
            [low or 0.0, 1.0 if high is None else high], [at, at], color=BLUE, lw=5,
            solid_capstyle="butt",
        )  # fmt: skip
        axes.plot([interval.weight], [at], "D", color=ORANGE, ms=5, mec=INK, mew=0.5)
        ends = [end for end in (interval.lower, interval.upper) if end.weight is not None]
        if ends:
            near = min(ends, key=lambda end: abs((end.weight or 0.0) - interval.weight))
            text = "then " + label(", ".join(near.takes_over), 24)
        else:
            text = "never changes"
        axes.text(1.03, at, text, va="center_baseline", fontsize=7, color=MUTED)
    axes.set_xlim(0, 1)
    axes.set_xlabel("weight, the others in proportion (diamond: as it is; bar: the leader stays)")
    return figure
