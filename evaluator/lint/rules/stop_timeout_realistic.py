"""The time that a stop may take fits its agent."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.registry import rule
from evaluator.lint.timeouts import too_short


@rule(
    "stop-timeout-realistic",
    severity=Severity.WARNING,
    rationale="A stop that is cut off counts as failed, and its node is fenced: a slow shutdown "
    "becomes a power cut.",
    remedy="set the timeout to at least what the agent advises, or to the longest stop measured",
    source=("resource-agents-repo", "pacemaker-explained"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """No stop has less than its agent advises, or Pacemaker's default with an unknown agent."""
    yield from too_short(cib, "stop")
