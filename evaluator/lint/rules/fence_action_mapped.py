"""To fence is to switch off."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import devices
from evaluator.lint.registry import found, rule

ALLOWED = {
    "pcmk_reboot_action": ("reboot", "off"),
    "pcmk_off_action": ("off",),
    "action": ("reboot", "off"),
}


@rule(
    "fence-action-mapped",
    rationale="The cluster takes the success of the mapped action for a node that is off; 'status' "
    "and 'on' succeed while it runs.",
    remedy="delete the parameter; the cluster asks for reboot and off by itself",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """The actions reboot and off of a device are mapped to none that leaves the node running."""
    for device in devices(cib):
        for name, allowed in ALLOWED.items():
            entry = device.parameters.get(name)
            if entry and entry.value.strip().lower() not in allowed:
                said = allowed_values(entry.value, allowed)
                yield found(f"{device.id}: {name} is {entry.value!r}; {said}", entry.where)
