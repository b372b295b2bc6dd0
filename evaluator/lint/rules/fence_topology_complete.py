"""A fencing topology names every node and every device that there is."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.cib import Cib, Level
from evaluator.lint.fencing import devices
from evaluator.lint.registry import found, rule


@rule(
    "fence-topology-complete",
    rationale="Where a node has levels only the devices in them are used; a level with a device "
    "that does not exist always fails, and a device in no level is a spare that is never tried.",
    remedy="write a fencing-level for each device of the node, the best one with index 1",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Devices and targets of levels exist; a node with levels has all its devices in them."""
    levels = cib.levels()
    known = {d.get("id", "") for d in cib.fence_devices()}
    places: set[tuple[str, int]] = set()
    for level in levels:
        for device in sorted({*level.devices} - known - {"watchdog"}):
            yield found(
                f"{device!r} is no fence device; {allowed_values(device, known)}", level.where
            )
        if level.kind == "node" and cib.nodes() and level.target not in cib.nodes():
            message = f"{level.target!r} is no node; {allowed_values(level.target, cib.nodes())}"
            yield found(message, level.where)
        if not 1 <= level.index <= 9:
            yield found(f"index is {level.index}; allowed: 1 to 9", level.where)
        if (level.target, level.index) in places:
            message = f"{level.target!r} has two levels {level.index}"
            yield found(
                message, level.where, "name both devices in one level, or number them apart"
            )
        places.add((level.target, level.index))
    if levels:
        yield from _unused(cib, levels)


def _unused(cib: Cib, levels: tuple[Level, ...]) -> Iterator[Finding]:
    for element in cib.root.iterfind("configuration/nodes/node"):
        node = element.get("uname", "")
        mine = [level for level in levels if _concerns(level, node)]
        used = {device for level in mine for device in level.devices}
        able = [d.id for d in devices(cib) if d.can_fence(node)]
        unused = [id for id in able if id not in used]
        if unused and (mine or len(able) > 1):
            message = f"{', '.join(unused)} can fence {node!r}, but is in no level of it"
            yield found(message, cib.where(element))


def _concerns(level: Level, node: str) -> bool:
    """Whether a level may be of a node; which ones a pattern or an attribute means is not asked."""
    return level.kind != "node" or level.target == node
