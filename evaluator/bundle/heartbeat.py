"""``ha.cf`` and ``haresources`` for Heartbeat 3.0.6 without a cluster resource manager.

Directives: ha.cf(5) of 3.0.6.  The order of lines counts: times and port stand before the links.
The shared key, ``/etc/ha.d/authkeys``, is made when the cluster is built.
"""

from __future__ import annotations

import ipaddress

from evaluator.bundle.nftables import HEARTBEAT_PORT
from evaluator.cluster.model import ClusterModel

DOPD = "/usr/libexec/heartbeat/dopd"
FIRST_DEADTIME_FLOOR_MS = 30_000
"""The manual's own example; a switch may need as long to let a port through after a boot."""
KEEPALIVES_PER_DEADTIME = 6
"""Ours: five beats may be lost before a node counts as dead."""


def ha_cf(cluster: ClusterModel) -> bytes:
    """Render ``ha.cf``; the same bytes on both nodes, which ignore links to themselves."""
    dead = cluster.token_ms
    lines = [
        "logfacility daemon",
        "autojoin none",
        "crm off",
        f"keepalive {dead // KEEPALIVES_PER_DEADTIME}ms",
        f"warntime {dead // 2}ms",
        f"deadtime {dead}ms",
        f"initdead {max(2 * dead, FIRST_DEADTIME_FLOOR_MS)}ms",
        f"udpport {HEARTBEAT_PORT}",
    ]
    for link in cluster.links:
        for member in cluster.members:
            address = member.links[link.number]
            medium = "ucast6" if ipaddress.ip_address(address).version == 6 else "ucast"
            lines.append(f"{medium} {cluster.interface(link.network)} {address}")
    lines += ["auto_failback off", f"node {' '.join(m.name for m in cluster.members)}"]
    if cluster.replicated:
        # it calls drbdadm, which only root may
        lines += [f"respawn root {DOPD}", "apiauth dopd uid=root gid=haclient"]
    return ("\n".join(lines) + "\n").encode()


def haresources(cluster: ClusterModel) -> bytes:
    """Render ``haresources``: one line, started from left to right and stopped in reverse."""
    vip, steps = cluster.vip, [cluster.members[0].name]
    if cluster.replicated:
        steps.append(f"drbddisk::{cluster.replicated.name}")
    if cluster.storage:
        s = cluster.storage
        steps.append(f"Filesystem::{s.device}::{s.mount}::{s.filesystem}::noatime")
    steps.append("cluster-service")
    # "::" parts arguments here, so an address of version 6 must be written without it
    address = ipaddress.ip_address(vip.address).exploded
    steps.append(f"IPaddr2::{address}/{vip.prefix}/{cluster.interface(vip.network)}")
    return (" ".join(steps) + "\n").encode()
