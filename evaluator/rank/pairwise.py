"""Pairwise judgements: read, turned into priorities, and held against themselves (Saaty, 1977).

A judgement says how many times one thing counts as much as another.  Priorities are the principal
eigenvector of the matrix of judgements; how far the judgements contradict each other is the
consistency ratio CR.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluator.findings import allowed_values
from evaluator.rank.problem import Array

RANDOM_INDEX = (0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
"""Mean consistency index of random matrices of size 1 to 15 (Saaty, 1980)."""
ROUNDED = 0.0051
"""A reciprocal may be typed as a decimal: 0.33 for 1/3, 0.13 for 1/8."""
LARGEST = 1e6
FRACTION = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)(?:\s*/\s*(\d{1,9}(?:\.\d{1,9})?))?\s*")


@dataclass(frozen=True)
class Judgements:
    """A reciprocal matrix: ``matrix[i][j]`` is how many times i counts as much as j."""

    names: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]

    def among(self, names: Sequence[str]) -> Judgements | None:
        """The judgements between some of the names, in their order; None when one is unknown."""
        if not set(names) <= set(self.names):
            return None
        index = [self.names.index(name) for name in names]
        return Judgements(
            tuple(names), tuple(tuple(self.matrix[i][j] for j in index) for i in index)
        )

    @property
    def beyond_scale(self) -> list[tuple[str, str, float]]:
        """Judgements above 9, where Saaty's scale ends: what, against what, how many times."""
        pairs = (
            (a, b, self.matrix[i][j])
            for i, a in enumerate(self.names)
            for j, b in enumerate(self.names)
        )
        return [pair for pair in pairs if pair[2] > 9 * (1 + 1e-9)]


@dataclass(frozen=True)
class Worst:
    """The judgement that is furthest from what the priorities say, and what would mend it."""

    first: str
    second: str
    typed: float
    implied: float
    """Quotient of the two priorities."""
    fitting: float
    """What follows from all other judgements (Harker, 1987)."""
    consistency_ratio: float
    """What CR would be with the fitting value."""


@dataclass(frozen=True)
class Priorities:
    """Priorities that sum to 1, and how consistent the judgements behind them are."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    lambda_max: float
    consistency_index: float
    random_index: float
    consistency_ratio: float
    worst: Worst | None
    """None when there is nothing to mend: the judgements are consistent."""

    def plain(self) -> dict[str, Any]:
        """As plain JSON values."""
        found: dict[str, Any] = {
            "priorities": dict(zip(self.names, self.values, strict=True)),
            "lambda_max": self.lambda_max,
            "CI": self.consistency_index,
            "RI": self.random_index,
            "CR": self.consistency_ratio,
        }
        if self.worst is not None:
            found["worst"] = vars(self.worst) | {}
        return found

    def caution(self, of: str, limit: float) -> str:
        """What a reader must know when CR exceeds the limit; else nothing."""
        if self.consistency_ratio <= limit or self.worst is None:
            return ""
        worst = self.worst
        return (
            f"{of} contradict each other: CR {self.consistency_ratio:.3f} exceeds {limit:g}. "
            f"The furthest off is {worst.first} against {worst.second}, typed "
            f"{shown(worst.typed)}, while the priorities say {shown(worst.implied)}; the other "
            f"judgements fit {shown(worst.fitting)} best, which would give CR "
            f"{worst.consistency_ratio:.3f}"
        )


def shown(judgement: float) -> str:
    """A judgement as people type it: ``3``, ``2.5`` or ``1/4``."""
    return f"{judgement:.3g}" if judgement >= 1 - 1e-9 else f"1/{1 / judgement:.3g}"


def read_judgements(typed: Any, names: Sequence[str]) -> Judgements:
    """Judgements between all of the names.

    ``typed`` is either the whole matrix, one list per row in the order of ``names``, or a mapping
    of pairs ``{A: {B: 3, C: 5}, B: {C: 2}}``, of which reciprocals follow.  A judgement is a number
    or a fraction as text (``"1/3"``).

    Raises
    ------
    ValueError
        With all that is wrong: names, missing pairs, what is no positive number, what is not
        reciprocal.
    """
    if isinstance(typed, Mapping):
        given = dict(_pairs(typed, names))
    elif isinstance(typed, list | tuple):
        given = dict(_cells(typed, names))
    else:
        raise ValueError(
            f"judgements are a square matrix, or pairs as {{A: {{B: 3}}}}, not {_brief(typed)}"
        )
    count = len(names)
    matrix = np.ones((count, count))
    wrong, absent = [], []
    for i, a in enumerate(names):
        if given.get((i, i), 1.0) != 1:
            wrong.append(f"{a} against itself is {shown(given[i, i])}, it must be 1")
        for j in range(i + 1, count):
            there, back = given.get((i, j)), given.get((j, i))
            if there is None:
                if back is None:
                    absent.append(f"{a} and {names[j]}")
                    continue
                there = 1 / back
            elif back is not None:
                if not _reciprocal(there, back):
                    wrong.append(
                        f"{a} against {names[j]} is {there:g}, so {names[j]} against {a} must be "
                        f"{shown(1 / there)}, not {back:g}"
                    )
                there = there if there >= back else 1 / back  # the larger was not rounded
            matrix[i, j], matrix[j, i] = there, 1 / there
    if absent:
        more = f" and {len(absent) - 3} more pairs" if len(absent) > 3 else ""
        wrong.append(f"no judgement between {', '.join(absent[:3])}{more}")
    if wrong:
        raise ValueError("; ".join(wrong))
    return Judgements(tuple(names), tuple(tuple(row) for row in matrix.tolist()))


def _cells(rows: Sequence[Any], names: Sequence[str]) -> Iterator[tuple[tuple[int, int], float]]:
    count = len(names)
    lengths = [len(row) if isinstance(row, list | tuple) else 0 for row in rows]
    if lengths != [count] * count:
        raise ValueError(
            f"the matrix must have {count} rows of {count} judgements (for {_listed(names)}), "
            f"it has rows of {', '.join(map(str, lengths[:20])) or 'nothing'}"
        )
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            yield (i, j), _number(cell, names[i], names[j])


def _pairs(
    typed: Mapping[Any, Any], names: Sequence[str]
) -> Iterator[tuple[tuple[int, int], float]]:
    place = {name: i for i, name in enumerate(names)}

    def find(name: Any) -> int:
        if str(name) not in place:
            raise ValueError(f"unknown name {_brief(name)}; {allowed_values(name, names)}")
        return place[str(name)]

    for first, row in typed.items():
        i = find(first)
        if not isinstance(row, Mapping):
            raise ValueError(f"{first}: pairs are written as {{{first}: {{other: 3}}}}")
        for second, cell in row.items():
            j = find(second)
            yield (i, j), _number(cell, str(first), str(second))


def _number(typed: Any, first: str, second: str) -> float:
    value = math.nan
    if isinstance(typed, int | float) and not isinstance(typed, bool):
        value = float(typed) if abs(typed) < LARGEST * 10 else math.inf
    elif isinstance(typed, str) and (found := FRACTION.fullmatch(typed)):
        below = float(found[2] or 1)
        value = float(found[1]) / below if below else math.nan
    if not 1 / LARGEST <= value <= LARGEST:
        raise ValueError(
            f"{first} against {second} is {_brief(typed)}; a judgement is a positive number or "
            "fraction, from 1/9 to 9 on Saaty's scale"
        )
    return value


def _reciprocal(there: float, back: float) -> bool:
    large, small = max(there, back), min(there, back)
    return abs(small - 1 / large) <= min(ROUNDED, 0.05 / large)


def _brief(typed: Any) -> str:
    text = repr(typed)
    return text if len(text) <= 40 else text[:37] + "…"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


def priorities(judgements: Judgements) -> Priorities:
    """The principal eigenvector, normalised to 1, and the consistency of the judgements."""
    matrix = np.array(judgements.matrix)
    count = len(matrix)
    values, largest = _principal(matrix)
    index = max(largest - count, 0.0) / (count - 1) if count > 1 else 0.0
    scale = random_index(count)
    worst = _worst(judgements, matrix, values) if index > 1e-9 else None
    return Priorities(
        names=judgements.names,
        values=tuple(values.tolist()),
        lambda_max=largest,
        consistency_index=index,
        random_index=scale,
        consistency_ratio=index / scale if scale > 0 else 0.0,
        worst=worst,
    )


def random_index(count: int) -> float:
    """Saaty's table of 1980 up to 15; above, the line of Alonso and Lamata (2006)."""
    if count <= len(RANDOM_INDEX):
        return float(RANDOM_INDEX[max(count, 1) - 1])
    return (2.7699 * count - 4.3513 - count) / (count - 1)


def _principal(matrix: Array) -> tuple[Array, float]:
    found, vectors = np.linalg.eig(matrix)
    largest = int(np.argmax(found.real))
    vector = np.abs(vectors[:, largest].real)
    return vector / vector.sum(), float(found[largest].real)


def _worst(judgements: Judgements, matrix: Array, values: Array) -> Worst:
    count = len(matrix)
    implied = values[:, None] / values[None, :]
    off = np.triu(np.round(np.abs(np.log(matrix / implied)), 9))  # of equals, the first is named
    i, j = (int(k) for k in np.unravel_index(int(off.argmax()), off.shape))
    without = matrix.copy()
    without[i, j] = without[j, i] = 0.0
    without[i, i] = without[j, j] = 2.0  # Harker: as if it were the quotient of the priorities
    rest, largest = _principal(without)
    return Worst(
        judgements.names[i],
        judgements.names[j],
        float(matrix[i, j]),
        float(implied[i, j]),
        float(rest[i] / rest[j]),
        max(largest - count, 0.0) / (count - 1) / random_index(count),
    )
