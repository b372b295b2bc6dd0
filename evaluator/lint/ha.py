"""Heartbeat: what its two files say together.

Terms: ha.cf(5) and the comments of ha.cf and haresources of Heartbeat 3.0.6.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.formats.tree import Entry
from evaluator.formats.units import seconds, truth

STORAGE = frozenset({"drbddisk", "drbdupper", "Filesystem", "LVM", "Raid1", "ServeRAID"})
NOT_FENCING = frozenset({"null", "meatware", "ssh", "external/ssh", "suicide"})
"""Stonith types that are for tests, or wait for a human."""


def fences(ha_cf: Entry | None) -> bool:
    """Whether Heartbeat itself switches a lost node off."""
    return bool(ha_cf and (ha_cf.get("stonith") or ha_cf.get("stonith_host")))


def manages(ha_cf: Entry) -> bool:
    """Whether its own resource manager runs (haresources), not Pacemaker."""
    lines = (*ha_cf.all("crm"), *ha_cf.all("pacemaker"))
    return not any(truth(e.value) or e.value in ("respawn", "manual") for e in lines)


def stored(haresources: Entry | None) -> Iterator[Entry]:
    """Resources that are storage."""
    for node in haresources.children if haresources else ():
        yield from (entry for entry in node.children if entry.key in STORAGE)


def time(ha_cf: Entry, directive: str) -> float | None:
    """A time of ha.cf in seconds, None if it is not written."""
    entry = ha_cf.get(directive)
    return seconds(entry.value) if entry else None


def paths(ha_cf: Entry) -> frozenset[str]:
    """Interfaces and serial ports over which heartbeats go, each once."""
    found: set[str] = set()
    for entry in ha_cf.children:
        if entry.key in ("bcast", "serial"):
            found.update(entry.values)
        elif entry.key in ("ucast", "ucast6", "mcast", "mcast6"):
            found.update(entry.values[:1])
    return frozenset(found)
