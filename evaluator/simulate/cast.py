"""Who plays what in a cluster: its nodes and resources by role.

A scenario speaks of ``first`` (the node that carries the service at the beginning), ``second`` and
``voter``, of ``data``, ``mount``, ``service``, ``balancer`` and ``address``; so it fits every
cluster that has them, whatever they are called there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evaluator.findings import EvaluationError, Finding
from evaluator.formats.cib import Cib, Element
from evaluator.lint.fencing import mapped

ROLES = ("data", "mount", "service", "balancer", "address")
"""Resources as they start: promote, mount, service, and load balancer and virtual address, of which
either may be first."""
RANKS = {**{role: rank for rank, role in enumerate(ROLES)}, "address": ROLES.index("balancer")}
ORDINALS = ("first", "second", "third", "fourth", "fifth")
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
AGENTS = {
    "Filesystem": "mount",
    "IPaddr2": "address",
    "IPaddr": "address",
    "haproxy": "balancer",
}


@dataclass(frozen=True)
class Cast:
    """The parts of one cluster.  ``chain`` is (role, id) in the order in which they must start."""

    nodes: tuple[str, ...]
    voters: tuple[str, ...]
    chain: tuple[tuple[str, str], ...]
    devices: tuple[tuple[str, tuple[str, ...]], ...]
    """Fence devices, each with the nodes that it can switch off."""
    monitors: tuple[tuple[str, str, int], ...]
    """Recurring monitors: resource, role ('' for any), interval in milliseconds."""
    first: str = ""

    @property
    def carriers(self) -> tuple[str, ...]:
        """Nodes that may carry the service, the one that carries it at the beginning ahead."""
        able = [n for n in self.nodes if n not in self.voters]
        return tuple(sorted(able, key=lambda n: n != self.first))

    @property
    def data(self) -> str:
        """The replicated resource, '' if there is none."""
        return dict(self.chain).get("data", "")

    @property
    def names(self) -> dict[str, str]:
        """What each role is called here."""
        voters = [("voter" if n == 1 else f"voter-{n}", v) for n, v in enumerate(self.voters, 1)]
        return {
            **dict(zip(ORDINALS, self.carriers, strict=False)),
            **dict(voters),
            **dict(self.chain),
        }

    @property
    def roles(self) -> dict[str, str]:
        """The role of each name."""
        return {name: role for role, name in self.names.items()}


def cast(cib: Cib) -> Cast:
    """Find out who plays what.

    Raises
    ------
    EvaluationError
        ``not-simulated`` when there is no service, or a name is one that
        ``crm_simulate`` could misread; exit code 2.
    """
    names = [*cib.nodes(), *(p.get("id", "") for p in cib.primitives())]
    if strange := [name for name in names if not PLAIN.fullmatch(name)]:
        message = f"the name {strange[0]!r} is not plain enough"
        remedy = "use letters, digits and _ . - in names of nodes and resources"
        raise EvaluationError(Finding("not-simulated", message, cib.where(), remedy))
    group = next((tuple(g.iter("primitive")) for g in cib.groups()), None)
    alone = (r for r in cib.resources() if r.tag == "primitive" and r not in cib.fence_devices())
    members = group or tuple(alone)
    if not members:
        remedy = "name a cluster with storage, service and address, in a group or by themselves"
        message = "there is no service among the resources, so no scenario fits"
        raise EvaluationError(Finding("not-simulated", message, cib.where(), remedy))
    chain = sorted(_roles(cib, members), key=lambda pair: RANKS[pair[0].partition("-")[0]])
    for clone in cib.clones():
        if cib.promotable(clone) and (inner := clone.find("primitive")) is not None:
            chain.insert(0, ("data", inner.get("id", "")))
            break
    return Cast(
        nodes=cib.nodes(),
        voters=tuple(n for n in cib.nodes() if _banned(cib, members, n)),
        chain=tuple(chain),
        devices=tuple((d.get("id", ""), _targets(cib, d)) for d in cib.fence_devices()),
        monitors=tuple(
            (p.get("id", ""), op.role, round(op.interval * 1000))
            for p in cib.primitives()
            for op in cib.operations(p)
            if op.name == "monitor"
        ),
    )


def _roles(cib: Cib, members: tuple[Element, ...]) -> list[tuple[str, str]]:
    """Roles of the service's parts; a role that comes again gets a number."""
    found: list[tuple[str, str]] = []
    for primitive in members:
        role = AGENTS.get(cib.agent(primitive).rpartition(":")[2], "service")
        same = sum(r.partition("-")[0] == role for r, _ in found)
        found.append((f"{role}-{same + 1}" if same else role, primitive.get("id", "")))
    return found


def _banned(cib: Cib, members: tuple[Element, ...], node: str) -> bool:
    mine = {e.get("id") for m in members for e in (m, *m.iterancestors("group"))}
    return any(
        place.node == node and place.score == float("-inf") and mine & set(place.resources)
        for place in cib.locations()
    )


def _targets(cib: Cib, device: Element) -> tuple[str, ...]:
    parameters = cib.parameters(device)
    if listed := parameters.get("pcmk_host_list"):
        return tuple(re.split(r"[\s,;]+", listed.value.strip()))
    if table := parameters.get("pcmk_host_map"):
        return tuple(mapped(table.value))
    return ()
