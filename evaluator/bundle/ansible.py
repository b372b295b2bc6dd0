"""Inventory and variables for the playbooks of ``deploy/``.

A secret is only ever named: its value stands in the vault of the operator, or is generated when
the cluster is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluator.bundle.service import PATH as SERVICE
from evaluator.cluster import fence_agents
from evaluator.cluster.model import OPERATING_SYSTEM, SECRETS_FOLDER, ClusterModel, Storage
from evaluator.study.document import block_yaml

STATE_FOLDER = "/var/lib/floss-evaluator"
"""On each node: what it was built from, and what it was before."""

BASE_PACKAGES = ("chrony", "netbase", "nftables")
MANAGER_PACKAGES = {
    # pacemaker only recommends its own command line
    "pacemaker": ("corosync", "pacemaker", "pacemaker-cli-utils", "resource-agents"),
    "keepalived": ("keepalived",),
    "heartbeat": ("heartbeat", "resource-agents"),
}
MANAGER_UNITS = {
    "pacemaker": ("corosync", "pacemaker"),
    "keepalived": ("keepalived",),
    "heartbeat": ("heartbeat",),
}
COMPONENT_PACKAGES = ("crmsh", "pcs", "fence-agents", "haproxy")
"""Components of a stack that are packages of the same name."""

FILESYSTEM_PACKAGES = {"ext4": "e2fsprogs", "xfs": "xfsprogs"}


def inventory(cluster: ClusterModel) -> bytes:
    """Render the inventory: carriers of the service, voters, and apart the witness."""
    witness = cluster.quorum.witness

    def hosts(carries: bool) -> dict[str, Any]:
        chosen = [m for m in cluster.members if m.carries == carries]
        return {"hosts": {m.name: {"ansible_host": m.login} for m in chosen}}

    members = {"cluster_data": hosts(True)}
    if len(cluster.carriers) < len(cluster.members):
        members["cluster_voters"] = hosts(False)
    children: dict[str, Any] = {"cluster_members": {"children": members}}
    if witness:
        children["cluster_witness"] = {"hosts": {witness.name: {"ansible_host": witness.login}}}
    return _yaml({"all": {"children": children}})


def host_vars(cluster: ClusterModel) -> dict[str, bytes]:
    """Render the variables of every host, by host name."""
    result = {
        m.name: _yaml(
            {
                "cluster_node_id": m.id,
                "cluster_carries": m.carries,
                "cluster_addresses": m.addresses,
                "cluster_power": m.power,
                "cluster_packages": _packages(cluster),
                "cluster_files": [
                    *_files_of_all(m.name),
                    *_files_of_members(cluster, m.name, m.carries),
                ],
                "cluster_units_enabled": [*_base_units(), *_member_units(cluster)],
                "cluster_units_disabled": _disabled(cluster) if m.carries else [],
            }
        )
        for m in cluster.members
    }
    witness = cluster.quorum.witness
    if witness:
        result[witness.name] = _yaml(
            {
                "cluster_carries": False,
                "cluster_addresses": witness.addresses,
                "cluster_packages": [*BASE_PACKAGES, "corosync-qnetd"],
                "cluster_files": [
                    *_files_of_all(witness.name),
                    _file("quorum_device", "qnetd/corosync-qnetd", "/etc/default/corosync-qnetd"),
                ],
                "cluster_units_enabled": [*_base_units(), "corosync-qnetd"],
                "cluster_units_disabled": [],
            }
        )
    return result


def group_vars(cluster: ClusterModel) -> bytes:
    """Render the variables that all hosts share."""
    app, vip, witness = cluster.application, cluster.vip, cluster.quorum.witness
    family = "ipv4" if vip.loopback == "127.0.0.1" else "ipv6"
    devices = {f.device: f for f in cluster.fencing}
    values: dict[str, Any] = {
        # every node has Debian's own, and looking for it takes time
        "ansible_python_interpreter": "/usr/bin/python3",
        "cluster_name": cluster.name,
        "cluster_domain": cluster.domain,
        "cluster_manager": cluster.manager,
        "cluster_operating_system": OPERATING_SYSTEM,
        "cluster_state_folder": STATE_FOLDER,
        "cluster_secrets_folder": SECRETS_FOLDER,
        "cluster_sysctl": {f"net.{family}.ip_nonlocal_bind": 1} if cluster.load_balancer else {},
        "cluster_load_balancer": cluster.load_balancer,
        "cluster_expected_votes": len(cluster.members)
        + (cluster.quorum.device_votes if witness else 0),
        "cluster_links": len(cluster.links),
        "cluster_qnetd_host": witness.address if witness else None,
        # where a failed start ends: the slowest resource and everything before it
        "cluster_settle_seconds": app.start_timeout + app.stop_timeout + 120,
        "cluster_resources": _resources(cluster),
        "cluster_fence_devices": [
            {"name": name, "password_script": f.password_script, "secret": f.secret}
            for name, f in sorted(devices.items())
        ],
        "cluster_fence_targets": [
            {"id": f.id, "agent": f.agent, "target": f.target} for f in cluster.fencing
        ],
        "cluster_watchdog": bool(cluster.watchdog),
        "cluster_volume": _volume(cluster.storage) if cluster.storage else None,
        "cluster_vip": {
            "name": f"{vip.name}.{cluster.domain}",
            "address": vip.address,
            "prefix": vip.prefix,
        },
        "cluster_service": {
            "name": app.name,
            "agent": app.agent,
            "parameters": dict(app.parameters),
            "stand_in": app.stand_in,
            "domain": cluster.domain,
            # where the service itself listens, and where its clients find it
            "endpoints": [
                {
                    "name": e.name,
                    "mode": e.mode,
                    "proxy_protocol": e.proxy_protocol and cluster.load_balancer,
                    "port": e.backend_port if cluster.load_balancer else e.port,
                    "public_port": e.port,
                }
                for e in app.endpoints
            ],
        },
    }
    return _yaml(values)


def _resources(cluster: ClusterModel) -> dict[str, int]:
    """On how many nodes each resource is started, or promoted, when all is well."""
    wide = len(cluster.carriers)
    found = {name: wide if cluster.everywhere else 1 for name, _ in cluster.chain}
    found |= {f"vip-{cluster.vip.name}": 1}
    if cluster.watched_interface:
        found[f"link-{cluster.watched_interface}"] = wide
    return found | {fence.id: 1 for fence in cluster.fencing}


def _file(role: str, source: str, path: str, mode: str = "0644") -> dict[str, str]:
    """A file of the bundle, where it goes, and the role that installs it."""
    return {"role": role, "source": source, "path": path, "mode": mode}


def _files_of_all(host: str) -> Iterator[dict[str, str]]:
    yield _file("base", f"hosts/{host}", "/etc/hosts")
    yield _file("firewall", f"nftables/{host}.nft", "/etc/nftables.conf")


def _files_of_members(cluster: ClusterModel, host: str, carries: bool) -> Iterator[dict[str, str]]:
    if cluster.manager == "pacemaker":
        yield _file("corosync", "corosync/corosync.conf", "/etc/corosync/corosync.conf")
    if cluster.watchdog:
        yield _file("fencing", "sbd/sbd", "/etc/default/sbd")
    if not carries:
        return
    if cluster.replicated:
        for name in ("global_common.conf", f"{cluster.replicated.name}.res"):
            yield _file("drbd", f"drbd/{name}", f"/etc/drbd.d/{name}")
    if cluster.load_balancer:
        yield _file("haproxy", "haproxy/haproxy.cfg", "/etc/haproxy/haproxy.cfg")
    if cluster.manager == "heartbeat":
        for name in ("ha.cf", "haresources"):
            yield _file("heartbeat", f"heartbeat/{name}", f"/etc/ha.d/{name}")
    if cluster.manager != "pacemaker":
        script = "service/cluster-service"
        yield _file(cluster.manager, script, SERVICE, "0755")
        if cluster.manager == "heartbeat":
            yield _file("heartbeat", script, "/etc/ha.d/resource.d/cluster-service", "0755")
    if cluster.manager == "keepalived":
        yield _file("keepalived", f"keepalived/{host}.conf", "/etc/keepalived/keepalived.conf")
        if cluster.storage:
            place = "/etc/systemd/system/keepalived.service.d/cluster.conf"
            yield _file("keepalived", "service/unit.conf", place)


def _packages(cluster: ClusterModel) -> list[str]:
    chosen = set(cluster.declaration.stack.components.values())
    found = [*BASE_PACKAGES, *MANAGER_PACKAGES[cluster.manager]]
    found += [name for name in COMPONENT_PACKAGES if name in chosen]
    if cluster.manager == "keepalived" and cluster.application.agent.startswith("ocf:"):
        found.append("resource-agents")
    if cluster.quorum.witness:
        found.append("corosync-qdevice")
    if cluster.watched_interface:
        found += ["bc", "iputils-arping"]  # its agent asks for both
    if cluster.watchdog:
        found.append("sbd")
    if cluster.fencing:
        found.append("fence-agents")
    for fence in cluster.fencing:
        found += fence_agents.packages(fence.agent)
    if cluster.replicated:
        found.append("drbd-utils")
    if cluster.storage:
        # who mounts it asks "modprobe" for the file system and "fuser" who holds the volume
        found += [FILESYSTEM_PACKAGES[cluster.storage.filesystem], "kmod", "psmisc"]
    return list(dict.fromkeys(found))


def _base_units() -> list[str]:
    return ["chrony", "nftables"]


def _member_units(cluster: ClusterModel) -> list[str]:
    units = list(MANAGER_UNITS[cluster.manager])
    if cluster.quorum.witness:
        units.insert(1, "corosync-qdevice")
    if cluster.watchdog:
        units.append("sbd")
    if cluster.everywhere and cluster.manager == "keepalived":
        # keepalived moves an address and no more: what is behind it runs on both nodes
        agent = cluster.application.agent
        own = agent.removeprefix("systemd:") if agent.startswith("systemd:") else "cluster-service"
        return [own, *(["haproxy"] if cluster.load_balancer else []), *units]
    if cluster.replicated and cluster.manager != "pacemaker":
        # only Pacemaker brings DRBD up itself
        units.insert(0, "drbd")
    return units


def _disabled(cluster: ClusterModel) -> list[str]:
    """What the cluster manager starts, so that systemd must not."""
    if cluster.everywhere and cluster.manager == "keepalived":
        return []
    units = ["drbd"] if cluster.replicated and cluster.manager == "pacemaker" else []
    units += ["haproxy"] if cluster.load_balancer else []
    return units + ([cluster.application.boot_unit] if cluster.application.boot_unit else [])


def _volume(storage: Storage) -> dict[str, Any]:
    return {
        "name": storage.name,
        "drbd": storage.drbd,
        "device": storage.device,
        "backing_disk": storage.backing_disk,
        "size_gib": storage.size_gib,
        "filesystem": storage.filesystem,
        "mount": storage.mount,
        # by it the automation knows its own file system again; XFS takes twelve characters
        "label": f"ha-{storage.name}"[:12],
    }


def _yaml(value: object) -> bytes:
    return b"---\n" + block_yaml(value).encode()
