"""What a person should look at: who was found to be who, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluator.mine.identities.curated import NOTHING, Curated
from evaluator.mine.identities.doubtful import Case, doubtful
from evaluator.mine.identities.linking import Resolution, resolution
from evaluator.mine.identities.names import Identity


@dataclass(frozen=True)
class Review:
    """Persons, and the cases that are open, those first on which most hangs."""

    resolved: Resolution
    cases: tuple[Case, ...]
    counts: Mapping[str, int]


def review(items: Mapping[Identity, int], curated: Curated = NOTHING) -> Review:
    """Resolve identities and find what is doubtful.

    Parameters
    ----------
    items
        Commits, messages and issues of each identity.
    curated
        What the study knows.
    """
    resolved = resolution(items, curated)
    cases = tuple(doubtful(resolved, items, curated))
    bots = {key for i, key in resolved.persons.items() if curated.is_bot(key, i)}
    joined = sum(case.joined for case in cases)
    counts = {
        "items": sum(items.values()),
        "names": len({i.name for i in items}),
        "addresses": len({i.address for i in items}),
        "persons": len(set(resolved.persons.values())),
        "programs": len(bots),
        "joined_and_doubtful": joined,
        "apart_and_doubtful": len(cases) - joined,
        "links_refused": len(resolved.refused),
    }
    return Review(resolved, cases, counts)
