"""The command inside the process of a test, by the fixture ``evaluate``."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Result(NamedTuple):
    """How a command ended: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


Evaluate = Callable[..., Result]
