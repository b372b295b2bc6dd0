"""Chapter 11: what shakes the ranking, and what does not."""

from __future__ import annotations

from evaluator.rank.stability import RESOLUTION, STEP
from evaluator.report.case import Case
from evaluator.report.chapters import shaking
from evaluator.report.chapters.shaking import SHOWN, Names, not_there
from evaluator.report.document import (
    Block,
    Cell,
    Chapter,
    Column,
    Heading,
    Missing,
    Paragraph,
    Ref,
    Table,
    cite,
)
from evaluator.report.prose import count, enumeration, number, number_cell, percent, text_cell
from evaluator.result.robustness import (
    Robustness,
    WeightEnd,
    WeightInterval,
)
from evaluator.study.fact import OURS


def robustness(case: Case) -> tuple[Chapter, ...]:
    """The chapter; none where there is no order that could be shaken."""
    found = case.evaluation.robustness
    if found is None or len(found.contenders) < 2:
        return ()
    names = Names(case)
    methods = [m.name for m in case.evaluation.methods if m.id in found.panel]
    others = (
        f"{count(found.references, f'removed {case.subject}').capitalize()} still "
        f"{'spans' if found.references == 1 else 'span'} the scales. "
        if found.references
        else ""
    )
    blocks: list[Block] = [
        Paragraph(
            (
                "A ranking is only worth as much as what it withstands. This chapter shakes the "
                f"quality ranking of the {len(found.contenders)} contenders by "
                f"{enumeration(methods)}: one number at a time, all at once, and by other fields "
                f"of contenders. {others}The lead is the mean index of the first less that of "
                "the best other; that we shake this lead, and how far, is ours",
                cite(OURS),
                ".",
            )
        ),
        *_orders(case, found, names),
        *_weights(found, names),
        *_stability(found, names),
        *shaking.tornado(found, names),
        *shaking.sobol(found, names),
        *shaking.reversal(found, names),
    ]
    return (Chapter("robustness", "Robustness of the ranking", tuple(blocks)),)


# --- orders ---------------------------------------------------------------------------------


def _orders(case: Case, found: Robustness, names: Names) -> list[Block]:
    heading, orders = "Do the methods agree?", found.orders
    if orders.outcome != "ok":
        return not_there(heading, orders)
    words = [orders.text]
    if orders.condorcet:
        words.append(
            f"A majority of them prefers {names.stack(orders.condorcet)} to every other one."
        )
    else:
        words.append("None is preferred to every other one by a majority of them.")
    words.append(
        "The consensus orders contradict each other on no pair: how the methods' votes are counted "
        "does not matter."
        if orders.agree
        else "The consensus orders differ: how the methods' votes are counted matters, and no one "
        "way of counting is right."
    )
    if orders.kemeny_orders > 1:
        words.append(
            f"{orders.kemeny_orders} orders are equally close to the methods; the one printed "
            "follows the Borda scores (ours)."
        )
    kemeny = f" Kemeny: {orders.kemeny_reason}." if orders.kemeny_reason else ""
    return [
        Heading(heading),
        Paragraph((" ".join(words) + " ", Ref("consensus-orders"), " shows them.")),
        Table(
            "consensus-orders",
            "Which order do the methods give together, by three ways of counting?",
            (
                Column(case.subject.capitalize(), share=2.4),
                Column("Borda", "right", 0.7),
                Column("points", "right", 0.7),
                Column("Copeland", "right", 0.8),
                Column("points", "right", 0.7),
                Column("Kemeny", "right", 0.8),
            ),
            tuple(
                (
                    text_cell(names.stack(key)),
                    number_cell(place, digits=0),
                    number_cell(orders.borda_scores[key]),
                    number_cell(orders.copeland[key], digits=0),
                    number_cell(orders.copeland_scores[key]),
                    number_cell(orders.kemeny.get(key), digits=0),
                )
                for key, place in orders.borda.items()
            ),
            layout="small",
            note=(
                "Borda",
                cite("borda-1781"),
                " counts whom each one outranks in all methods, Copeland",
                cite("copeland-1951"),
                " over whom it has a majority, Kemeny",
                cite("kemeny-1959"),
                " takes the order with the fewest pairs against the methods.",
                kemeny,
            ),
        ),
    ]


# --- weights --------------------------------------------------------------------------------


def _weights(found: Robustness, names: Names) -> list[Block]:
    heading, part = "Who would choose which?", found.smaa
    if part.outcome != "ok":
        return not_there(heading, part)
    shown = sorted(part.rank_acceptability, key=lambda k: -part.rank_acceptability[k][0])[:SHOWN]
    first = shown[0]
    never = [k for k in shown if not part.central_weights[k]]
    words = (
        f"Of somebody whose weights are unknown, {names.stack(first)} is the likeliest first "
        f"choice: {percent(part.rank_acceptability[first][0])} of all weights lead to it"
    )
    if never:
        words += f", and none to {names.stacks(never)}"
    unanswered = (
        f" {number(part.unanswered, 0)} draws had no answer and count nowhere."
        if part.unanswered
        else ""
    )
    return [
        Heading(heading),
        Paragraph(
            (
                words + ". Who knows better what matters finds in ",
                Ref("central-weights"),
                " the weights that typically lead to each; that is SMAA-2",
                cite("lahdelma-salminen-2001"),
                ". Here nothing is assumed of the weights, unlike in ",
                Ref("results"),
                ", where they vary around ours.",
            )
        ),
        Table(
            "central-weights",
            "Which weights typically put which contender first?",
            (
                Column("Contender", share=1.6),
                Column("First in", "right", 0.6),
                Column("Confidence", "right", 0.8),
                Column("Weighed most", share=2.6),
            ),
            tuple(
                (
                    text_cell(names.stack(key)),
                    Cell((percent(part.rank_acceptability[key][0]),)),
                    _share(part.confidence[key]),
                    _central(part.central_weights[key], names),
                )
                for key in shown
            ),
            layout="small",
            note=(
                f"First in: share of {number(part.draws, 0)} draws of weights, all equally likely, "
                "and of uncertain values. Confidence: how often it comes first under its central "
                "weights while the values vary "
                f"(n = {number(part.confidence_draws, 0)} draws); low means that the data, "
                f"not the weights, are too unsure.{unanswered}",
            ),
            cards=True,
        ),
    ]


def _share(share: float | None) -> Cell:
    return Cell((Missing("never first"),)) if share is None else Cell((percent(share),), share)


def _central(weights: dict[str, float], names: Names) -> Cell:
    if not weights:
        return Cell((Missing("never first"),))
    heaviest = sorted(weights, key=lambda key: -weights[key])[:3]
    parts = [f"{names.criteria.get(c, c)} {percent(weights[c])}" for c in heaviest]
    return text_cell(", ".join(parts))


# --- stability ------------------------------------------------------------------------------


def _stability(found: Robustness, names: Names) -> list[Block]:
    heading, part = "How far may each weight move?", found.stability
    if part.outcome != "ok":
        return not_there(heading, part)
    least = next((i for i in part.intervals if i.criterion == part.smallest), None)
    leader = names.stack(part.leader)
    words: list[str] = []
    if part.left_out:
        words.append(
            f"Not asked here, for want of an answer where a weight is 0 or 1: "
            f"{enumeration(part.left_out)}."
        )
    if part.tied:
        words.append(f"{leader} shares the first place with {names.stacks(part.tied)}.")
    if least is None:
        words.append(f"No single weight, however it moves, takes the first place from {leader}.")
    else:
        nearest = min(
            (e for e in (least.lower, least.upper) if e.weight is not None),
            key=lambda e: abs((e.weight or 0.0) - least.weight),
        )
        others = sum(1 for i in part.intervals if not _ends(i))
        words.append(
            f"The order is most sensitive to {names.criteria.get(least.criterion)}: at a weight of "
            f"{_weight(nearest.weight)} instead of {_weight(least.weight)}, "
            f"{names.stacks(nearest.takes_over)} would be first."
        )
        if others:
            words.append(
                f"{count(others, 'criterion', 'criteria').capitalize()} cannot change the first "
                "place at any weight."
            )
    how = (
        "The ends follow by algebra, since the index is linear in the weights. "
        if part.exact
        else f"The ends were looked for in steps of {STEP:g} and narrowed down to "
        f"{RESOLUTION * 1e6:.0f} millionth; what begins and ends within a step is not seen (ours). "
    )
    returns = any(e.returns for i in part.intervals for e in (i.lower, i.upper))
    if returns:
        how += "Where marked *, the old leader comes back further on. "
    rows = sorted(part.intervals, key=lambda i: (not _ends(i), _nearest(i)))
    return [
        Heading(heading),
        Paragraph((" ".join(words) + " ", Ref("weight-stability"), " has all of them.")),
        Table(
            "weight-stability",
            "Within which weights does the first stay first? The others keep their ratios.",
            (
                Column("Criterion", share=1.4),
                Column("Weight", "right", 0.6),
                Column("Down to", "right", 0.6),
                Column("then first", share=1.5),
                Column("Up to", "right", 0.6),
                Column("then first", share=1.5),
            ),
            tuple(
                (
                    text_cell(names.criteria.get(i.criterion, i.criterion)),
                    Cell((_weight(i.weight),), i.weight),
                    *_end(i.lower, names, "0"),
                    *_end(i.upper, names, "100"),
                )
                for i in rows
            ),
            layout="small",
            note=(how.strip(),),
        ),
    ]


def _ends(interval: WeightInterval) -> bool:
    return interval.lower.weight is not None or interval.upper.weight is not None


def _nearest(interval: WeightInterval) -> float:
    ends = (interval.lower.weight, interval.upper.weight)
    return min((abs(e - interval.weight) for e in ends if e is not None), default=1.0)


def _weight(weight: float | None) -> str:
    return f"{number(100 * (weight or 0.0), 1)}\u202f%"


def _end(end: WeightEnd, names: Names, limit: str) -> tuple[Cell, Cell]:
    if end.weight is None:
        return Cell((f"{limit}\u202f%",), float(limit) / 100), Cell(("no other",))
    mark = " *" if end.returns else ""
    return Cell((_weight(end.weight) + mark,), end.weight), text_cell(names.stacks(end.takes_over))
