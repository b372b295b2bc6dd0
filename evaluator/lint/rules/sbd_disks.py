"""SBD's disks are one or three, and nobody's mirror."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.watchdog import disks

MIRROR = re.compile(r"/dev/(drbd|md)\w*")
SHIFTING = re.compile(r"/dev/(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+)(p?\d+)?")


@rule(
    "sbd-disks",
    severity=Severity.WARNING,
    rationale="With two disks SBD cannot fence while one is away; a mirrored disk splits with the "
    "cluster; and a name like /dev/sda may be another disk after the next boot.",
    remedy="give one disk, or three of independent storage, by their names in /dev/disk/by-id, "
    "separated by single semicolons",
    source=("sbd-man", "sle-ha-docs", "trento-checks"),
)
def check(sbd: Entry) -> Iterator[Finding]:
    """``SBD_DEVICE`` names one or three disks by stable names, none of DRBD or MD."""
    where, given = sbd.place("SBD_DEVICE"), disks(sbd)
    named = [disk for disk in given if disk]
    if len(named) != len(given):
        yield found("SBD_DEVICE has a semicolon without a disk", where)
    if len(named) == 2 or len(named) > 3:
        yield found(f"SBD_DEVICE has {len(named)} disks; allowed: 1 or 3", where)
    for disk in named:
        if MIRROR.match(disk):
            yield found(f"{disk} is a mirror", where)
        elif SHIFTING.fullmatch(disk):
            yield found(f"{disk} is no stable name", where)
