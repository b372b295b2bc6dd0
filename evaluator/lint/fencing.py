"""What the fence devices of a CIB can switch, as Pacemaker takes it from their parameters.

Parameters: Pacemaker Explained, "Fencing"; pacemaker-fenced(7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from evaluator.cluster.fence_agents import meant
from evaluator.cluster.power import ONE_SERVER
from evaluator.formats.cib import Cib, Element
from evaluator.formats.tree import Entry
from evaluator.formats.units import seconds, truth

MANAGEMENT_CONTROLLER = re.compile(
    rf"{ONE_SERVER.pattern}|fence_drac5|external/(ipmi|riloe|drac5|ibmrsa|ibmrsa-telnet)"
)
"""Agents of a controller that is part of one server and can switch that server only."""

SBD = frozenset({"external/sbd", "fence_sbd"})
HELPERS = frozenset({"fence_kdump", "fence_heuristics_ping", "fence_scsi_check"})
"""Agents that switch nothing: they delay or excuse the device that does."""
TARGETS = ("pcmk_host_list", "pcmk_host_map", "hostname", "hostlist")
"""Parameters that name nodes; the last two are those of cluster-glue's agents."""


def misspelt(agent: str) -> str:
    """The agent that a name is probably a slip of; '' for a known one, and for one's own.

    Another number is another generation of a device, and no slip.
    """
    known = meant(agent) if agent.startswith("fence_") else ""
    return "" if re.sub("[0-9]", "", known) == re.sub("[0-9]", "", agent) else known


@dataclass(frozen=True, eq=False)
class Device:
    """A fence device in use; ``targets`` is None when only the device itself knows its nodes."""

    id: str
    agent: str
    element: Element
    parameters: Mapping[str, Entry]
    targets: frozenset[str] | None

    @property
    def address(self) -> Entry | None:
        """The parameter that says where it is reached, under its name or the older one."""
        return self.parameters.get("ip") or self.parameters.get("ipaddr")

    def can_fence(self, node: str) -> bool:
        """Whether Pacemaker would ask it to fence the node."""
        return self.targets is None or node in self.targets

    def delay(self, name: str) -> float:
        """The largest of ``pcmk_delay_base`` or ``pcmk_delay_max`` in seconds, 0 without."""
        if name not in self.parameters:
            return 0.0
        values = (part.rsplit(":", 1)[-1] for part in _words(self.parameters[name].value))
        return max((seconds(value) or 0.0 for value in values), default=0.0)


def agent_of(cib: Cib, element: Element) -> str:
    """The fence agent, without its class."""
    return cib.agent(element).removeprefix("stonith:")


def devices(cib: Cib) -> tuple[Device, ...]:
    """The fence devices that are not switched off."""
    found = []
    for element in cib.fence_devices():
        role = cib.effective_meta(element).get("target-role")
        if role and role.value.lower() == "stopped":
            continue
        parameters, agent = cib.parameters(element), agent_of(cib, element)
        targets = _targets(parameters)
        found.append(Device(element.get("id", ""), agent, element, parameters, targets))
    return tuple(found)


def enabled(cib: Cib) -> bool:
    """Whether the cluster fences at all; the default is that it does."""
    entry = cib.property("stonith-enabled")
    return entry is None or truth(entry.value) is not False


def self_fencing(cib: Cib) -> bool:
    """Whether a lost node is trusted to be reset by its own watchdog."""
    entry = cib.property("stonith-watchdog-timeout")
    return entry is not None and entry.value.strip() not in ("", "0", "0s")


def mapped(text: str) -> dict[str, str]:
    """The outlets of a ``pcmk_host_map``, by node."""
    pairs = (part.partition(":") for part in _words(text))
    return {node: outlets for node, colon, outlets in pairs if colon and node}


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[;\s]+", text) if word]


def _targets(parameters: Mapping[str, Entry]) -> frozenset[str] | None:
    names = ("pcmk_host_list", "pcmk_host_map", "pcmk_host_check")
    listed, table, check = (parameters[n].value if n in parameters else "" for n in names)
    # agents of cluster-glue have words of their own for it
    own = [parameters[name].value for name in ("hostname", "hostlist") if name in parameters]
    if check not in ("", "static-list"):
        return None
    if not (listed or table or own or check):
        return None
    nodes = [node for text in (listed, *own) for node in re.split(r"[,;\s]+", text) if node]
    return frozenset((*nodes, *mapped(table)))
