"""A message counts as received only after the watchdog would have struck."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.watchdog import timeouts


@rule(
    "sbd-msgwait-2x-watchdog",
    rationale="A node that no longer reads its disk is dead for sure only when its watchdog has "
    "had the time; with a shorter msgwait it counts as fenced while it still writes.",
    remedy="sbd -d DISK -1 WATCHDOG -4 MSGWAIT create, with MSGWAIT at least twice WATCHDOG",
    source=("sbd-man", "trento-checks"),
    formats=("sbd_dump|declaration",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """At least 2 × watchdog is msgwait, in each disk's header and in the declaration."""
    for watchdog, msgwait, where in timeouts(configuration):
        if msgwait < 2 * watchdog:
            yield found(f"msgwait is {msgwait:g} s; at least {2 * watchdog:g} s here", where)
