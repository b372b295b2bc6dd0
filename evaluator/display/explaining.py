"""An explanation, laid out: who is ahead and why, what would turn it, what is not known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator import display
from evaluator.display.sheet import Block, Grid, Lines, Title, show
from evaluator.explain import Explanation
from evaluator.explain.model import Link, Side, Subject, Unknown
from evaluator.result import FactRow, SourceRow

MOST = 12
"""Rows of what would turn the order, or is not known, on a terminal; JSON has them all."""

DECIDED = {
    "filters": "Filters decided: one that is removed has no place, whatever its quality.",
    "effort": "Least effort decided between the two, so less quality can be the better place.",
    "quality": "Quality decided between the two.",
    "open": "Quality puts one before the other, but the draws cannot tell them apart: it is open.",
    "tie": "Nothing tells the two apart.",
    "nothing": "There is nothing to compare it with.",
}


def explanation(found: Explanation, format: display.Format) -> None:
    """Print an explanation; as CSV its contributions only."""
    if format is display.Format.json:
        display.print_json(found.model_dump(mode="json"))
    elif format is display.Format.csv:
        drop = {"links", "by_method", "mine", "other"}
        rows = [
            c.model_dump(exclude=drop)
            | {"source": " ".join(c.source)}
            | {f"{side}_{field}": getattr(getattr(c, side), field)
               for side in ("mine", "other") for field in ("value", "low", "high", "scaled")}
            for c in found.contributions
        ]  # fmt: skip
        display.print_rows(rows, format)
    else:
        show(list(_sheet(found)), format)


def _sheet(found: Explanation) -> Iterator[Block]:
    mine, other = found.subject, found.against
    place = f"{found.kind}, role {found.role}" if found.role else found.kind
    yield Title(f"{mine.name} ({place})" + (f" beside {other.name}" if other else ""))
    yield f"As of {found.as_of}, criteria {found.criteria}, attitude {found.attitude}."
    yield _places([mine, other] if other else [mine])
    yield DECIDED[found.decided_by]
    if found.rule and found.decided_by == "effort":
        yield f"{found.rule} Told apart means: better in {found.tell_apart:.0%} of the draws."
    for subject in (mine, other):
        if subject and subject.filters:
            yield from _filters(subject)
    if other is None or found.difference is None:
        return
    yield from _contributions(found, mine, other)
    yield from _chain(found)
    yield from _changes(found)
    yield _unknowns(found.unknowns)
    yield from _effort(mine, other)
    yield Lines("Sources", tuple(_source(row) for row in found.sources))
    yield f"Snapshot {found.snapshot}."


def _places(subjects: list[Subject]) -> Grid:
    return Grid(
        "",
        ("id", "outcome", "place", "quality", "effort", "score", "[5 %, 95 %]", "first in", "EUR"),
        tuple(
            (
                s.id,
                s.outcome,
                _whole(s.rank),
                _whole(s.quality_rank),
                _whole(s.effort_rank),
                "–" if s.score is None else f"{s.score:.3f}" + ("*" if s.rank is None else ""),
                "–" if s.score_low is None else f"{s.score_low:.2f}, {s.score_high:.2f}",
                "–" if s.first_rank_probability is None else f"{s.first_rank_probability:.1%}",
                f"{s.effort.median:,.0f}" if s.effort else "–",
            )
            for s in subjects
        ),
        right=("place", "quality", "effort", "score", "first in", "EUR"),
    )


def _whole(value: int | None) -> str:
    return "–" if value is None else str(value)


def _filters(subject: Subject) -> Iterator[Block]:
    statements = {row.key: row for row in subject.statements}
    yield Grid(
        f"What keeps {subject.id} out: every filter",
        ("stage", "filter", "reason"),
        tuple((f.stage, f.filter, f.text) for f in subject.filters),
    )
    if subject.only_by:
        yield f"It is out by {subject.only_by} alone: change one side of that, and it is ranked."
    else:
        yield "All of them must change before it is ranked: for each, one of these statements."
    compared = dict.fromkeys(key for f in subject.filters for key in f.facts)
    yield _statements("Statements behind the filters", [statements[k] for k in compared])
    if subject.score is not None and subject.rank is None:
        yield f"* Had it stayed, its quality would have been {subject.score:.3f}."


def _statements(title: str, rows: list[FactRow]) -> Lines:
    return Lines(
        title, tuple(f"{r.key}: {r.value} ({', '.join(r.source)}) {r.where}" for r in rows)
    )


def _source(row: SourceRow) -> str:
    if row.outcome != "ok":
        return f"{row.id}: {row.url} {row.outcome}: {row.reason}"
    head = f"head {row.head}, " if row.head else ""
    return f"{row.id}: {row.url} {head}{row.items} items to {row.last}, retrieved {row.retrieved}"


def _contributions(found: Explanation, mine: Subject, other: Subject) -> Iterator[Block]:
    yield Grid(
        "What each criterion contributes",
        ("criterion", "points", "weight", "typed", "mine", "other", "unit", "scaled"),
        (
            *(
                (
                    c.name,
                    f"{c.points:+.4f}",
                    f"{c.effective:.3f}",
                    f"{c.typed:g}",
                    _side(c.mine),
                    _side(c.other),
                    c.unit,
                    f"{c.mine.scaled:.2f} : {c.other.scaled:.2f}",
                )
                for c in found.contributions
            ),
            ("sum", f"{found.difference or 0:+.4f}", "", "", "", "", "", ""),
        ),
        right=("points", "weight", "typed"),
    )
    yield (
        f"Points of the score of {mine.id} less that of {other.id}, by {', '.join(found.methods)}: "
        "Shapley values, the effect of its own value in place of the other's, averaged over all "
        "orders in which criteria can be exchanged. They sum to the difference exactly; for the "
        "weighted sum they are weight times difference of the scaled values."
    )
    if found.left_out:
        yield f"Part of the score, but not of the points: {', '.join(found.left_out)}."


def _side(side: Side) -> str:
    mark = " ?" if side.assumed else ""
    ends = f" [{_figure(side.low)}, {_figure(side.high)}]" if side.low < side.high else ""
    return f"{_figure(side.value)}{ends}{mark}"


def _figure(value: float) -> str:
    return f"{value:.4g}"


def _chain(found: Explanation) -> Iterator[Block]:
    """Down to metric, fact and source; of what both share only what decided a cell."""
    yield Title("Behind each criterion")
    for c in found.contributions:
        links = [link for link in c.links if link.of != "both"]
        deciding = {*c.mine.via, *c.other.via}
        links = links or [link for link in c.links if link.component in deciding][:3]
        why = f", {c.reason}" if c.reason else ""
        yield Lines(
            f"{c.name} {c.points:+.4f} (weight {c.typed:g}: {', '.join(c.source)}{why}) {c.where}",
            tuple(_link(link, found) for link in _different(links)),
        )


def _different(links: list[Link]) -> list[Link]:
    """Without functions to which both say the same: they differ in who provides them only."""
    said: dict[str, set[object]] = {}
    for link in links:
        said.setdefault(link.name, set()).add(link.value)
    return [x for x in links if x.kind != "function" or len(said[x.name]) > 1 or x.value != "yes"]


def _link(link: Link, found: Explanation) -> str:
    whose = {found.subject.id: "mine", "both": "both"}.get(link.of, "other")
    value = link.outcome if link.value is None else link.value
    shown = f"{value:.4g} {link.unit}".strip() if isinstance(value, float | int) else value
    if link.low is not None and link.high is not None and link.low < link.high:
        shown += f" [{_figure(link.low)}, {_figure(link.high)}]"
    told = [f"n = {link.n}" if link.n is not None else "", link.window, link.note]
    told += [f"data: {', '.join(link.quality)}" if link.quality else ""]
    told += [f"source {', '.join(link.sources)}" if link.sources else ""]
    aside = "; ".join(t for t in told if t)
    name = f"{link.component or 'nobody'}, {link.kind} {link.name}"
    return f"{whose}: {name}: {shown} ({aside}) {link.where}"


def _changes(found: Explanation) -> Iterator[Block]:
    yield Title("What would turn the order")
    if not found.weight_changes:
        yield "No change of one weight, from 0 to all of it, turns the order in quality."
    yield Grid(
        "One weight (the others keep their proportions), the smallest change first",
        ("criterion", "weight", "needed", "change", "typed", "to type", "others times"),
        tuple(
            (
                w.criterion, f"{w.effective:.3f}", f"{w.needed:.3f}",
                f"{w.needed - w.effective:+.3f}", f"{w.typed:g}",
                f"{w.typed_needed:.6g}", f"{w.others_times:.6g}",
            )
            for w in found.weight_changes[:MOST]
        ),
        right=("weight", "needed", "change", "typed", "to type", "others times"),
    )  # fmt: skip
    if not found.value_changes:
        yield "No change of one value, over the range of its column, turns the order in quality."
    yield Grid(
        "One value, those that may already be so first",
        ("criterion", "of", "value", "needed", "unit", "is that possible?"),
        tuple(
            (
                v.criterion, v.of, _figure(v.value), f"{v.needed:.4g}{_raw(v.needed, v.unit)}",
                v.unit,
                "inside its interval" if v.within == "interval" else "inside the column's range",
            )
            for v in found.value_changes[:MOST]
        ),
        right=("value",),
    )  # fmt: skip


def _raw(value: float, unit: str) -> str:
    """What a logarithm stands for, in the unit of the metric."""
    inner = re.fullmatch(r"log10\(1 \+ (.*)\)", unit)
    return f" (about {10**value - 1:.3g} {inner[1]})" if inner else ""


def _unknowns(unknowns: list[Unknown]) -> Grid:
    missing = [u for u in unknowns if u.missing or u.turns]
    return Grid(
        "What is not known, and what it could do: get the first one first",
        ("criterion", "component", "may be", "score of mine", "lead of mine", "turns the order"),
        tuple(
            (
                u.criterion,
                u.component,
                f"{_figure(u.low)} to {_figure(u.high)} {u.unit}"
                if u.low < u.high
                else "anything: nobody's is known",
                f"{u.score[0]:.3f} to {u.score[1]:.3f}" if u.low < u.high else "–",
                f"{u.difference[0]:+.4f} to {u.difference[1]:+.4f}" if u.low < u.high else "–",
                "yes" if u.turns else "no" if u.low < u.high else "cannot be said",
            )
            for u in (missing + [u for u in unknowns if u not in missing])[:MOST]
        ),
    )


PARTS = ("money", "adopt", "switch", "run", "mental")


def _effort(mine: Subject, other: Subject) -> Iterator[Block]:
    if mine.effort is None or other.effort is None:
        return
    a, b = mine.effort, other.effort
    yield Grid(
        "Effort in EUR over the horizon (median; means of the parts)",
        ("part", "mine", "other", "difference"),
        tuple(
            (name, f"{x:,.0f}", f"{y:,.0f}", f"{x - y:+,.0f}")
            for name, x, y in [
                ("median", a.median, b.median),
                *((part, getattr(a, part), getattr(b, part)) for part in PARTS),
            ]
        ),
        right=("mine", "other", "difference"),
    )
    more, less = (mine, other) if a.median > b.median else (other, mine)
    if a.median != b.median:
        yield (
            f"{more.id} would have to cost {abs(a.median - b.median):,.0f} EUR less, or {less.id} "
            "as much more, to turn the order in effort."
        )
    yield _statements(
        "Inputs of the effort",
        [r for s in (mine, other) for r in s.statements if r.key.startswith(f"stacks.{s.id}.eff")],
    )
