"""The disk below DRBD belongs to DRBD alone."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.agents import DRBD
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-device-not-below",
    rationale="Writes that go to the disk below DRBD are never replicated, and the copies differ "
    "from then on.",
    remedy="use DRBD's own device",
    source="drbd-conf-man",
    formats=("cib|haresources",),
)
def check(configuration: Configuration, drbd: Entry) -> Iterator[Finding]:
    """No resource of the cluster uses a backing disk."""
    below = {disk: r for r in resources(drbd) for disk in r.backing_disks}
    uses = []
    if cib := configuration.cib:
        for primitive in cib.primitives():
            if cib.agent(primitive) not in DRBD:
                owner = f"resource {primitive.get('id')!r}"
                uses += [(owner, e.value, e.where) for e in cib.parameters(primitive).values()]
    for node in configuration.haresources.children if configuration.haresources else ():
        uses += [
            (entry.key, value, entry.where) for entry in node.children for value in entry.values
        ]
    for owner, value, where in uses:
        if value in below:
            device = next(iter(sorted(below[value].devices)), "")
            message = f"{owner} uses {value}, the disk below DRBD resource {below[value].name!r}"
            yield found(message, where, f"use {device}" if device else "")
