"""A decision for people: ranks side by side, refusals and cautions, and what to make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evaluator.display.sheet import Grid, Sheet, Title
from evaluator.rank.decide import Decided
from evaluator.rank.problem import Ranks
from evaluator.result.robustness import WeightInterval

MOST_ROWS = 40
"""Alternatives that are listed; CSV and JSON list all."""
MOST_METHODS = 7
"""Methods beside each other in one table."""
MOST_LINES = 12
"""Notes and cautions that are listed."""


def decision_sheet(found: Decided) -> Sheet:
    """Everything that a reader should see, the verdict last."""
    return [
        Title(found.decision.title or "Decision"),
        *([found.decision.question] if found.decision.question else []),
        *_ranks(found),
        _weights(found),
        _group(found),
        Grid("Left out", ("alternative", "why"), tuple(found.removed.items())),
        _refused(found),
        *_cautions(found),
        Title("Verdict"),
        verdict(found),
    ]


def _refused(found: Decided) -> Grid:
    """Methods that refused for the same reason, together."""
    why: dict[tuple[str, str], list[str]] = {}
    for name, judgement in found.judgements.items():
        if judgement.refused:
            why.setdefault((judgement.refused, judgement.remedy), []).append(name)
    rows = tuple((", ".join(names), *reason) for reason, names in why.items())
    return Grid("Refused", ("method", "why", "what to do"), rows)


def _ranks(found: Decided) -> Iterator[str | Grid]:
    if found.ranks is None:
        return
    names = found.problem.alternatives
    order = np.lexsort((np.arange(len(names)), found.ranks))
    shown = [int(i) for i in order[:MOST_ROWS]]
    answers = [
        (name, j, j.ranks)
        for name, j in found.judgements.items()
        if j.scores is not None and j.ranks is not None
    ]
    for begin in range(0, len(answers), MOST_METHODS):
        some = answers[begin : begin + MOST_METHODS]
        yield Grid(
            "" if not begin else "Further methods",
            ("#", "alternative", "first in", *(name for name, _, _ in some)),
            tuple(
                (
                    str(found.ranks[i]),
                    names[i],
                    _share(found.first_rank.get(names[i])),
                    *(f"{r[i]} ({j.scores[i]:.4g})" for _, j, r in some if j.scores is not None),
                )
                for i in shown
            ),
            ("#", "first in", *(name for name, _, _ in some)),
        )
    if len(names) > len(shown):
        yield f"… and {len(names) - len(shown)} more; --format csv lists all."
    yield (
        "#: consensus of the methods (Borda). first in: share of the draws with each weight varied "
        f"by up to {found.decision.weight_spread:.0%} and values over their intervals. Methods: "
        "rank (the method's own index)."
    )


def _weights(found: Decided) -> Grid:
    stability = (
        {}
        if found.robustness is None
        else {i.criterion: i for i in found.robustness.stability.intervals}
    )
    leaves = found.decision.leaves
    rows = []
    for name, weight in zip(found.problem.criteria, found.problem.weights, strict=True):
        title = leaves[name].name or name
        unit = f" ({leaves[name].unit})" if leaves[name].unit else ""
        direction = "more is better" if leaves[name].direction == "max" else "less is better"
        rows.append((title + unit, direction, f"{weight:.3f}", *_ends(stability.get(name))))
    return Grid(
        f"Weights ({found.decision.weights}), and between which the leader stays",
        ("criterion", "direction", "weight", "from", "to"),
        tuple(rows),
        ("weight", "from", "to"),
    )


def _ends(interval: WeightInterval | None) -> tuple[str, str]:
    if interval is None:
        return "–", "–"
    low, high = interval.lower.weight, interval.upper.weight
    return f"{0 if low is None else low:.3f}", f"{1 if high is None else high:.3f}"


def _group(found: Decided) -> Grid:
    group = found.group
    if group is None:
        return Grid("", (), ())
    rows = [
        (o.name, f"{o.share:.0%}", _listed(o.winners), _figure(o.agreement)) for o in group.opinions
    ]
    rows.append(("together", "100%", _listed(group.collective.winners), _figure(group.agreement)))
    return Grid(
        "Stakeholders", ("who", "share", "would choose", "agreement"), tuple(rows), ("share",)
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _cautions(found: Decided) -> Iterator[str | Title]:
    lines = [f"{name}: {text}" for name, j in found.judgements.items() for text in j.cautions]
    lines += found.notes
    if lines:
        yield Title("To be known")
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"… and {len(lines) - MOST_LINES} more; --format json lists all."


# --- the verdict ---------------------------------------------------------------------------------


def verdict(found: Decided) -> str:
    """Who wins, how sure that is, and what would change it."""
    winners, names = found.winners, found.problem.alternatives
    if len(names) == 1:
        return f"There is nothing to choose: {names[0]} is the only alternative left."
    if found.ranks is None:
        return "No method could answer; each says why."
    if len(winners) == len(names):
        return "The methods cannot tell the alternatives apart: all share the first place."
    return " ".join(
        [*_who(found, winners), *_how_sure(found, winners), *_what_would_change(found, winners)]
    )


def _who(found: Decided, winners: Sequence[str]) -> Iterator[str]:
    answers = [j.ranks for j in found.judgements.values() if j.ranks is not None]
    verb = "comes first" if len(winners) == 1 else "share the first place"
    if len(answers) == 1:
        yield f"{_listed(winners)} {verb} by one method."
        return
    whose = "it" if len(winners) == 1 else "them"
    ordering = [ranks for ranks in answers if len(set(ranks.tolist())) > 1]
    ahead = sum(_leads(found, ranks, winners) for ranks in ordering)
    tied = len(answers) - len(ordering)
    yield (
        f"{_listed(winners)} {verb} by the consensus of {len(answers)} methods; {ahead} of the "
        f"{len(ordering)} that order anything put {whose} first"
        + (f", and {tied} put all in one place." if tied else ".")
    )
    if found.robustness is not None and found.robustness.orders.text:
        yield found.robustness.orders.text


def _leads(found: Decided, ranks: Ranks, winners: Sequence[str]) -> bool:
    return any(ranks[found.problem.alternatives.index(name)] == 1 for name in winners)


def _how_sure(found: Decided, winners: Sequence[str]) -> Iterator[str]:
    if found.robustness is None:
        yield "No method that answered can be asked often enough to say how sure this is."
        return
    smaa, around = found.robustness.smaa, found.around
    if smaa.outcome != "ok" or around is None:
        yield f"How sure this is was not simulated: {smaa.reason or 'the draws have no answer'}."
        return
    typed = [_share(found.first_rank.get(name)) for name in winners]
    free = [_share(smaa.rank_acceptability[name][0]) for name in winners]
    varied = [f"each weight varied by up to {found.decision.weight_spread:.0%} of itself"]
    if found.problem.uncertain:
        varied.append("values drawn over their intervals")
    subject = "it is" if len(winners) == 1 else "they are"
    yield (
        f"With {' and '.join(varied)}, {subject} first in {_listed(typed)} of {around.draws} "
        f"draws; with weights of which nothing is known, in {_listed(free)}."
    )


def _what_would_change(found: Decided, winners: Sequence[str]) -> Iterator[str]:
    if found.robustness is None:
        return
    stability, tornado = found.robustness.stability, found.robustness.tornado
    reversal = found.robustness.reversal
    leaves = found.decision.leaves

    def name(criterion: str) -> str:
        return leaves[criterion].name or criterion

    if stability.outcome == "ok" and stability.leader not in winners:
        yield f"The methods that could be simulated prefer {stability.leader}."
    elif stability.outcome == "ok" and not stability.smallest:
        yield "No change of a single weight, the others in proportion, puts another first."
    elif stability.outcome == "ok":
        interval = next(i for i in stability.intervals if i.criterion == stability.smallest)
        ends = [e for e in (interval.lower, interval.upper) if e.weight is not None]
        end = min(ends, key=lambda e: abs((e.weight or 0.0) - interval.weight))
        yield (
            f"The smallest change of one weight that changes this: {name(interval.criterion)} from "
            f"{interval.weight:.3f} to {end.weight:.3f}, then {_listed(end.takes_over)} leads."
        )
    turning = [b for b in tornado.bars if b.kind == "value" and (b.leader_low or b.leader_high)]
    if turning:
        bar = turning[0]
        value, leader = (bar.low, bar.leader_low) if bar.leader_low else (bar.high, bar.leader_high)
        yield f"If {name(bar.criterion)} of {bar.of} is {value:g}, {leader} leads."
    changed = [t for t in reversal.trials if t.winner_changes and t.method == "consensus"]
    if changed:
        yield (
            f"Another field of alternatives would change the winner in {len(changed)} of "
            f"{reversal.tried} trials."
        )


def _listed(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
