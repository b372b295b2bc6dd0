"""Heartbeat must fence where data are at stake."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint import ha
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-stonith",
    rationale="Without stonith a node that is cut off keeps its storage while the other one takes "
    "it over: both write.",
    remedy="stonith_host * TYPE … for every node in ha.cf, with a device that really switches",
    source="heartbeat-docs",
)
def check(configuration: Configuration, ha_cf: Entry) -> Iterator[Finding]:
    """With storage in haresources there is a stonith device, and none that only pretends."""
    if not ha.manages(ha_cf):
        return
    storage = next(ha.stored(configuration.haresources), None)
    if storage and not ha.fences(ha_cf):
        yield found(f"{storage.key} is taken over without stonith", storage.where)
    for entry in ha_cf.children:
        position = {"stonith": 0, "stonith_host": 1}.get(entry.key, -1)
        kind = entry.values[position] if 0 <= position < len(entry.values) else ""
        if kind in ha.NOT_FENCING:
            yield found(f"stonith type {kind!r} switches nothing off", entry.where)
