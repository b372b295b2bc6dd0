"""Data that may be old are not promoted."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import clones


@rule(
    "drbd-promotion-score",
    rationale="The first of the agent's promotion scores is for data that are merely Consistent, "
    "perhaps long outdated; above 0 a node alone would bring old data into service.",
    remedy="remove adjust_master_score, or let it begin with 0",
    source="drbd-utils-repo",
)
def check(cib: Cib) -> Iterator[Finding]:
    """``adjust_master_score`` begins with 0."""
    for _, primitive in clones(cib):
        scores = cib.parameters(primitive).get("adjust_master_score")
        if scores and scores.value.split()[:1] not in (["0"], []):
            message = f"{primitive.get('id')!r}: adjust_master_score is {scores.value!r}"
            yield found(message, scores.where)
