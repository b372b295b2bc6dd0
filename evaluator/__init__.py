"""FLOSS solution evaluation: mine, measure, rank, report, and emit the cluster that won.

>>> import evaluator as ev
>>> run = ev.load("sme.yml").run()          # doctest: +SKIP
>>> run.ranking, run.selection.reason       # doctest: +SKIP
"""

from __future__ import annotations

from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.pipeline import Analysis, Run, load

__all__ = ["Analysis", "EvaluationError", "ExitCode", "Finding", "Run", "load"]
__version__ = "0.1.0"
