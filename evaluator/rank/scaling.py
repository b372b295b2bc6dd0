"""Scales of columns: what is measured in different units made comparable.

Every function takes values of shape ``(…, n, m)`` and scales each column over the alternatives;
columns that it cannot scale (no range, no sum) become constant, which tells nobody apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from evaluator.rank.problem import Array, Mask


def vector(values: Array) -> Array:
    """Each column divided by its Euclidean length (Hwang and Yoon, 1981)."""
    return _divide(values, np.sqrt((values**2).sum(axis=-2, keepdims=True)))


def by_sum(values: Array) -> Array:
    """Each column divided by its sum."""
    return _divide(values, values.sum(axis=-2, keepdims=True))


def by_max(values: Array) -> Array:
    """Each column divided by its largest magnitude."""
    return _divide(values, np.abs(values).max(axis=-2, keepdims=True))


def by_range(values: Array) -> Array:
    """Each column from 0, its lowest, to 1, its highest; directions stay."""
    low = values.min(axis=-2, keepdims=True)
    return _divide(values - low, values.max(axis=-2, keepdims=True) - low)


def as_typed(values: Array) -> Array:
    """No scaling: all columns must be in one unit."""
    return values


def _divide(values: Array, by: Array) -> Array:
    return np.asarray(values / np.where(by == 0, 1.0, by))


def towards_best(values: Array, maximise: Array | Mask) -> Array:
    """Each column from 0, its worst, to 1, its best; without range it is 1, since none falls short.

    ``maximise`` has shape ``(m,)``.
    """
    best = np.where(maximise, values.max(axis=-2), values.min(axis=-2))[..., None, :]
    worst = np.where(maximise, values.min(axis=-2), values.max(axis=-2))[..., None, :]
    span = best - worst
    return np.where(span == 0, 1.0, (values - worst) / np.where(span == 0, 1.0, span))


SCALES: Mapping[str, Callable[[Array], Array]] = {
    "none": as_typed,
    "vector": vector,
    "sum": by_sum,
    "max": by_max,
    "range": by_range,
}
