"""Parsers that methods' parameters share; each says what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from evaluator.findings import allowed_values
from evaluator.rank.problem import Problem

Parse = Callable[[Any, Problem], Any]


def one_of(*allowed: str) -> Parse:
    """One of some words."""

    def parse(typed: Any, _: Problem) -> str:
        if typed not in allowed:
            raise ValueError(f"{typed!r} is unknown; {allowed_values(typed, allowed)}")
        return str(typed)

    return parse


def number(low: float = -math.inf, high: float = math.inf) -> Parse:
    """A finite number from ``low`` to ``high``."""

    def parse(typed: Any, _: Problem) -> float:
        fits = isinstance(typed, int | float) and not isinstance(typed, bool)
        if not fits or not math.isfinite(typed) or not low <= typed <= high:
            raise ValueError(f"{typed!r} is no number from {low:g} to {high:g}")
        return float(typed)

    return parse
