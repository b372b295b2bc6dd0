"""A resource is told what it is to look after."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.agents import DRBD, FILESYSTEM
from evaluator.lint.registry import found, rule

REQUIRED = {
    FILESYSTEM: ("device", "directory", "fstype"),
    "ocf:heartbeat:IPaddr2": ("ip",),
    "ocf:heartbeat:IPaddr": ("ip",),
    "ocf:heartbeat:IPv6addr": ("ipv6addr",),
    "ocf:heartbeat:LVM-activate": ("vgname", "vg_access_mode"),
    "ocf:heartbeat:exportfs": ("clientspec", "directory", "fsid"),
    "ocf:heartbeat:VirtualDomain": ("config",),
    "ocf:heartbeat:iSCSITarget": ("iqn",),
    "ocf:heartbeat:iSCSILogicalUnit": ("target_iqn", "lun"),
} | dict.fromkeys(DRBD, ("drbd_resource",))
"""Parameters that the agents' metadata call required."""


@rule(
    "required-parameters",
    rationale="An agent that lacks a parameter does not start anything; schema and crm_verify do "
    "not know the agents and say nothing.",
    remedy="write the parameter; 'crm ra info AGENT' or 'pcs resource describe AGENT' tells how",
    source=("resource-agents-repo", "drbd-utils-repo"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """Every primitive of a known agent has the parameters that its metadata require."""
    for primitive in cib.primitives():
        agent, given = cib.agent(primitive), cib.parameters(primitive)
        for name in REQUIRED.get(agent, ()):
            if name not in given or not given[name].value:
                where = given[name].where if name in given else cib.where(primitive)
                yield found(f"{primitive.get('id')} ({agent}) has no {name}", where)
