"""SBD has a watchdog, and it is armed."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.formats.units import truth
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "sbd-watchdog-device",
    rationale="SBD that hangs, or whose node hangs, is reset by the watchdog alone; without one, "
    "or in trace mode, a node counts as fenced that was never reset.",
    remedy="write SBD_WATCHDOG_DEV=/dev/watchdog and SBD_PACEMAKER=yes, and take -Z and -W out of "
    "SBD_OPTS",
    source=("sbd-man", "trento-checks"),
)
def check(sbd: Entry, configuration: Configuration) -> Iterator[Finding]:
    """A watchdog device, Pacemaker's integration, and no trace mode."""
    if sbd.text("SBD_WATCHDOG_DEV") == "/dev/null":
        yield found("SBD_WATCHDOG_DEV is /dev/null, so there is no watchdog",
                    sbd.place("SBD_WATCHDOG_DEV"))  # fmt: skip
    device = sbd.text("SBD_WATCHDOG_DEV", default="/dev/watchdog")
    declared = configuration.declaration.sbd if configuration.declaration else None
    if declared and declared.watchdog != device:
        message = f"SBD_WATCHDOG_DEV is {device}, but {declared.watchdog} is declared"
        yield found(message, sbd.place("SBD_WATCHDOG_DEV"))
    if truth(sbd.text("SBD_PACEMAKER", default="yes")) is not True:
        yield found(f"SBD_PACEMAKER is {sbd.text('SBD_PACEMAKER')!r}", sbd.place("SBD_PACEMAKER"))
    options = sbd.text("SBD_OPTS").split()
    if "-Z" in options or "-ZZ" in options:
        yield found("SBD_OPTS has -Z: resets become crash dumps, or nothing",
                    sbd.place("SBD_OPTS"))  # fmt: skip
    if options.count("-W") > 1 or "-WW" in options:
        yield found("SBD_OPTS has -W twice, which switches the watchdog off",
                    sbd.place("SBD_OPTS"))  # fmt: skip
