"""Decision methods: one registered function each; a problem in, the published index out.

A method is a decorated function in any module of this package.  It gives its own published index
(TOPSIS closeness, VIKOR Q, PROMETHEE net flow, …), says which end of it is best, and refuses what
it cannot take with a reason; :func:`judge` turns whatever goes wrong inside it into a refusal, so
that no method takes the others with it and none answers with NaN.

A method that also has a vectorised form (``many``) takes part in simulations over many draws of
weights and values; the others give their point result only, and the result says so.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import pkgutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from evaluator.rank.methods.choices import ByCriterion
from evaluator.rank.problem import Array, Problem, Ranks

__all__ = [
    "Judgement",
    "Method",
    "Parameter",
    "Refusal",
    "Verdict",
    "all_methods",
    "find_method",
    "for_criteria",
    "judge",
    "method",
    "parameters_of",
    "ranks",
]

DIGITS = 10
"""Indices that agree to so many decimals are equal; see :func:`ranks`."""

LARGEST = 1e150
"""Columns whose values are all beyond this, or all within its inverse, are refused."""

FEW, BLOCK = 24, 8192
"""Alternatives up to which places are counted, and draws at a time that stay in the cache."""


class Refusal(ValueError):  # noqa: N818 - it is an answer, with its reason, rather than an error
    """A method cannot take this problem: why, and what would mend it."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class Verdict:
    """What a method says: its index per alternative, shape ``(n,)``, in the problem's order.

    ``ranks`` only where the order is not simply that of the index.  ``detail`` holds what else the
    method publishes (S and R of VIKOR, flows, a kernel), as plain JSON values; ``cautions`` what a
    reader must know before relying on it.
    """

    scores: Array
    ranks: Ranks | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """A method's parameter: its default, what it means, and the check that a value must pass.

    ``parse`` takes what was typed and the problem, and gives the value or raises ``ValueError``
    with what is allowed.
    """

    default: Any
    meaning: str
    parse: Callable[[Any, Problem], Any]


Function = Callable[[Problem, Mapping[str, Any]], Verdict]
Many = Callable[[Array, Array, Any, Mapping[str, Any]], Array]
Bounds = Callable[[Mapping[str, Any]], tuple[float, float] | None]


@dataclass(frozen=True)
class Method:
    """A registered method with what a reader must know of it."""

    id: str
    name: str
    source: str
    """Key of ``refs.bib``."""
    index: str
    """What the score is, in words."""
    best: Literal["max", "min"]
    function: Function
    parameters: Mapping[str, Parameter]
    aliases: tuple[str, ...]
    bounds: Bounds
    """Worst and best value that the index can have under its parameters, where it has any."""
    many: Many | None
    """``many(values, weights, maximise, parameters)``: index for each draw, ``(draws, n)``; values
    have shape ``(n, m)`` (the same in all draws) or ``(draws, n, m)``, weights ``(draws, m)``."""
    formula: str
    compares: bool = True
    """Whether its index only tells alternatives apart, by values and weights.  It is then refused,
    before the method is asked, where nothing differs, and the method never sees a criterion without
    weight; other methods rate a lone alternative too, or have weights of their own."""

    def towards_one(self, scores: Array, parameters: Mapping[str, Any]) -> Array:
        """Scores on a scale where 1 is the best: by the index's bounds, else by their own range.

        Works along the last axis; without range everything is 1, and what is no number stays so.
        """
        bounds = self.bounds(parameters)
        if bounds is not None:
            worst, best = bounds
            return np.asarray((scores - worst) / (best - worst))
        sign = 1.0 if self.best == "max" else -1.0
        low = (sign * scores).min(axis=-1, keepdims=True)
        span = (sign * scores).max(axis=-1, keepdims=True) - low
        return np.where(span == 0, 1.0, (sign * scores - low) / np.where(span == 0, 1.0, span))


@dataclass(frozen=True)
class Judgement:
    """A method's answer to one problem: a verdict with ranks from 1, or a refusal's reason."""

    method: Method
    parameters: Mapping[str, Any]
    scores: Array | None
    ranks: Ranks | None
    detail: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()
    refused: str = ""
    remedy: str = ""


_METHODS: dict[str, Method] = {}


def _always(bounds: tuple[float, float] | None) -> Bounds:
    return lambda _: bounds


def method(
    id: str,
    name: str,
    *,
    source: str,
    index: str,
    best: Literal["max", "min"] = "max",
    parameters: Mapping[str, Parameter] | None = None,
    aliases: tuple[str, ...] = (),
    bounds: tuple[float, float] | Bounds | None = None,
    many: Many | None = None,
    compares: bool = True,
) -> Callable[[Function], Function]:
    """Register a method; its formula is the first paragraph of the function's docstring."""

    def register(function: Function) -> Function:
        if id in _METHODS:
            raise ValueError(f"method {id!r} is registered twice")
        formula = " ".join((function.__doc__ or "").strip().split("\n\n")[0].split())
        if not formula:
            raise ValueError(f"method {id!r} has no docstring to take its formula from")
        found = Method(
            id,
            name,
            source,
            index,
            best,
            function,
            parameters or {},
            aliases,
            bounds if callable(bounds) else _always(bounds),
            many,
            formula,
            compares,
        )
        _METHODS[id] = found
        return function

    return register


def all_methods() -> Mapping[str, Method]:
    """Every method of the modules of this package, by identifier, in alphabetical order."""
    for module in pkgutil.iter_modules(importlib.import_module(__name__).__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_METHODS.items()))


def find_method(typed: str) -> Method | None:
    """The method of that name or alias, however it is spelled (``TOPSIS``, ``weighted-sum``)."""
    wanted = _spelling(typed)
    for found in all_methods().values():
        if wanted in {_spelling(n) for n in (found.id, found.name, *found.aliases)}:
            return found
    return None


def _spelling(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def parameters_of(
    method: Method, typed: Mapping[str, Any], problem: Problem
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """All parameters of a method, defaults filled in; and the name and problem of each bad one."""
    found: dict[str, Any] = {}
    wrong = [
        (name, f"{method.id} has no parameter {name!r}; it has: {_names(method)}")
        for name in typed
        if name not in method.parameters
    ]
    for name, parameter in method.parameters.items():
        try:
            found[name] = parameter.parse(typed.get(name, parameter.default), problem)
        except ValueError as error:
            wrong.append((name, str(error)))
    return found, wrong


def _names(method: Method) -> str:
    return ", ".join(method.parameters) or "none"


def for_criteria(parameters: Mapping[str, Any], criteria: Sequence[str]) -> dict[str, Any]:
    """A method's parameters for some of the criteria: what is given by criterion follows them."""
    return {
        name: ByCriterion.of(given, criteria) if isinstance(given, ByCriterion) else given
        for name, given in parameters.items()
    }


def judge(problem: Problem, method: Method, parameters: Mapping[str, Any]) -> Judgement:
    """Ask one method; whatever it cannot do comes back as an explained refusal.

    ``parameters`` are complete and checked, as :func:`parameters_of` gives them, for this problem
    or for one with more criteria.
    """
    if not all(problem.shape):
        return _refused(method, parameters, "there is no alternative, or no criterion")
    if method.compares:
        weighty = problem.weights > 0
        if not weighty.any():
            remedy = "give at least one criterion a weight"
            return _refused(method, parameters, "no criterion has a weight", remedy)
        if not (np.ptp(problem.values[:, weighty], axis=0) > 0).any():
            return _refused(method, parameters, _nothing_differs(problem))
        size = np.abs(problem.values[:, weighty]).max(axis=0)
        if ((size > LARGEST) | ((size < 1 / LARGEST) & (size > 0))).any():
            reason = "values of this size leave what numbers can hold once they are squared"
            return _refused(method, parameters, reason, "use another unit")
        if not weighty.all():
            problem = problem.columns(weighty)
    asked = for_criteria(parameters, problem.criteria)
    try:
        with (
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            contextlib.redirect_stdout(io.StringIO()),  # some libraries print
        ):
            warnings.simplefilter("ignore")  # what they warn of is found below, as NaN
            verdict = method.function(problem, asked)
    except Refusal as refusal:
        return _refused(method, parameters, refusal.reason, refusal.remedy)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        return _refused(method, parameters, f"{method.name} cannot take this table: {why}")
    scores = np.asarray(verdict.scores, dtype=float)
    if not np.isfinite(scores).all():
        names = [problem.alternatives[i] for i in np.flatnonzero(~np.isfinite(scores))[:3]]
        reason = f"its index of {', '.join(names)} is not a number: some quotient has no value here"
        return _refused(method, parameters, reason)
    order = verdict.ranks
    if order is None:
        order = ranks(scores if method.best == "max" else -scores)
    return Judgement(method, parameters, scores, order, verdict.detail, verdict.cautions)


def _nothing_differs(problem: Problem) -> str:
    if len(problem.alternatives) == 1:
        return "there is only one alternative, and it only compares alternatives"
    return "all alternatives are equal on every criterion that has a weight"


def _refused(
    method: Method, parameters: Mapping[str, Any], reason: str, remedy: str = ""
) -> Judgement:
    return Judgement(method, parameters, None, None, refused=reason, remedy=remedy)


def ranks(index: Array) -> Ranks:
    """Rank from 1 along the last axis, highest index first; equal ones share the better rank.

    Equal means: within 1e-10 of the largest magnitude in the row (or of 1, if that is more), since
    floating point cannot tell more apart.
    """
    count = index.shape[-1]
    if count <= FEW:  # to count who is better beats sorting
        rows = index.reshape(math.prod(index.shape[:-1]), count)
        places = np.empty(rows.shape, dtype=np.int64)
        for begin in range(0, len(rows), BLOCK):
            block = _rounded(np.ascontiguousarray(rows[begin : begin + BLOCK].T), axis=0)
            for i, own in enumerate(block):
                better = (block > own).view(np.uint8).sum(axis=0, dtype=np.uint8)
                places[begin : begin + BLOCK, i] = better
        places += 1
        return places.reshape(index.shape)
    rounded = _rounded(index, axis=-1)
    order = np.argsort(-rounded, axis=-1, kind="stable")
    ordered = np.take_along_axis(rounded, order, axis=-1)
    fresh = np.ones(ordered.shape, dtype=bool)
    fresh[..., 1:] = ordered[..., 1:] < ordered[..., :-1]
    first = np.maximum.accumulate(np.where(fresh, np.arange(1, count + 1), 0), axis=-1)
    found = np.empty(index.shape, dtype=np.int64)
    np.put_along_axis(found, order, first, axis=-1)
    return found


def _rounded(index: Array, axis: int) -> Array:
    """Whole numbers that are equal where the indices are taken for equal."""
    size = np.abs(index).max(axis=axis, keepdims=True, initial=1.0)
    return np.asarray(np.rint(index * (10**DIGITS / size)))
