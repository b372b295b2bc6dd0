"""Clients get the address when somebody answers there."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.agents import serves
from evaluator.lint.placement import not_awaited
from evaluator.lint.registry import rule


@rule(
    "vip-after-service",
    severity=Severity.INFO,
    rationale="Until the service has started, which may take minutes, clients that reach the "
    "address are refused instead of being kept waiting.",
    remedy="make the address the last member of the group; a service that must bind it can with "
    "sysctl ip_nonlocal_bind",
    source=("pacemaker-explained", "ours"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """An address starts after the services that are placed with it."""
    yield from not_awaited(cib, serves)
