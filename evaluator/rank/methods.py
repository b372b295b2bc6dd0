"""Decision methods on a matrix where more is better on every column.

Two forms of each: the point result by scikit-criteria, which is the library of record, and a
vectorised numpy form over many draws, which the tests hold equal to it.  Every index is in
[0, 1] with 1 the best, so that they can be shown beside each other.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ROUNDING = 1e-12
"""Differences of utilities up to this are those of floating point."""


def unit_columns(matrix: Array) -> Array:
    """Each column scaled to [0, 1] by its range; shape ``(…, n_alternatives, n_criteria)``.

    A column without range says nothing and becomes 1: nobody falls short of its best.
    """
    low = matrix.min(axis=-2, keepdims=True)
    span = matrix.max(axis=-2, keepdims=True) - low
    return np.where(span > 0, (matrix - low) / np.where(span > 0, span, 1.0), 1.0)


def topsis(matrix: Array, weights: Array) -> Array:
    """Closeness d- / (d+ + d-) to the ideal after vector normalisation (Hwang and Yoon, 1981).

    Shapes ``(draws, n_alternatives, n_criteria)`` and ``(draws, n_criteria)``.
    """
    norm = np.sqrt((matrix**2).sum(axis=-2, keepdims=True))
    weighted = matrix / np.where(norm > 0, norm, 1.0) * weights[:, None, :]
    ideal = weighted.max(axis=-2, keepdims=True)
    nadir = weighted.min(axis=-2, keepdims=True)
    to_ideal = np.sqrt(((weighted - ideal) ** 2).sum(axis=-1))
    to_nadir = np.sqrt(((weighted - nadir) ** 2).sum(axis=-1))
    total = to_ideal + to_nadir
    return np.where(total > 0, to_nadir / np.where(total > 0, total, 1.0), 1.0)


def weighted_sum(matrix: Array, weights: Array) -> Array:
    """Weighted sum of the columns scaled to their range (Fishburn, 1967)."""
    return np.asarray(np.einsum("dnm,dm->dn", unit_columns(matrix), weights))


def vikor(matrix: Array, weights: Array) -> Array:
    """1 - Q with v = 0.5 (Opricovic and Tzeng, 2004)."""
    regret = (1 - unit_columns(matrix)) * weights[:, None, :]
    return _compromise(regret.sum(axis=-1), regret.max(axis=-1))


def _compromise(group: Array, worst: Array) -> Array:
    """1 - Q from group utility S and individual regret R; what is equal in all takes no part."""

    def unit(values: Array) -> Array:
        low = values.min(axis=-1, keepdims=True)
        span = values.max(axis=-1, keepdims=True) - low
        real = span > ROUNDING
        return np.where(real, (values - low) / np.where(real, span, 1.0), 0.0)

    return 1 - (unit(group) + unit(worst)) / 2


VECTORISED: Mapping[str, Callable[[Array, Array], Array]] = {
    "topsis": topsis,
    "weighted_sum": weighted_sum,
    "vikor": vikor,
}


def by_library(name: str, matrix: Array, weights: Array) -> Array:
    """Index of each alternative by scikit-criteria; shape ``(n_alternatives,)``.

    Columns without range must have been left out: VIKOR divides by the range.
    """
    import skcriteria as skc  # takes seconds to import, so only here

    columns = unit_columns(matrix) if name == "weighted_sum" else matrix
    data = skc.mkdm(columns, [max] * matrix.shape[1], weights=weights)
    if name == "topsis":
        from skcriteria.agg.topsis import TOPSIS
        from skcriteria.preprocessing.scalers import VectorScaler

        return np.asarray(TOPSIS().evaluate(VectorScaler("matrix").transform(data)).e_.similarity)
    if name == "weighted_sum":
        from skcriteria.agg.simple import WeightedSumModel

        return np.asarray(WeightedSumModel().evaluate(data).e_.score)
    from skcriteria.agg.vikor import VIKOR

    with warnings.catch_warnings():
        # equal utility or equal regret of all is no mistake: that half of Q is then 0
        warnings.filterwarnings("ignore", "invalid value encountered in divide", RuntimeWarning)
        found = VIKOR(v=0.5).evaluate(data).e_
    # its Q would stretch differences of S or R that are rounding alone over the whole scale
    return _compromise(np.asarray(found.s_k), np.asarray(found.r_k))


def ranks(index: Array) -> npt.NDArray[np.int64]:
    """Rank from 1 along the last axis, highest index first; equal ones share the better rank."""
    rounded = np.round(index, 10)
    return np.asarray(1 + (rounded[..., None, :] > rounded[..., :, None]).sum(axis=-1))
