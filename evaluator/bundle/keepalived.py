"""``keepalived.conf`` for keepalived 2.2: one VRRP instance for the virtual address.

Keywords: keepalived.conf(5) of 2.2.7.  Adverts go to the peer's address (unicast), so no switch
must carry multicast.  VRRP version 3 counts in hundredths of a second; it has no authentication,
so the firewall takes protocol 112 from the peer only.
"""

from __future__ import annotations

import ipaddress
import math

from evaluator.bundle.service import PATH as SERVICE
from evaluator.bundle.service import release_seconds
from evaluator.cluster.model import ClusterModel, Member

FIRST_PRIORITY = 150
PRIORITY_STEP = 50
"""keepalived.conf(5): "recommended to make this 50 more than on other machines"."""
LONGEST_ADVERT_SECONDS = 40.95
"""The field of a version 3 advert has 12 bits of hundredths of a second (RFC 5798, 5.2.7)."""
ANNOUNCE_SECONDS = 5
"""A master says again where the address is, this often (ours).  Of two masters whose network heals
one gives way, and without this nobody may tell the clients which: in 2 of 10 trials they went on
asking the other for 32 to 34 s, until their own ARP entries had expired."""
FALL = 2
"""Failures in a row that count; ours: one may fall into a moment of load, or of a transition."""


def priority(index: int) -> int:
    """Priority of a node by its place in the declaration; the first one wins an election."""
    return FIRST_PRIORITY - PRIORITY_STEP * index


def advert_seconds(token_ms: int, lowest_priority: int) -> float:
    """Interval of the adverts in seconds, so that a silent master is missed within ``token_ms``.

    A backup waits for 3 adverts and a skew of (256 - priority) / 256 of one (RFC 5798, 6.1).
    """
    adverts = 3 + (256 - lowest_priority) / 256
    hundredths = math.floor(token_ms / 10 / adverts)
    return min(hundredths / 100, LONGEST_ADVERT_SECONDS)


def keepalived_conf(cluster: ClusterModel) -> dict[str, bytes]:
    """Render ``keepalived.conf`` by node name."""
    return {m.name: _conf(cluster, i, m) for i, m in enumerate(cluster.carriers)}


def unit_settings(cluster: ClusterModel) -> bytes:
    """Render what systemd must know of keepalived where it moves more than the address.

    By Debian's unit, systemd kills what keepalived's scripts have started when keepalived stops,
    and the scripts themselves half-way.  With this a stop ends when the node has let go.
    """
    after = "After=drbd.service\n" if cluster.replicated else ""
    return f"""\
[Unit]
{after}
[Service]
KillMode=process
ExecStopPost={SERVICE} release
TimeoutStopSec={release_seconds(cluster.application)}
""".encode()


def _conf(cluster: ClusterModel, index: int, own: Member) -> bytes:
    app, vip = cluster.application, cluster.vip
    interface = cluster.interface(vip.network)
    number = int(ipaddress.ip_address(vip.address)) % 255 + 1
    advert = advert_seconds(cluster.token_ms, priority(len(cluster.carriers) - 1))
    peers = [m.addresses[vip.network] for m in cluster.carriers if m is not own]
    # as often as it takes for FALL failures within the declared interval
    interval = max(1, app.monitor_interval // FALL)
    scripts = {"service": (f"{SERVICE} monitor", interval, app.monitor_timeout)}
    if cluster.load_balancer:
        scripts["haproxy"] = (f"{SERVICE} monitor-haproxy", 2, 10)
    lines = [
        "global_defs {",
        f"    router_id {own.name}",
        "    vrrp_version 3",
        "    vrrp_check_unicast_src",
        "    script_user root",
        "    enable_script_security",
        "}",
        "",
    ]
    for name, (script, seconds, timeout) in scripts.items():
        lines += [
            f"vrrp_script {name} {{",
            f'    script "{script}"',
            f"    interval {seconds}",
            f"    timeout {timeout}",
            f"    fall {FALL}",
            "    rise 1",
            "    # nobody takes the address before it is known to be able to serve",
            "    init_fail",
            "}",
            "",
        ]
    lines += [
        f"vrrp_instance {vip.name} {{",
        "    # all start as BACKUP: only so nopreempt holds, and nothing moves back by itself",
        "    state BACKUP",
        "    nopreempt",
        f"    interface {interface}",
        f"    virtual_router_id {number}",
        f"    priority {priority(index)}",
        f"    # a silent master is missed within {cluster.token_ms} ms",
        f"    advert_int {advert:.2f}",
        f"    garp_master_refresh {ANNOUNCE_SECONDS}",
        f"    unicast_src_ip {own.addresses[vip.network]}",
        "    unicast_peer {",
        *(f"        {peer}" for peer in peers),
        "    }",
        "    virtual_ipaddress {",
        f"        {vip.address}/{vip.prefix} dev {interface}",
        "    }",
        "    track_script {",
        *(f"        {name}" for name in scripts),
        "    }",
    ]
    if cluster.storage:
        lines += [
            f'    notify_master "{SERVICE} acquire"',
            f'    notify_backup "{SERVICE} release"',
            f'    notify_fault "{SERVICE} release"',
        ]
    return ("\n".join([*lines, "}"]) + "\n").encode()
