"""``/etc/nftables.conf`` of every machine: what is let in; what goes out is not restricted.

Only the table ``inet cluster`` is ours; it is replaced as a whole, and tables of others stay.  A
packet must pass every table, so others can only forbid more.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from evaluator.bundle.hosts import inside
from evaluator.bundle.qnetd import PORT as QNETD_PORT
from evaluator.cluster.model import ClusterModel, Member

HEARTBEAT_PORT = 694
PCSD_PORT = 2224
VRRP_PROTOCOL = 112
"""IP protocol number of VRRP (RFC 5798)."""


def rulesets(cluster: ClusterModel) -> dict[str, bytes]:
    """Render the rule set of every machine, by host name."""
    rules = {
        m.name: [*_operator(cluster, m.addresses), *_peers(cluster, m), *_member(cluster, m)]
        for m in cluster.members
    }
    witness = cluster.quorum.witness
    if witness:
        members = [m.addresses[witness.network] for m in cluster.members]
        rules[witness.name] = [
            *_operator(cluster, witness.addresses),
            *_let_in("quorum device", members, f"tcp dport {QNETD_PORT}", to=witness.address),
        ]
    return {name: _ruleset(lines) for name, lines in rules.items()}


def _operator(cluster: ClusterModel, addresses: Mapping[str, str]) -> list[str]:
    """Let in ssh: at the management address when there is one, else at all of them.

    By the address that is asked, not by who asks: the operator may sit behind a router.
    """
    own = _managed(cluster, addresses)
    if not own:
        return ['tcp dport 22 accept comment "ssh"']
    return [f'{_to(address)} tcp dport 22 accept comment "ssh"' for address in own]


def _peers(cluster: ClusterModel, own: Member) -> list[str]:
    """Let in ssh from the other members where :func:`hosts` sends them; their shells use it."""
    managed = _managed(cluster, own.addresses)
    if not managed or inside(own) in managed:
        return []
    peers = [inside(m) for m in cluster.members if m.name != own.name]
    return _let_in("ssh of the members", peers, "tcp dport 22", to=inside(own))


def _managed(cluster: ClusterModel, addresses: Mapping[str, str]) -> list[str]:
    management = {n.name for n in cluster.declaration.networks if n.purpose == "management"}
    return [address for network, address in addresses.items() if network in management]


def _member(cluster: ClusterModel, own: Member) -> list[str]:
    others = [m for m in cluster.members if m.name != own.name]
    rules: list[str] = []
    for link in cluster.links:
        peers, to = [m.links[link.number] for m in others], own.links[link.number]
        if cluster.manager == "pacemaker":
            what, match = f"corosync link {link.number}", f"udp dport {link.port}"
        elif cluster.manager == "heartbeat":
            what, match = f"heartbeat on {link.network}", f"udp dport {HEARTBEAT_PORT}"
        else:
            continue
        rules += _let_in(what, peers, match, to=to)
    if cluster.manager == "pacemaker" and "pcs" in cluster.declaration.stack.components.values():
        rules += _let_in("pcsd", [m.links[0] for m in others], f"tcp dport {PCSD_PORT}")
    if not own.carries:
        return rules
    if cluster.replicated:
        peers = [m.replication for m in others if m.carries]
        rules += _let_in("DRBD", peers, f"tcp dport {cluster.replicated.port}", to=own.replication)
    service = {m.name: m.addresses[cluster.vip.network] for m in cluster.carriers}
    peers = [address for name, address in service.items() if name != own.name]
    if cluster.manager == "keepalived":
        rules += _let_in("VRRP", peers, f"meta l4proto {VRRP_PROTOCOL}", to=service[own.name])
    endpoints = cluster.application.endpoints
    if endpoints and cluster.load_balancer and cluster.everywhere:
        ports = _set(str(e.backend_port) for e in endpoints)
        rules += _let_in("HAProxy of the peer", peers, f"tcp dport {ports}", to=service[own.name])
    if endpoints:
        ports = _set(str(e.port) for e in endpoints)
        rules.append(f'{_to(cluster.vip.address)} tcp dport {ports} accept comment "public"')
    return rules


def _let_in(what: str, sources: list[str], match: str, to: str = "") -> list[str]:
    family = "ip6" if ipaddress.ip_address(sources[0]).version == 6 else "ip"
    target = f" {_to(to)}" if to else ""
    return [f'{family} saddr {_set(sources)}{target} {match} accept comment "{what}"']


def _to(address: str) -> str:
    return f"{'ip6' if ipaddress.ip_address(address).version == 6 else 'ip'} daddr {address}"


def _set(members: Iterable[str]) -> str:
    return "{ " + ", ".join(members) + " }"


def _ruleset(rules: list[str]) -> bytes:
    body = "\n".join(f"        {rule}" for rule in rules)
    return f"""\
#!/usr/sbin/nft -f
# made, so that it can be deleted, whether or not it was there
table inet cluster
delete table inet cluster

table inet cluster {{
    chain input {{
        type filter hook input priority filter; policy drop;

        iifname "lo" accept
        ct state established,related accept
        meta l4proto {{ 1, 58 }} accept
{body}
    }}
}}
""".encode()
