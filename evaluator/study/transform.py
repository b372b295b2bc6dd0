"""What a criterion makes of a raw value: a rating in steps, or a share of a saturation."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from evaluator.study.fact import Model


class Rating(Model):
    """An ordinal score: ``scores[k]`` from the k-th value of ``at`` on.

    ``at`` ascends, and ``scores``, one more than ``at``, rise or fall throughout: they say whether
    a large or a small value is good.  A value on a border has the better score, as with the
    thresholds of a semaphore (ours).
    """

    at: Annotated[list[float], Field(min_length=1)]
    scores: list[float]

    @model_validator(mode="after")
    def _in_steps(self) -> Self:
        if any(a >= b for a, b in pairwise(self.at)):
            raise ValueError(f"at must ascend, and is {_listed(self.at)}")
        if len(self.scores) != len(self.at) + 1:
            raise ValueError(
                f"{len(self.at)} borders part {len(self.at) + 1} scores, not {len(self.scores)}"
            )
        if self.scores not in (ordered := sorted(set(self.scores)), ordered[::-1]):
            raise ValueError(f"scores must rise or fall throughout: {_listed(self.scores)}")
        return self

    @property
    def unit(self) -> str:
        """The unit of the score."""
        return f"score {min(self.scores):g} to {max(self.scores):g}"

    def __call__(self, value: float) -> float:
        rising = self.scores[0] < self.scores[-1]
        return self.scores[(bisect_right if rising else bisect_left)(self.at, value)]


class Saturation(Model):
    """``log(1 + S) / log(1 + max(S, T))`` of S, the value ``times`` a factor: 1 from S = T on.

    With ``smaller_is_better`` it is taken of ``T - min(S, T)`` in place of S, as in the scorer of
    the criticality score (source ``criticality-score``).  A value below 0 counts as 0.
    """

    threshold: float = Field(gt=0)
    times: float = Field(default=1.0, gt=0)
    smaller_is_better: bool = False

    @property
    def unit(self) -> str:
        """The unit of the share."""
        return f"share of saturation at {self.threshold:g}"

    def __call__(self, value: float) -> float:
        size = min(max(value * self.times, 0.0), self.threshold)
        if self.smaller_is_better:
            size = self.threshold - size
        return math.log1p(size) / math.log1p(self.threshold)


def logarithm(value: float) -> float:
    """``log10(1 + value)``; a value below 0 counts as 0."""
    return math.log10(1 + max(value, 0.0))


def _listed(numbers: list[float]) -> str:
    return ", ".join(f"{x:g}" for x in numbers)
