"""What the decision tells: ranks, quality against effort, effort's parts, the profile."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evaluator.report.case import Case
from evaluator.report.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    RULE,
    SKY,
    VERMILION,
    WIDTH,
    YELLOW,
    bars_area,
    blocks,
    drawn,
    label,
)
from evaluator.result import StackResult

RANK_FILLS = ("#08306b", "#2171b5", "#56a0ce", "#9ecae1", "#d2e3f3")
REST_FILL = "#eceff3"
EFFORT_PARTS = (
    ("money", "money", BLUE, ""),
    ("adopt", "adoption", ORANGE, "//"),
    ("switch", "switching", SKY, ""),
    ("run", "running", YELLOW, "--"),
    ("mental", "mental load", PURPLE, "xx"),
)


@drawn
def acceptability(case: Case) -> Figure | None:
    """Share of the draws in which a stack took each rank."""
    stacks = [s for s in case.ranked if s.rank_acceptability]
    sure = all(share in (0.0, 1.0) for s in stacks for share in s.rank_acceptability)
    if len(stacks) < 2 or sure:
        return None
    return _acceptability([(s.name, s.rank_acceptability) for s in stacks])


@drawn
def acceptability_of(rows: Sequence[tuple[str, Sequence[float]]]) -> Figure | None:
    """Shares of the draws in which anything named took each rank."""
    return _acceptability(rows) if rows else None


def _acceptability(rows: Sequence[tuple[str, Sequence[float]]]) -> Figure:
    figure, axes = bars_area([name for name, _ in rows], 0.32, top=0.42)
    named = min(len(RANK_FILLS), max(len(shares) for _, shares in rows))
    boxes, fills_used = [], []
    for at, (_, shares) in enumerate(rows):
        left = 0.0
        parts = [*shares[:named], sum(shares[named:])]
        for rank, share in enumerate(parts):
            if share <= 0:
                continue
            boxes.append((left, at - 0.33, share, 0.66))
            fills_used.append(RANK_FILLS[rank] if rank < named else REST_FILL)
            if share >= 0.06:
                axes.text(
                    left + share / 2,
                    at,
                    f"{100 * share:.0f}",
                    ha="center",
                    va="center_baseline",
                    fontsize=6.5,
                    color="#ffffff" if rank < 2 else "#111111",
                )
            left += share
    blocks(axes, boxes, fills_used)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.0f}"))
    axes.set_xlabel("share of the draws (%)")
    names = [f"rank {r + 1}" for r in range(named)]
    fills = list(RANK_FILLS[:named])
    if max(len(shares) for _, shares in rows) > named:
        names.append("later")
        fills.append(REST_FILL)
    handles = [Patch(facecolor=fill, edgecolor=MUTED, linewidth=0.3) for fill in fills]
    figure.legend(
        handles, names, loc="upper center", ncols=len(names), handlelength=1, columnspacing=1.2
    )
    return figure


@drawn
def quality_effort(case: Case) -> Figure | None:
    """Score against effort; bars span what the uncertainty leaves open."""
    stacks = [(s, s.effort) for s in case.ranked if s.score is not None and s.effort]
    if len(stacks) < 2:
        return None
    legend = 0.19 * len(stacks) + 0.1
    height = 3.3 + legend
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0.62 / WIDTH, 0.5 / height, (WIDTH - 0.8) / WIDTH, 2.7 / height))
    handles = []
    for stack, effort in stacks:
        score = stack.score or 0.0
        chosen = stack.id == case.evaluation.selection.winner
        colour, x = VERMILION if chosen else BLUE, effort.median / 1000
        axes.plot([effort.low / 1000, effort.high / 1000], [score, score], color=colour, lw=0.9)
        if stack.score_low is not None and stack.score_high is not None:
            axes.plot([x, x], [stack.score_low, stack.score_high], color=colour, lw=0.9)
        (handle,) = axes.plot(
            [x],
            [score],
            "s" if chosen else "o",
            color=colour,
            markersize=9,
            markeredgecolor=INK,
            markeredgewidth=0.5,
            zorder=4,
        )
        # the number sits on the mark and the name in the legend, where no line can cross them
        axes.text(
            x,
            score,
            str(stack.rank),
            ha="center",
            va="center_baseline",
            fontsize=6.5,
            fontweight="bold",
            color="#ffffff",
            zorder=5,
        )
        handles.append((handle, f"{stack.rank}  {label(stack.name, 80)}"))
    axes.set_xlim(0, max(effort.high for _, effort in stacks) / 1000 * 1.06)
    axes.margins(y=0.12)
    axes.grid()
    axes.set_xlabel("effort over the horizon (thousand EUR; left is better)")
    axes.set_ylabel("quality score (up is better)")
    figure.legend(
        [h for h, _ in handles],
        [name for _, name in handles],
        loc="upper left",
        bbox_to_anchor=(0.5 / WIDTH, 1.0),
        borderaxespad=0,
        labelspacing=0.6,
    )
    return figure


@drawn
def effort_parts(case: Case) -> Figure | None:
    """Mean effort of each stack, by part, in thousand EUR."""
    found = [(s, s.effort) for s in case.evaluation.stacks if s.effort]
    stacks = sorted(found, key=lambda pair: (pair[1].median, pair[0].id))
    if not stacks:
        return None
    names = [s.name + ("\u00a0*" if s.outcome == "removed" else "") for s, _ in stacks]
    figure, axes = bars_area(names, 0.28, top=0.42)
    left = [0.0] * len(stacks)
    for part, _, colour, hatch in EFFORT_PARTS:
        sizes = [getattr(effort, part) / 1000 for _, effort in stacks]
        axes.barh(
            range(len(stacks)),
            sizes,
            left=left,
            height=0.62,
            color=colour,
            hatch=hatch,
            edgecolor=INK,
            linewidth=0.3,
        )
        left = [a + b for a, b in zip(left, sizes, strict=True)]
    handles = [
        Patch(facecolor=c, hatch=h, edgecolor=INK, linewidth=0.3) for _, _, c, h in EFFORT_PARTS
    ]
    figure.legend(
        handles,
        [name for _, name, _, _ in EFFORT_PARTS],
        loc="upper center",
        ncols=len(EFFORT_PARTS),
        handlelength=1.4,
        columnspacing=1.2,
    )
    axes.set_xlabel("mean effort over the horizon (thousand EUR); * removed by a filter")
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.grid(axis="x")
    return figure


def profile_rows(case: Case) -> list[tuple[str, float, float | None]]:
    """Places of winner and runner-up per criterion, from the worst (0) to the best (1) value.

    The range is that of all stacks, removed ones included, since often only a few are ranked;
    criteria on which the two are equal are left out.
    """
    winner, rival = case.winner, case.runner_up
    if winner is None:
        return []

    def middle(stack: StackResult, criterion: str) -> float | None:
        for cell in stack.values:
            if cell.criterion == criterion:
                return cell.value if cell.value is not None else (cell.low + cell.high) / 2
        return None

    rows: list[tuple[str, float, float | None]] = []
    for weight in sorted(case.evaluation.weights, key=lambda w: (-w.effective, w.criterion)):
        known = [
            v for s in case.evaluation.stacks if (v := middle(s, weight.criterion)) is not None
        ]
        own = middle(winner, weight.criterion)
        if own is None or min(known) == max(known):
            continue
        low, high = min(known), max(known)
        if weight.direction == "min":
            low, high = high, low
        other = middle(rival, weight.criterion) if rival else None
        if other == own:
            continue
        rows.append(
            (
                weight.name,
                (own - low) / (high - low),
                None if other is None else (other - low) / (high - low),
            )
        )
    return rows


@drawn
def profile(case: Case) -> Figure | None:
    """Winner and runner-up on each criterion, between the worst and the best stack."""
    rows = profile_rows(case)
    if not rows or case.winner is None:
        return None
    figure, axes = bars_area([name for name, _, _ in rows], 0.25, top=0.4)
    for at, (_, own, other) in enumerate(rows):
        axes.plot([0, 1], [at, at], color=RULE, linewidth=0.6, zorder=1)
        if other is not None:
            axes.plot([own, other], [at, at], color=MUTED, linewidth=1.6, zorder=2)
            axes.plot(
                [other],
                [at],
                "o",
                color=SKY,
                markersize=6,
                markeredgecolor=INK,
                markeredgewidth=0.5,
                zorder=3,
            )
        axes.plot(
            [own],
            [at],
            "s",
            color=VERMILION,
            markersize=5,
            markeredgecolor=INK,
            markeredgewidth=0.5,
            zorder=4,
        )
    axes.set_xlim(-0.04, 1.04)
    axes.set_xticks(
        [0, 0.5, 1], [f"worst of all {case.subject}s", "", f"best of all {case.subject}s"]
    )
    ends = axes.get_xticklabels()
    ends[0].set_horizontalalignment("left")
    ends[-1].set_horizontalalignment("right")
    names = [case.winner.name, *([case.runner_up.name] if case.runner_up else [])]
    handles = [
        axes.plot([], [], marker, color=colour, markeredgecolor=INK, markeredgewidth=0.5)[0]
        for marker, colour in (("s", VERMILION), ("o", SKY))[: len(names)]
    ]
    figure.legend(
        handles, [label(n, 44) for n in names], loc="upper center", ncols=2, columnspacing=2
    )
    return figure
