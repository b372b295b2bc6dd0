"""Fencing by SBD is waited for until the message counts as received."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.formats.units import seconds
from evaluator.lint.configuration import Configuration
from evaluator.lint.fencing import SBD, devices
from evaluator.lint.registry import found, rule
from evaluator.lint.watchdog import disks, timeouts, watchdog_seconds

USUAL_SECONDS = 60.0
MARGIN = 1.2


@rule(
    "stonith-timeout-gt-msgwait",
    rationale="With a shorter timeout every fencing fails before the message counts as received, "
    "and the cluster fences again and again without recovering anything.",
    remedy="set stonith-timeout to twice msgwait",
    source=("sbd-man", "sle-ha-docs", "trento-checks"),
    formats=("sbd|sbd_dump",),
)
def check(cib: Cib, configuration: Configuration) -> Iterator[Finding]:
    """``stonith-timeout`` ≥ 1.2 × msgwait (twice the watchdog's timeout where it is not known)."""
    sbd = configuration.sbd
    if not any(device.agent in SBD for device in devices(cib)):
        return
    known = [msgwait for _, msgwait, _ in timeouts(configuration)]
    if not known and sbd and disks(sbd):
        known = [2 * watchdog_seconds(sbd)]
    entry = cib.property("stonith-timeout")
    given = (seconds(entry.value) if entry else USUAL_SECONDS) or 0.0
    if known and given < MARGIN * max(known):
        typed = f"stonith-timeout is {given:g} s" + ("" if entry else " (its default)")
        where = entry.where if entry else cib.where(cib.root.find("configuration/crm_config"))
        yield found(f"{typed}; msgwait is {max(known):g} s", where)
