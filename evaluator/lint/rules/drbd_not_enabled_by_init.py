"""Pacemaker starts DRBD, nothing else does."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Where
from evaluator.formats.cib import Cib
from evaluator.lint.boot import enabled_units
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import clones


@rule(
    "drbd-not-enabled-by-init",
    rationale="A node that starts DRBD at boot may promote it, or hold the peer's start up, before "
    "the cluster has decided who is primary.",
    remedy="systemctl disable drbd; remove become-primary-on; leave DRBD to the promotable clone",
    source="drbd-users-guide",
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """With DRBD in the CIB no link, no primary at startup and no resource of its unit is there.

    A bundle has no links; that its nodes have none is checked when it is built and verified.
    """
    if not any(clones(cib)):
        return
    for unit, path in enabled_units(configuration).items():
        if unit == "drbd" or unit.startswith("drbd@"):
            yield found(f"{unit!r} starts at boot", Where(path))
    for primitive in cib.primitives():
        if cib.agent(primitive) in ("systemd:drbd", "lsb:drbd", "service:drbd"):
            message = f"{name(primitive)!r} starts every DRBD resource of the node"
            yield found(message, cib.where(primitive))
    sections = (
        [e for e in configuration.drbd.walk() if e.key == "startup"] if configuration.drbd else []
    )
    for entry in (e for section in sections for e in section.all("become-primary-on")):
        yield found(f"become-primary-on {entry.value}", entry.where)
