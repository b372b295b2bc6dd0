"""Metrics register themselves: a decorated function in any module of this package."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from evaluator.metrics.history import History
from evaluator.result import Outcome

Needs = Literal["git", "mail", "tracker", "packages"]

FLOOR = 10
"""Smallest n at which a ratio or median is reported (ours)."""


@dataclass(frozen=True)
class Measure:
    """What a metric found; ``low``/``high`` default to the value, ``detail`` feeds semaphores."""

    value: float | None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    outcome: Outcome = "ok"
    note: str = ""
    detail: Mapping[str, float] = field(default_factory=dict)


def not_available(note: str, n: int | None = None) -> Measure:
    """A value that exists but is not known; never a zero."""
    return Measure(None, n, outcome="not_available", note=note)


def ratio(part: int, whole: int, *, floor: int = FLOOR) -> Measure:
    """``part / whole`` as a share of 1, or not available when ``whole`` is below the floor."""
    if whole < floor:
        return not_available(f"n = {whole} is below the floor of {floor}", whole)
    return Measure(part / whole, whole)


@dataclass(frozen=True)
class Metric:
    """A registered metric with what a reader must know of it."""

    id: str
    name: str
    unit: str
    window: str
    direction: Literal["max", "min"]
    needs: Needs
    source: str
    formula: str
    function: Callable[[History], Measure]
    slope: bool = False
    """Whether its detail holds the test of a slope, which a semaphore may ask for."""

    def measure(self, history: History) -> Measure:
        """Evaluate; a source that is missing or younger than the as-of date is an outcome."""
        if self.needs in history.missing:
            return not_available(history.missing[self.needs])
        if history.recorded(self.needs).empty:
            return Measure(
                None, 0, outcome="not_applicable", note="nothing recorded up to this date"
            )
        found = self.function(history)
        if found.value is not None and not math.isfinite(found.value):
            return Measure(None, found.n, outcome="error", note=f"computed as {found.value}")
        return found


_METRICS: dict[str, Metric] = {}


def metric(
    id: str,
    name: str,
    *,
    unit: str,
    window: str,
    direction: Literal["max", "min"],
    needs: Needs = "git",
    source: str = "chaoss-metrics",
    slope: bool = False,
) -> Callable[[Callable[[History], Measure]], Callable[[History], Measure]]:
    """Register a metric; its formula is the first line of the docstring.

    ``source`` is a key of ``refs.bib``, or ``ours``.
    """

    def register(function: Callable[[History], Measure]) -> Callable[[History], Measure]:
        if id in _METRICS:
            raise ValueError(f"metric {id!r} is registered twice")
        formula = (function.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
        if not formula:
            raise ValueError(f"metric {id!r} has no docstring to take its formula from")
        _METRICS[id] = Metric(
            id, name, unit, window, direction, needs, source, formula, function, slope
        )
        return function

    return register


def all_metrics() -> Mapping[str, Metric]:
    """Every metric of the modules of this package, by identifier, in alphabetical order."""
    package = __name__.rsplit(".", 1)[0]
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
    return dict(sorted(_METRICS.items()))
