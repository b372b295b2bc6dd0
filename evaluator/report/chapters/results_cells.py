"""What the two halves of chapter 10 share."""

from __future__ import annotations

from evaluator.report.document import Cell, Inline, Missing
from evaluator.report.prose import number, span
from evaluator.result import ComponentResult, StackResult

STAGES = {
    "need": "the need",
    "state": "the organisation's state",
    "semaphore": "the traffic lights",
}


def score_cell(stack: StackResult | ComponentResult) -> Cell:
    """Score with its interval; what has none was the only one in its field."""
    if stack.score is None:
        return Cell((Missing("not applicable"),))
    content: list[Inline] = [number(stack.score, 3)]
    if stack.score_low is not None and stack.score_high is not None:
        content.append(f" ({span(stack.score_low, stack.score_high, 2)})")
    return Cell(tuple(content), sort=stack.score)
