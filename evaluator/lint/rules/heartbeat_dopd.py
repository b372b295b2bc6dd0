"""Heartbeat must let DRBD outdate its peer."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "heartbeat-dopd",
    rationale="The handler drbd-peer-outdater asks a daemon of Heartbeat; without it nothing is "
    "outdated when replication breaks, and old data may be promoted.",
    remedy="respawn root /usr/libexec/heartbeat/dopd, and apiauth dopd uid=root gid=haclient",
    source="heartbeat-repo",
)
def check(ha_cf: Entry, drbd: Entry) -> Iterator[Finding]:
    """With that handler ha.cf starts dopd and lets it in."""
    started = any("/dopd" in entry.value for entry in ha_cf.all("respawn"))
    admitted = any(entry.values[:1] == ("dopd",) for entry in ha_cf.all("apiauth"))
    for resource in resources(drbd):
        handler = resource.option("handlers", "fence-peer")
        if handler and "drbd-peer-outdater" in handler.value:
            for what, there in (("respawn", started), ("apiauth", admitted)):
                if not there:
                    message = (
                        f"resource {resource.name!r} needs dopd, and ha.cf has no {what} of it"
                    )
                    yield found(message, handler.where)
