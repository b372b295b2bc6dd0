"""Two nodes must not shoot each other."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.formats.units import score, seconds
from evaluator.lint.configuration import Configuration
from evaluator.lint.fencing import HELPERS, Device, devices, enabled
from evaluator.lint.membership import members, quorum_device
from evaluator.lint.registry import found, rule


@rule(
    "fence-race-delay",
    rationale="When the links of two nodes break both are quorate and fence at once: both go down, "
    "unless one shot is held back.",
    remedy="set priority-fencing-delay to at least twice the largest pcmk_delay_base or "
    "pcmk_delay_max and give the service a priority, or pcmk_delay_base for one of the two nodes",
    source=("pacemaker-explained", "trento-checks", "sbd-man"),
)
def check(cib: Cib, configuration: Configuration) -> Iterator[Finding]:
    """Two nodes without quorum device: one of the delays is there, and the sums come out."""
    if not enabled(cib) or not _alone(configuration, cib):
        return
    every = [d for d in devices(cib) if d.agent not in HELPERS]
    largest = max((d.delay(n) for d in every for n in ("pcmk_delay_base", "pcmk_delay_max")),
                  default=0.0)  # fmt: skip
    priority = cib.property("priority-fencing-delay")
    delay = (seconds(priority.value) if priority else 0.0) or 0.0
    if priority and delay:
        if delay < 2 * largest:
            message = f"priority-fencing-delay is {delay:g} s; at least {2 * largest:g} s here"
            yield found(f"{message}, twice the largest delay of a device", priority.where)
        if not _prioritised(cib):
            message = "priority-fencing-delay is set, but no resource has a priority"
            yield found(message, priority.where, "give the service the meta attribute priority=10")
    elif every and not _uneven(every):
        where = priority.where if priority else cib.where(cib.root.find(".//crm_config"))
        yield found("two nodes can fence each other at the same moment", where)


def _alone(configuration: Configuration, cib: Cib) -> bool:
    if configuration.corosync is None:
        return len(cib.nodes()) == 2
    count = len(members(configuration.corosync)) or len(cib.nodes())
    return count == 2 and quorum_device(configuration.corosync) is None


def _prioritised(cib: Cib) -> bool:
    metas = [cib.rsc_defaults(), *map(cib.meta, cib.root.iter("primitive", "group", "clone"))]
    metas += [cib.meta(element) for element in cib.root.iter("master", "bundle")]
    return any(score(m["priority"].value) > 0 for m in metas if "priority" in m)


def _uneven(every: list[Device]) -> bool:
    """Whether chance, or a static delay that the two do not share, holds one of the shots back."""
    if any(d.delay("pcmk_delay_max") for d in every):
        return True
    bases = {_base(device) for device in every}
    return len(bases) > 1 or any(":" in base for base in bases)


def _base(device: Device) -> str:
    written = (device.parameters.get(name) for name in ("pcmk_delay_base", "delay"))
    return next((entry.value for entry in written if entry), "")
