"""Storage and addresses are looked at often."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.agents import ADDRESSES, DRBD, STORAGE
from evaluator.lint.registry import found, rule

LONGEST_SECONDS = 60.0
"""Agents of addresses and file systems advise 10 to 20 s; here is where the outage grows (ours)."""


@rule(
    "monitor-interval",
    severity=Severity.INFO,
    rationale="A lost mount or address is noticed at the next monitor only: its interval is outage "
    "before any recovery begins.",
    remedy="add a monitor with interval=20s (IPaddr2: 10s)",
    source=("resource-agents-repo", "ours"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """The shortest monitor of a file system, address or DRBD resource is at most 60 s apart."""
    for primitive in cib.primitives():
        if cib.agent(primitive) not in ADDRESSES | STORAGE | DRBD:
            continue
        recurring = [o for o in cib.operations(primitive) if o.name == "monitor" and o.interval > 0]
        shortest = min(recurring, key=lambda o: o.interval, default=None)
        if shortest and shortest.interval > LONGEST_SECONDS:
            message = f"{primitive.get('id')} is looked at every {shortest.interval:g} s only"
            yield found(message, shortest.where)
