"""The token timeout must fit what it runs on."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule

SHORTEST_MS = 1000
"""The default of corosync 2 and 3.0; below it a busy host is taken for a dead one."""


@rule(
    "token-per-environment",
    severity=Severity.WARNING,
    rationale="A token timeout that is shorter than the pauses of a loaded host or hypervisor "
    "makes corosync declare a healthy node dead, and fencing then kills it.",
    remedy="leave totem.token out (3000 ms since corosync 3.1), or write at least 1000 and more "
    "than the longest pause of the host or hypervisor",
    source="corosync-conf-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``totem.token`` is a number of milliseconds of at least the old default."""
    token = corosync.number("totem", "token")
    for entry in corosync.all("totem", "token")[-1:]:
        if token is None or token < SHORTEST_MS:
            yield found(f"token is {entry.value!r}", entry.where)
