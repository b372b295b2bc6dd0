"""SMAA-2: what ranks, and under which weights, when weights and values are not known exactly.

After Lahdelma and Salminen, "SMAA-2: Stochastic multicriteria acceptability analysis for group
decision making", Operations Research 49(3), 2001; the panel takes the place of their utility.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluator.rank.methods import Refusal
from evaluator.rank.panel import Panel
from evaluator.rank.problem import Array, Problem, Ranks

__all__ = ["Sample", "Smaa", "acceptability", "beats", "draw_weights", "smaa"]

Sample = Callable[[np.random.Generator, int], Array]
"""Draws of the whole table, ``(draws, n, m)``."""
Weighting = Literal["simplex"] | float

LARGEST = 2000
"""Alternatives up to which two tables of n × n are kept (ours)."""
CELLS = 1_000_000
"""Cells of drawn tables, or of drawn weights and indices, that are held at a time."""
CONFIDENCE_CELLS = 200_000_000
"""Cells that may be judged for confidence factors, which need draws for each alternative (ours)."""
CONFIDENCE_DRAWS = 2000


@dataclass(frozen=True, eq=False)
class Smaa:
    """What the draws say of n contenders under m criteria; ties share evenly."""

    acceptability: Array
    """``(n, n)``: share of the draws in which an alternative takes each rank, from the first."""
    central_weights: tuple[Array | None, ...]
    """Per alternative the mean of the weights, ``(m,)``, under which it is first; None if never."""
    confidence: Array
    """``(n,)``: share of draws of the values in which it is first under its central weights; NaN
    for one that is never first."""
    beats: Array
    """``(n, n)``: share of the draws in which the first alternative ranks above the second."""
    draws: int
    """Draws that the panel had an answer to."""
    unanswered: int
    """Draws that it had none to (a quotient without value); they count nowhere."""
    confidence_draws: int


def smaa(
    problem: Problem,
    panel: Panel,
    rng: np.random.Generator,
    draws: int,
    *,
    weights: Weighting = "simplex",
    sample: Sample | None = None,
) -> Smaa:
    """Rank acceptability, central weights, confidence factors and pairwise winning indices.

    Parameters
    ----------
    problem, panel
        Who is judged on what, and by whom.
    rng, draws
        Where the draws come from, and how many.
    weights
        ``"simplex"``: nothing is known of them, all that sum to 1 are as likely.  A number: each
        typed weight is varied by up to that share of itself.
    sample
        Draws tables where values are not independent.  Without it every cell is drawn uniformly on
        its interval.

    Raises
    ------
    Refusal
        Above :data:`LARGEST` alternatives, when all weights are 0, or without one answer.
    """
    count, width = problem.shape
    judged = count if panel.contenders is None else panel.contenders
    if not judged or not width:
        raise Refusal("there is nothing to rank", "give alternatives and criteria")
    if judged > LARGEST:
        raise Refusal(
            f"{judged} alternatives: two tables of {judged} × {judged} would be needed",
            f"leave at most {LARGEST}, for example by filters",
        )
    if weights != "simplex" and not problem.weights.sum() > 0:
        raise Refusal("every weight is 0", "give one criterion a weight")
    uncertain = sample is not None or problem.uncertain
    sample = sample or _cells(problem)
    places, ahead = np.zeros((judged, judged)), np.zeros((judged, judged))
    central, first, answered = np.zeros((judged, width)), np.zeros(judged), 0
    for size in _chunks(draws, count * width if uncertain else count + width):
        drawn = _weights(problem.weights, weights, rng, size)
        values = sample(rng, size) if uncertain else problem.values
        mean, ranks = panel.judge(values, drawn, problem.maximise)
        known = np.isfinite(mean).all(axis=1)
        if not known.all():
            ranks, drawn = ranks[known], drawn[known]
        places += _places(ranks)
        ahead += _ahead(ranks)
        leads = _leads(ranks)
        central += leads.T @ drawn
        first += leads.sum(axis=0)
        answered += len(ranks)
    if not answered:
        raise Refusal("the methods have no answer to any draw: a quotient has no value")
    found = tuple(c / f if f > 0 else None for c, f in zip(central, first, strict=True))
    per_draw = count * width * max(sum(c is not None for c in found), 1)
    most = min(draws, CONFIDENCE_DRAWS, max(CONFIDENCE_CELLS // per_draw, 30)) if uncertain else 1
    return Smaa(
        acceptability=places / answered,
        central_weights=found,
        confidence=_confidence(problem, panel, found, sample if uncertain else None, rng, most),
        beats=ahead / answered,
        draws=answered,
        unanswered=draws - answered,
        confidence_draws=most,
    )


def draw_weights(weights: Array, spread: float, rng: np.random.Generator, draws: int) -> Array:
    """Weights varied by up to ``± spread`` of themselves, normalised; ``(draws, n_criteria)``."""
    varied = weights * rng.uniform(1 - spread, 1 + spread, (draws, len(weights)))
    return np.asarray(varied / varied.sum(axis=1, keepdims=True))


def acceptability(ranks: Ranks) -> Array:
    """Share of the draws in which each alternative takes each place; ``(n, n)``, rows sum to 1.

    ``ranks`` has shape ``(draws, n_alternatives)``, from 1.  Alternatives that tie in a draw share
    the places that they take evenly, so columns sum to 1 as well.
    """
    return _places(ranks) / len(ranks)


def beats(ranks: Ranks) -> Array:
    """Share of the draws in which one alternative ranks above the other; ``(n, n)``."""
    return _ahead(ranks) / len(ranks)


def _weights(typed: Array, how: Weighting, rng: np.random.Generator, draws: int) -> Array:
    if how != "simplex":
        return draw_weights(typed, how, rng, draws)
    # exponentials over their sum are uniform on the simplex
    drawn = rng.standard_exponential((draws, len(typed)))
    drawn /= drawn.sum(axis=1, keepdims=True)
    return drawn


def _cells(problem: Problem) -> Sample:
    """Each cell uniform on its interval."""
    span = problem.high - problem.low

    def sample(rng: np.random.Generator, draws: int) -> Array:
        drawn = rng.random((draws, *problem.shape))
        drawn *= span
        drawn += problem.low
        return drawn

    return sample


def _chunks(draws: int, cells: int) -> Iterator[int]:
    """So many draws at a time that memory stays bounded."""
    size = max(CELLS // cells, 1)
    for begin in range(0, draws, size):
        yield min(size, draws - begin)


def _tied(ranks: Ranks) -> Ranks:
    """Per draw and alternative, how many share its rank."""
    draws, count = ranks.shape
    place = ranks - 1 + count * np.arange(draws)[:, None]
    return np.asarray(np.bincount(place.ravel(), minlength=draws * count)[place])


def _places(ranks: Ranks) -> Array:
    """Draws in which each alternative takes each place."""
    count = ranks.shape[1]
    tied = _tied(ranks)
    # a share begins at the place and ends where the ties do, so a running sum spreads it
    row = (count + 1) * np.arange(count) + ranks - 1
    share = (1 / tied).ravel()
    length = count * (count + 1)
    begun = np.bincount(row.ravel(), share, minlength=length)
    ended = np.bincount((row + tied).ravel(), share, minlength=length)
    spread = (begun - ended).reshape(count, count + 1).cumsum(axis=1)[:, :count]
    return np.asarray(np.maximum(spread, 0.0))  # differences of equal sums may fall below 0


def _leads(ranks: Ranks) -> Array:
    """Per draw each alternative's share of the first place; ``(draws, n)``."""
    first = ranks == 1
    return np.asarray(first / np.maximum(first.sum(axis=1, keepdims=True), 1))


def _ahead(ranks: Ranks) -> Array:
    """Draws in which the alternative of the row ranks above that of the column."""
    draws, count = ranks.shape
    short = ranks.astype(np.int16)
    found = np.zeros((count, count))
    if count <= 64:
        columns = np.ascontiguousarray(short.T)
        for i in range(count):
            found[i] = np.count_nonzero(columns[i] < columns, axis=1)
        return found
    for begin in range(0, draws, 255):  # as many as a byte counts
        block = short[begin : begin + 255]
        for i in range(count):
            found[i] += (block[:, i, None] < block).sum(axis=0, dtype=np.uint8)
    return found


def _confidence(
    problem: Problem,
    panel: Panel,
    central: tuple[Array | None, ...],
    sample: Sample | None,
    rng: np.random.Generator,
    draws: int,
) -> Array:
    """Share of the draws of values in which each is first under its own central weights."""
    firsts, answered = np.zeros(len(central)), np.zeros(len(central))
    count, width = problem.shape
    for size in _chunks(draws, count * width):
        values = problem.values if sample is None else sample(rng, size)
        for i, weights in enumerate(central):
            if weights is not None:
                typed = np.broadcast_to(weights, (size, width))
                mean, ranks = panel.judge(values, typed, problem.maximise)
                known = np.isfinite(mean).all(axis=1)
                firsts[i] += _leads(ranks[known])[:, i].sum()
                answered[i] += known.sum()
    with np.errstate(invalid="ignore"):
        return np.asarray(firsts / answered)
