"""Inventory and variables for the automation that builds the cluster.

A secret is only ever named: its value stands in the vault of the operator, or is generated when
the cluster is built.
"""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML

from evaluator.bundle.cluster import DRBD_MODULE, OPERATING_SYSTEM, ClusterModel

PACKAGES = [
    "corosync",
    "pacemaker",
    "resource-agents",
    "fence-agents",
    "drbd-utils",
    "crmsh",
]
TIME = {"package": "chrony", "unit": "chrony"}
QNETD_PORT = 5403


def inventory(cluster: ClusterModel) -> bytes:
    """Render the inventory: data nodes and, apart, the witness."""
    children: dict[str, Any] = {
        "cluster_data": {"hosts": {m.name: {"ansible_host": m.login} for m in cluster.members}}
    }
    witness = cluster.quorum.witness
    if witness:
        children["cluster_witness"] = {"hosts": {witness.name: {"ansible_host": witness.login}}}
    return _yaml({"all": {"children": children}})


def host_vars(cluster: ClusterModel) -> dict[str, bytes]:
    """Render the variables of every host, by host name."""
    result = {
        m.name: _yaml(
            {
                "cluster_node_id": m.id,
                "cluster_addresses": dict(m.addresses),
                "cluster_power": m.power,
                # the service talks to itself under its public name, before the virtual address
                # is here; and in a partition the name must never mean the other node
                "cluster_own_hosts_entries": [
                    {"address": dict(m.addresses)[cluster.vip.network], "names": _public(cluster)}
                ],
            }
        )
        for m in cluster.members
    }
    witness = cluster.quorum.witness
    if witness:
        result[witness.name] = _yaml({"cluster_addresses": dict(witness.addresses)})
    return result


def group_vars(cluster: ClusterModel) -> bytes:
    """Render the variables that all hosts share."""
    storage, app, witness = cluster.storage, cluster.application, cluster.quorum.witness
    units = ["drbd"]
    members = ["corosync", "pacemaker"]
    sysctl = {}
    packages = list(PACKAGES)
    if witness:
        packages.append("corosync-qdevice")
        members.insert(1, "corosync-qdevice")
    if cluster.ipmi:
        packages.append("ipmitool")
    if cluster.load_balancer:
        units.append("haproxy")
        packages.append("haproxy")
        family = "ipv4" if cluster.vip.loopback == "127.0.0.1" else "ipv6"
        sysctl[f"net.{family}.ip_nonlocal_bind"] = 1
    if app.boot_unit:
        units.append(app.boot_unit)
    devices = {f.device: f for f in cluster.fencing}
    values: dict[str, Any] = {
        "cluster_name": cluster.name,
        "cluster_operating_system": OPERATING_SYSTEM,
        "cluster_packages": packages,
        "cluster_witness_packages": ["corosync-qnetd"] if witness else [],
        "cluster_hosts_entries": _hosts(cluster),
        "cluster_sysctl": sysctl,
        "cluster_time": TIME,
        "cluster_firewall": _firewall(cluster),
        # Debian starts them when it installs them, with a configuration that is not this one
        "cluster_units_stopped_until_configured": members,
        # Pacemaker starts these; systemd must not
        "cluster_units_disabled_at_boot": units,
        "cluster_files": {
            "corosync/corosync.conf": "/etc/corosync/corosync.conf",
            "drbd/global_common.conf": "/etc/drbd.d/global_common.conf",
            f"drbd/{storage.name}.res": f"/etc/drbd.d/{storage.name}.res",
            **(
                {"haproxy/haproxy.cfg": "/etc/haproxy/haproxy.cfg"} if cluster.load_balancer else {}
            ),
        },
        "cluster_cib_file": "pacemaker/cib.xml",
        "cluster_corosync_authkey": {
            "path": "/etc/corosync/authkey",
            "bytes": 256,
            "mode": "0400",
        },
        "cluster_qnetd_host": witness.address if witness else None,
        "cluster_drbd": {
            "resource": storage.name,
            "device": storage.device,
            "backing_disk": storage.backing_disk,
            "size_gib": storage.size_gib,
            "filesystem": storage.filesystem,
            "mount": storage.mount,
            "module": DRBD_MODULE,
            "peer_secret_file": "/etc/drbd.d/peer-secret.res",
        },
        "cluster_service": {
            "name": app.name,
            "agent": app.agent,
            "virtual_address": f"{cluster.vip.address}/{cluster.vip.prefix}",
            "ports": [e.port for e in app.endpoints],
        },
        "cluster_fence_devices": [
            {
                "name": name,
                "password_script": f.password_script,
                "mode": "0700",
                "password": "{{ " + f.secret + " }}",
            }
            for name, f in sorted(devices.items())
        ],
    }
    return _yaml(values)


def _hosts(cluster: ClusterModel) -> list[dict[str, Any]]:
    """Lines of ``/etc/hosts``: a node's bare name is its first link, so it needs no name server."""
    entries = [
        {"address": m.links[0], "names": [f"{m.name}.{cluster.domain}", m.name]}
        for m in cluster.members
    ]
    witness = cluster.quorum.witness
    if witness:
        names = [f"{witness.name}.{cluster.domain}", witness.name]
        entries.append({"address": witness.address, "names": names})
    return entries


def _public(cluster: ClusterModel) -> list[str]:
    return [f"{cluster.vip.name}.{cluster.domain}", cluster.vip.name]


def _firewall(cluster: ClusterModel) -> list[dict[str, Any]]:
    """What must be let in, by group of the inventory and by source."""
    members, witness = cluster.members, cluster.quorum.witness

    def rule(what: str, group: str, protocol: str, port: int, sources: list[str]) -> dict[str, Any]:
        return {
            "what": what,
            "group": group,
            "protocol": protocol,
            "port": port,
            # a list of its own each time, or YAML writes anchors
            "sources": list(sources),
        }

    rules = [
        rule(
            f"corosync link {link.number}",
            "cluster_data",
            "udp",
            link.port,
            [m.links[link.number] for m in members],
        )
        for link in cluster.links
    ]
    replication = [m.replication for m in members]
    rules.append(rule("DRBD", "cluster_data", "tcp", cluster.storage.port, replication))
    if witness:
        sources = [dict(m.addresses)[witness.network] for m in members]
        rules.append(rule("quorum device", "cluster_witness", "tcp", QNETD_PORT, sources))
    everybody = ["0.0.0.0/0" if cluster.vip.loopback == "127.0.0.1" else "::/0"]
    for e in cluster.application.endpoints:
        rules.append(rule(f"public {e.name}", "cluster_data", "tcp", e.port, everybody))
    return rules


def _yaml(value: object) -> bytes:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 100
    out = io.StringIO()
    yaml.dump(value, out)
    return b"---\n" + out.getvalue().encode()
