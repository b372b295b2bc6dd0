"""The cluster waits for the watchdog long enough."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.formats.units import seconds
from evaluator.lint.configuration import Configuration
from evaluator.lint.fencing import self_fencing
from evaluator.lint.registry import found, rule
from evaluator.lint.watchdog import disks, watchdog_seconds


@rule(
    "sbd-watchdog-timeout",
    rationale="A lost node counts as reset after stonith-watchdog-timeout: too short, and it is "
    "still running when the service starts elsewhere; without it, diskless SBD is not used.",
    remedy="set stonith-watchdog-timeout to twice SBD_WATCHDOG_TIMEOUT",
    source=("pacemaker-explained", "sbd-man", "rhel-ha-docs"),
)
def check(cib: Cib, sbd: Entry, configuration: Configuration) -> Iterator[Finding]:
    """SBD_WATCHDOG_TIMEOUT is as declared; diskless, ``stonith-watchdog-timeout`` is twice it."""
    watchdog = watchdog_seconds(sbd)
    declared = configuration.declaration.sbd if configuration.declaration else None
    if declared and declared.watchdog_timeout_seconds != watchdog:
        where = sbd.place("SBD_WATCHDOG_TIMEOUT")
        message = f"SBD_WATCHDOG_TIMEOUT is {watchdog:g} s"
        yield found(
            f"{message}, but {declared.watchdog_timeout_seconds} s are declared",
            where,
            f"write SBD_WATCHDOG_TIMEOUT={declared.watchdog_timeout_seconds}",
        )
    if disks(sbd):
        return
    entry = cib.property("stonith-watchdog-timeout")
    if entry is None or not self_fencing(cib):
        where = entry.where if entry else cib.where(cib.root.find("configuration/crm_config"))
        yield found("SBD has no disk, but stonith-watchdog-timeout is not set", where)
        return
    given = seconds(entry.value)
    if not entry.value.strip().startswith("-") and (given is None or given < 2 * watchdog):
        message = f"{entry.key} is {entry.value!r}; at least {2 * watchdog:g} s here"
        yield found(message, entry.where)
