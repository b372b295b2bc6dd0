"""The bridge to scikit-criteria, whose import takes seconds and so waits until it is needed."""

from __future__ import annotations

from typing import Any

from evaluator.rank.problem import Array, Problem


def decision_matrix(problem: Problem, values: Array | None = None) -> Any:
    """The problem as scikit-criteria's ``DecisionMatrix``, on other values if given."""
    import skcriteria as skc

    return skc.mkdm(
        problem.values if values is None else values,
        [max if up else min for up in problem.maximise],
        weights=problem.weights,
    )
