"""The time that a monitor may take fits its agent."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.registry import rule
from evaluator.lint.timeouts import too_short


@rule(
    "monitor-timeout-realistic",
    severity=Severity.WARNING,
    rationale="A monitor that is cut off counts as a failure: under load a healthy service is "
    "restarted.",
    remedy="set the timeout to at least what the agent advises, or to the longest monitor measured",
    source=("resource-agents-repo", "pacemaker-explained"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """No monitor has less than its agent advises, or Pacemaker's default with an unknown agent."""
    yield from too_short(cib, "monitor")
