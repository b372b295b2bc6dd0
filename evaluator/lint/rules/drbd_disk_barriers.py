"""Writes must reach the platter in the order in which DRBD gave them."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.formats.units import truth
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources

OPTIONS = ("disk-flushes", "md-flushes", "disk-drain")


@rule(
    "drbd-disk-barriers",
    severity=Severity.WARNING,
    rationale="Without flushes a power cut loses what the disk still held in its write cache, "
    "although it was acknowledged; without drain writes may even change their order.",
    remedy="remove the option, unless the disk's write cache is battery-backed; never switch off "
    "disk-drain",
    source="drbd-conf-man",
)
def check(drbd: Entry) -> Iterator[Finding]:
    """Flushes and drain are on; ``no-disk-flushes`` is the word of 8.3."""
    for resource in resources(drbd):
        for option in OPTIONS:
            off = [e for e in resource.options("disk", option) if truth(e.value) is False]
            for entry in (*off, *resource.options("disk", f"no-{option}")):
                yield found(f"resource {resource.name!r}: {option} is off", entry.where)
