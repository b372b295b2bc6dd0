"""SBD's settings with their defaults: sbd(8), /etc/default/sbd of sbd 1.5."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Where
from evaluator.formats.tree import Entry
from evaluator.formats.units import seconds
from evaluator.lint.configuration import Configuration

WATCHDOG_SECONDS = 5.0


def disks(sbd: Entry) -> tuple[str, ...]:
    """The disks that messages are exchanged over, as written: empty ones too; () for diskless."""
    written = sbd.text("SBD_DEVICE")
    return tuple(disk.strip() for disk in written.split(";")) if written.strip(" ;") else ()


def watchdog_seconds(sbd: Entry) -> float:
    """After how long the watchdog resets a node that SBD does not feed."""
    return seconds(sbd.text("SBD_WATCHDOG_TIMEOUT")) or WATCHDOG_SECONDS


def timeouts(configuration: Configuration) -> Iterator[tuple[float, float, Where]]:
    """Watchdog and msgwait in seconds: of each disk's header, and of the declaration."""
    if configuration.sbd_dump:
        for disk in configuration.sbd_dump.all("disk"):
            watchdog, msgwait = disk.number("watchdog"), disk.number("msgwait")
            if watchdog is not None and msgwait is not None:
                yield watchdog, msgwait, disk.place("msgwait")
    declared = configuration.declaration.sbd if configuration.declaration else None
    if declared and declared.devices and declared.msgwait_timeout_seconds is not None:
        path = configuration.paths("declaration")[0]
        yield declared.watchdog_timeout_seconds, declared.msgwait_timeout_seconds, Where(path)
