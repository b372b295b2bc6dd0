"""SBD's disk and its fence device belong together."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.lint.fencing import SBD, devices
from evaluator.lint.registry import found, rule
from evaluator.lint.watchdog import disks


@rule(
    "sbd-fence-device",
    rationale="Pacemaker sends messages over SBD's disks through its fence device only, which "
    "needs a disk and must not be a clone; one without the other fences nobody.",
    remedy="primitive fencing-sbd stonith:external/sbd (or fence_sbd) where SBD_DEVICE is set, and "
    "only there",
    source=("sbd-man", "sle-ha-docs"),
)
def check(cib: Cib, sbd: Entry) -> Iterator[Finding]:
    """``SBD_DEVICE`` is set if and only if a device of SBD's agent is there, not cloned."""
    ours = [device for device in devices(cib) if device.agent in SBD]
    if disks(sbd) and not ours:
        yield found("SBD has a disk, but the CIB no fence device for it", sbd.place("SBD_DEVICE"))
    for device in ours:
        where = cib.where(device.element)
        if not disks(sbd) and "devices" not in device.parameters:
            yield found(f"{device.id} needs SBD_DEVICE, which is not set", where)
        if any(e.tag in ("clone", "master") for e in device.element.iterancestors()):
            yield found(f"{device.id} is cloned; Pacemaker registers it on every node", where)
