"""FLOSS solution evaluation: mine, measure, rank, report, and emit the cluster that won.

>>> import evaluator as ev
>>> run = ev.load("sme.yml").run()          # doctest: +SKIP
>>> run.ranking, run.selection.reason       # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evaluator.findings import EvaluationError, ExitCode, Finding

if TYPE_CHECKING:
    from evaluator.pipeline import Analysis, Run, decide, load

__all__ = ["Analysis", "EvaluationError", "ExitCode", "Finding", "Run", "decide", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the pipeline, and pandas with it, only when it is asked for."""
    if name in ("Analysis", "Run", "decide", "load"):
        from evaluator import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module 'evaluator' has no attribute {name!r}")
