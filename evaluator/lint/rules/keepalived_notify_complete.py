"""What a new master starts, an old one stops."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import Instance, instances

STATES = ("notify_master", "notify_backup", "notify_fault", "notify_stop")


@rule(
    "keepalived-notify-complete",
    severity=Severity.WARNING,
    rationale="Each script is called for one transition only: a node that goes to FAULT, or whose "
    "keepalived stops, keeps running what the next master starts as well.",
    remedy="notify_master, notify_backup, notify_fault and notify_stop, or `notify` and "
    "notify_stop",
    source="keepalived-conf-man",
)
def check(configuration: Configuration, keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """An instance with one of these scripts has them all, or its sync group or unit has."""
    after = {e.value for unit in configuration.units for e in unit.all("Service", "ExecStopPost")}
    for instance in instances(keepalived):
        given = {key for key in STATES if _has(instance, key)}
        if _has(instance, "notify"):
            given |= set(STATES[:3])
        if given and any(after):  # systemd calls it, however keepalived ended
            given.add("notify_stop")
        if given and (missing := [key for key in STATES if key not in given]):
            message = f"vrrp_instance {instance.name!r} has no {', '.join(missing)}"
            yield found(message, instance.entry.where)


def _has(instance: Instance, key: str) -> bool:
    return any(owner.get(key) for owner in (instance.entry, *instance.groups))
