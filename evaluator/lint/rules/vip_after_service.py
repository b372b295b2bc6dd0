"""Clients get the address when somebody answers there."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.lint.agents import serves
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import name, not_awaited
from evaluator.lint.registry import found, rule


@rule(
    "vip-after-service",
    severity=Severity.INFO,
    rationale="Until the service has started, which may take minutes, clients that reach the "
    "address are refused instead of being kept waiting.",
    remedy="make the address the last member of the group; a service that must bind it can with "
    "sysctl ip_nonlocal_bind",
    source=("pacemaker-explained", "ours"),
    formats=("cib",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """An address starts after the services that are placed with it."""
    assert configuration.cib
    for address, early in not_awaited(configuration.cib, serves):
        message = f"{name(address)!r} does not wait for {', '.join(map(repr, early))}"
        yield found(message, configuration.cib.where(address))
