"""A comparison of two runs, laid out: the causes first, then everything that differs."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator import display
from evaluator.diff import Comparison
from evaluator.diff.model import Change
from evaluator.display.sheet import Block, Grid, Lines, Title, show

MOST = 25
"""Rows of one kind on a terminal; JSON and CSV have them all."""

KINDS = {
    "run": "Run", "software": "Software", "file": "Files", "fact": "Statements",
    "source": "Sources", "weight": "Weights", "method": "Methods", "decision": "Decision",
    "metric": "Metrics", "light": "Lights", "cell": "Cells of the matrix", "filters": "Filters",
    "effort": "Efforts", "score": "Scores", "rank": "Ranks", "winner": "Winner",
}  # fmt: skip


def comparison(found: Comparison, format: display.Format) -> None:
    """Print a comparison; as CSV its changes only."""
    if format is display.Format.json:
        display.print_json(found.model_dump(mode="json"))
    elif format is display.Format.csv:
        display.print_rows([change.model_dump() for change in found.changes], format)
    else:
        show(list(_sheet(found)), format)


def _sheet(found: Comparison) -> Iterator[Block]:
    a, b = found.before, found.after
    yield Title(f"From {a.criteria} as of {a.as_of} to {b.criteria} as of {b.as_of}")
    yield from found.notes
    if not found.changes:
        yield "Nothing changed."
        return
    if a.winner == b.winner:
        yield f"The winner is the same: {a.winner or 'none'}."
    else:
        yield f"The winner was {a.winner or 'none'} and is now {b.winner or 'none'}."
    yield from _causes(found)
    by_kind: dict[str, list[Change]] = {}
    for change in found.changes:
        by_kind.setdefault(change.kind, []).append(change)
    order = ["winner", "rank", "score", "filters", "effort"]
    for kind in [*order, *(k for k in KINDS if k not in order)]:
        rows = by_kind.get(kind, [])
        more = f", {MOST} of {len(rows)}" if len(rows) > MOST else ""
        yield Lines(
            f"{KINDS[kind]}{more}",
            tuple(
                f"{c.subject}: {c.before or '–'} → {c.after or '–'} {c.where}".rstrip()
                for c in rows[:MOST]
            ),
        )


def _causes(found: Comparison) -> Iterator[Block]:
    yield Title("What caused it")
    if not found.causes:
        yield "The order is the same."
    for cause in found.causes:
        if not cause.sets:
            yield f"No set of inputs that both runs hold gives the new {cause.target} again."
            continue
        ways = " or ".join(" + ".join(chosen) for chosen in cause.sets)
        bound = "is enough" if cause.smallest else "is enough, and no part of it can be left out"
        yield f"For the new {cause.target}, taking only this from the second run {bound}: {ways}."
    if any("told apart" in chosen for cause in found.causes for chosen in cause.sets):
        yield (
            "'Told apart' is which stacks the draws cannot separate in quality, so that effort "
            "decides; it follows from the weights and columns that changed."
        )
    turned = {cause.target for cause in found.causes}
    singles = [
        s
        for s in found.singles
        if ("winner" in turned and s.gives_winner) or ("order" in turned and s.gives_order)
    ]
    yield Grid(
        "Inputs that alone turn it, in place of the first run's",
        ("input", "winner then", "gives the new winner", "gives the new order"),
        tuple(
            (s.group, s.winner or "none", _yes(s.gives_winner), _yes(s.gives_order))
            for s in singles
        ),
    )
    yield Grid(
        "How each input moved the scores (Shapley values; they sum to the change; a value that "
        "did not change moves a score when the scale of its column, which all span, did)",
        ("stack", "before", "after", "inputs"),
        tuple(
            (
                s.stack,
                f"{s.before:.4f}",
                f"{s.after:.4f}",
                ", ".join(
                    f"{g} {v:+.4f}"
                    for g, v in sorted(s.groups.items(), key=lambda x: -abs(x[1]))
                    if abs(v) >= 0.00005
                ),
            )
            for s in found.shares
        ),
        right=("before", "after"),
    )
    yield Lines(
        "Down to what moved, and why",
        tuple(
            f"{t.group}: {t.subject}, {t.what}: {t.before or '–'} → {t.after or '–'}"
            + (f", because of {'; '.join(t.because)}" if t.because else "")
            for t in found.traces
        ),
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"
