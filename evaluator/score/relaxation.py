"""The smallest relaxations of the filters that would let removed stacks in.

The Lazy User Model stops at an empty set: "the need cannot be met".  What would have to give is
our extension.  A relaxation is minimal when no part of it, and no smaller number, lets a stack in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evaluator.result.lazy_user import (
    FilterCheck,
    LoosenedFilter,
    Relaxation,
    Relaxations,
    TrailRow,
)

MOST = 5
"""Minimal relaxations that are listed and played through (ours)."""

Needs = Mapping[tuple[str, str], FilterCheck]
"""What a stack asks to be relaxed, by stage and filter."""


def relaxations(
    trail: Sequence[TrailRow], winner: Callable[[Sequence[str]], str | None]
) -> Relaxations:
    """Minimal relaxations, those of fewest filters first.

    ``winner`` says which stack wins once the stacks given are let in beside the contenders.
    """
    asked: dict[str, Needs] = {}
    beyond: dict[str, str] = {}
    for row in trail:
        lasting = [check for check in row.failed if not check.relaxed]
        if lasting:
            beyond[row.stack] = "; ".join(check.text for check in lasting)
        elif row.failed:
            asked[row.stack] = {(c.stage, c.filter): c for c in row.failed}
    minimal: dict[tuple[tuple[str, str, float], ...], Needs] = {}
    for needs in asked.values():
        if not any(_within(other, needs) and not _within(needs, other) for other in asked.values()):
            minimal.setdefault(_key(needs), needs)
    ordered = [minimal[key] for key in sorted(minimal, key=lambda key: (len(key), key))]
    smallest = []
    for needs in ordered[:MOST]:
        readmits = [stack for stack, other in asked.items() if _within(other, needs)]
        smallest.append(
            Relaxation(filters=_loosened(needs), readmits=readmits, winner=winner(readmits))
        )
    return Relaxations(
        smallest=smallest,
        more=len(ordered) - len(smallest),
        by_stack={stack: _loosened(needs) for stack, needs in asked.items()},
        beyond=beyond,
    )


def _within(small: Needs, large: Needs) -> bool:
    """Whether relaxing for ``large`` is enough for ``small``."""
    return all(
        key in large and (check.needed or 0) <= (large[key].needed or 0)
        for key, check in small.items()
    )


def _key(needs: Needs) -> tuple[tuple[str, str, float], ...]:
    return tuple(sorted((*key, check.needed or 0.0) for key, check in needs.items()))


def _loosened(needs: Needs) -> list[LoosenedFilter]:
    return [
        LoosenedFilter(
            stage=check.stage,
            filter=check.filter,
            name=check.name,
            text=check.relaxed,
            has=check.has,
            needed=check.needed,
        )
        for check in needs.values()
    ]
