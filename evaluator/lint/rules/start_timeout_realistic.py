"""The time that a start may take fits its agent."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.registry import rule
from evaluator.lint.timeouts import too_short


@rule(
    "start-timeout-realistic",
    severity=Severity.WARNING,
    rationale="A start that is cut off counts as failed, and by default the resource never comes "
    "back to that node.",
    remedy="set the timeout to at least what the agent advises, or to the longest start measured",
    source=("resource-agents-repo", "pacemaker-explained"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """No start has less than its agent advises, or Pacemaker's default with an unknown agent."""
    yield from too_short(cib, "start")
