"""The address follows the data of its service."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.agents import STORAGE
from evaluator.lint.placement import not_awaited
from evaluator.lint.registry import rule


@rule(
    "vip-after-service-storage",
    severity=Severity.WARNING,
    rationale="An address that comes before its data, or stays when they go, brings clients to a "
    "node that can only refuse them.",
    remedy="make the address the last member of the group, or order it after the storage",
    source=("pacemaker-explained", "ours"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """An address starts after the storage that is placed with it."""
    yield from not_awaited(cib, STORAGE.__contains__)
