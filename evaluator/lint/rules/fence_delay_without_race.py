"""Where only one half can have a majority, fencing need not wait."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.formats.units import seconds
from evaluator.lint.fencing import devices
from evaluator.lint.membership import members, quorum_device
from evaluator.lint.registry import found, rule


@rule(
    "fence-delay-without-race",
    severity=Severity.INFO,
    rationale="With a quorum device, or an odd number of nodes, only the half with the majority "
    "may fence; a delay merely makes every recovery longer.",
    remedy="delete the delay",
    source=("pacemaker-explained", "ours"),
)
def check(cib: Cib, corosync: Entry) -> Iterator[Finding]:
    """No fencing delay where a tie cannot happen."""
    if not quorum_device(corosync) and len(members(corosync)) % 2 == 0:
        return
    priority = cib.property("priority-fencing-delay")
    if priority and seconds(priority.value):
        yield found(f"priority-fencing-delay is {priority.value!r}", priority.where)
    for device in devices(cib):
        for name in ("pcmk_delay_base", "pcmk_delay_max"):
            if device.delay(name):
                entry = device.parameters[name]
                yield found(f"{device.id}: {name} is {entry.value!r}", entry.where)
