"""``/etc/hosts`` of every machine: the cluster needs no name server."""

from __future__ import annotations

from evaluator.cluster.model import ClusterModel, Member

HEAD = """\
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
"""


def hosts(cluster: ClusterModel) -> dict[str, bytes]:
    """Render ``/etc/hosts`` by host name.

    Among members a bare name is the first link.  The witness is on none, so it knows the members
    by their addresses on the network that it shares with them.

    The service's public name is, on each node that may carry it, that node's own address: the
    service talks to itself under this name before the virtual address is there, and in a partition
    the name must never mean the other node.
    """
    witness, vip = cluster.quorum.witness, cluster.vip
    result = {}
    for host in cluster.members:
        lines = [_line(cluster, inside(m), m.name) for m in cluster.members]
        if witness:
            lines.append(_line(cluster, witness.address, witness.name))
        public = host.addresses[vip.network] if host.carries else vip.address
        lines.append(_line(cluster, public, vip.name))
        result[host.name] = lines
    if witness:
        result[witness.name] = [
            *(_line(cluster, m.addresses[witness.network], m.name) for m in cluster.members),
            _line(cluster, witness.address, witness.name),
        ]
    return {name: (HEAD + "".join(lines)).encode() for name, lines in result.items()}


def inside(member: Member) -> str:
    """Address under which the other members know a member."""
    return member.links[0] if member.links else member.login


def _line(cluster: ClusterModel, address: str, name: str) -> str:
    return f"{address} {name}.{cluster.domain} {name}\n"
