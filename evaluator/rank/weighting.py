"""Weights that follow from the table, or from judgements, instead of being typed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np

from evaluator.findings import allowed_values
from evaluator.rank.methods import Refusal
from evaluator.rank.methods.library import decision_matrix
from evaluator.rank.pairwise import Priorities, priorities, read_judgements
from evaluator.rank.problem import Array, Problem

NOTHING = 1e-12
"""Dispersions and conflicts up to this are those of floating point."""


@dataclass(frozen=True)
class Weigher:
    """A way to weigh criteria by what the table holds."""

    name: str
    source: str
    """Key of ``refs.bib``."""
    meaning: str
    library: str
    """Its class in ``skcriteria.preprocessing.weighters``."""
    check: Callable[[Problem], None]


def weigh(problem: Problem, name: str) -> Array:
    """Weights of the criteria, shape ``(m,)``, by one of :data:`WEIGHTERS`; they sum to 1.

    Raises
    ------
    Refusal
        With the reason, when nobody knows the name or the table has no such weights.
    """
    weigher = WEIGHTERS.get(name)
    if weigher is None:
        raise Refusal(f"no weights are called {name!r}", allowed_values(name, WEIGHTERS))
    from skcriteria.preprocessing import weighters

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what they warn of is refused
        weigher.check(problem)
        if len(problem.criteria) == 1:
            return np.ones(1)  # all quotients of dispersions would be 0 / 0
        matrix = decision_matrix(problem)
        found = getattr(weighters, weigher.library)().transform(matrix).weights.to_numpy()
    found = np.where(np.abs(found) < NOTHING, 0.0, np.asarray(found, dtype=float))
    if not np.isfinite(found).all() or (found < 0).any() or not found.sum() > 0:
        raise Refusal(f"{name} weights of this table are not numbers", "type the weights")
    return np.asarray(found / found.sum())


def judged_weights(judgements: Any, criteria: Sequence[str]) -> Priorities:
    """Weights by pairwise judgements between the criteria (AHP), with their consistency.

    Raises
    ------
    ValueError
        As :func:`evaluator.rank.pairwise.read_judgements`.
    """
    return priorities(read_judgements(judgements, criteria))


def _names(names: Sequence[str], which: Any) -> str:
    found = list(compress(names, which))
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def _any(problem: Problem) -> None:
    if not problem.criteria:
        raise Refusal("there is no criterion to weigh")


def _varied(problem: Problem) -> None:
    _any(problem)
    if len(problem.alternatives) < 2:
        raise Refusal(
            "weights by dispersion need at least two alternatives", "type the weights, or use equal"
        )
    if not _spread(problem).any():
        raise Refusal("all alternatives are equal, so no criterion tells any apart", "use equal")


def _spread(problem: Problem) -> Any:
    size = np.abs(problem.values).max(axis=0, initial=0.0)
    return np.ptp(problem.values, axis=0) > NOTHING * size


def _shares(problem: Problem) -> None:
    _varied(problem)
    negative = (problem.values < 0).any(axis=0)
    if negative.any():
        raise Refusal(
            f"{_names(problem.criteria, negative)} holds negative values, which are no shares of a "
            "sum",
            "use critic or std",
        )
    empty = problem.values.sum(axis=0) <= 0
    if empty.any():
        raise Refusal(
            f"{_names(problem.criteria, empty)} holds only zeros, which have no shares",
            "leave it out, or use critic or std",
        )


def _positive(problem: Problem) -> None:
    _varied(problem)
    refused = (problem.values <= 0).any(axis=0)
    if refused.any():
        raise Refusal(
            f"{_names(problem.criteria, refused)} holds zeros or negative values, of which MEREC "
            "would need quotients and logarithms",
            "use critic or std",
        )


def _correlated(problem: Problem) -> None:
    _varied(problem)
    constant = ~_spread(problem)
    if constant.any():
        raise Refusal(
            f"{_names(problem.criteria, constant)} is equal for all alternatives and correlates "
            "with nothing",
            "leave it out, or use entropy or std",
        )
    upward = problem.values * problem.sign
    if len(problem.criteria) > 1 and (1 - np.corrcoef(upward.T)).max() < 1e-9:
        raise Refusal(
            "all criteria rank the alternatives in proportion, so none conflicts with another",
            "use equal, or keep one of them",
        )


WEIGHTERS: Mapping[str, Weigher] = {
    w.name: w
    for w in (
        Weigher("equal", "ours", "all criteria weigh the same", "EqualWeighter", _any),
        Weigher(
            "std",
            "diakoulaki-1995",
            "standard deviations of the values as typed, so units count",
            "StdWeighter",
            _varied,
        ),
        Weigher(
            "entropy",
            "hwang-yoon-1981",
            "how far each criterion's shares are from being even",
            "EntropyWeighter",
            _shares,
        ),
        Weigher(
            "critic",
            "diakoulaki-1995",
            "standard deviation after scaling to the range, times conflict with other criteria",
            "CRITIC",
            _correlated,
        ),
        Weigher(
            "merec",
            "keshavarz-ghorabaee-2021",
            "how much performance changes when the criterion is removed",
            "MEREC",
            _positive,
        ),
        Weigher("gini", "li-2009", "Gini coefficient of each criterion", "GiniWeighter", _shares),
        Weigher(
            "rancom",
            "wieckowski-2023",
            "only the order of the typed weights; meant for five criteria and more",
            "RANCOM",
            _any,
        ),
    )
}
