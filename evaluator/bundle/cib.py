"""CIB for Pacemaker 2.1.5: properties, resources, constraints.

Terms are those of the target: ``stonith-enabled`` (``fencing-enabled`` came later),
``promotable``/``Promoted`` (``master`` is gone in Pacemaker 3).  Schema: pacemaker-3.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree

from evaluator.bundle.cluster import STONITH_TIMEOUT_SECONDS, ClusterModel, Fence

SCHEMA: Final = "pacemaker-3.9"
STICKINESS: Final = 200
MIGRATION_THRESHOLD: Final = 3
FAILURE_TIMEOUT_SECONDS: Final = 600
SERVICE_PRIORITY: Final = 10

Element = etree._Element
Operation = tuple[str, int, int, str]
"""Name, interval in seconds, timeout in seconds, role ('' for any)."""


def cib_xml(cluster: ClusterModel) -> bytes:
    """Render ``cib.xml``, with an empty ``status`` so that the validators take it offline."""
    root = etree.Element(
        "cib", {"validate-with": SCHEMA, "admin_epoch": "0", "epoch": "1", "num_updates": "0"}
    )
    configuration = etree.SubElement(root, "configuration")
    _properties(etree.SubElement(configuration, "crm_config"), cluster)
    nodes = etree.SubElement(configuration, "nodes")
    for member in cluster.members:
        etree.SubElement(nodes, "node", {"id": str(member.id), "uname": member.name})
    resources = etree.SubElement(configuration, "resources")
    _storage(resources, cluster)
    _service(resources, cluster)
    for fence in cluster.fencing:
        _fence(resources, fence)
    constraints = etree.SubElement(configuration, "constraints")
    _constraints(constraints, cluster)
    if any(f.level > 1 for f in cluster.fencing):
        topology = etree.SubElement(configuration, "fencing-topology")
        for f in cluster.fencing:
            level = {"id": f"level-{f.id}", "target": f.target, "index": str(f.level)}
            etree.SubElement(topology, "fencing-level", {**level, "devices": f.id})
    defaults = etree.SubElement(configuration, "rsc_defaults")
    _pairs(
        defaults,
        "meta_attributes",
        "rsc-defaults",
        {
            "resource-stickiness": str(STICKINESS),
            "migration-threshold": str(MIGRATION_THRESHOLD),
            "failure-timeout": f"{FAILURE_TIMEOUT_SECONDS}s",
        },
    )
    etree.SubElement(root, "status")
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8") + b"\n"


def _properties(parent: Element, cluster: ClusterModel) -> None:
    values = {
        "cluster-name": cluster.name,
        "stonith-enabled": "true",
        "stonith-action": "reboot",
        "stonith-timeout": f"{STONITH_TIMEOUT_SECONDS}s",
        "no-quorum-policy": "stop",
        "symmetric-cluster": "true",
    }
    if cluster.priority_fencing_delay:
        values["priority-fencing-delay"] = f"{cluster.priority_fencing_delay}s"
    _pairs(parent, "cluster_property_set", "cib-bootstrap-options", values)


def _storage(parent: Element, cluster: ClusterModel) -> None:
    name = f"drbd-{cluster.storage.name}"
    clone = etree.SubElement(parent, "clone", {"id": f"{name}-clone"})
    _pairs(
        clone,
        "meta_attributes",
        f"{name}-clone-meta",
        {
            "promotable": "true",
            "promoted-max": "1",
            "promoted-node-max": "1",
            "clone-max": str(len(cluster.members)),
            "clone-node-max": "1",
            "notify": "true",
        },
    )
    # timeouts are the agent's advised ones, monitor twice as long for a busy disk
    operations = [
        ("start", 0, 240, ""),
        ("promote", 0, 90, ""),
        ("demote", 0, 90, ""),
        ("notify", 0, 90, ""),
        ("stop", 0, 100, ""),
        ("monitor", 10, 40, "Promoted"),
        ("monitor", 20, 40, "Unpromoted"),
    ]
    parameters = {"drbd_resource": cluster.storage.name}
    _primitive(clone, name, "ocf:linbit:drbd", parameters, operations)


def _service(parent: Element, cluster: ClusterModel) -> None:
    app, storage, vip = cluster.application, cluster.storage, cluster.vip
    group = etree.SubElement(parent, "group", {"id": f"group-{app.name}"})
    mount = {
        "device": storage.device,
        "directory": storage.mount,
        "fstype": storage.filesystem,
        "options": "noatime",
    }
    _primitive(
        group,
        f"fs-{storage.name}",
        "ocf:heartbeat:Filesystem",
        mount,
        [("start", 0, 60, ""), ("stop", 0, 60, ""), ("monitor", 20, 40, "")],
    )
    _primitive(
        group,
        f"service-{app.name}",
        app.agent,
        dict(app.parameters),
        [
            ("start", 0, app.start_timeout, ""),
            ("stop", 0, app.stop_timeout, ""),
            ("monitor", app.monitor_interval, app.monitor_timeout, ""),
        ],
        # the half of the cluster that runs the service is the one to keep
        meta={"priority": str(SERVICE_PRIORITY)},
    )
    if cluster.load_balancer:
        _primitive(
            group,
            f"haproxy-{app.name}",
            "systemd:haproxy",
            {},
            [("start", 0, 100, ""), ("stop", 0, 100, ""), ("monitor", 10, 30, "")],
        )
    _primitive(
        group,
        f"vip-{vip.name}",
        "ocf:heartbeat:IPaddr2",
        {"ip": vip.address, "cidr_netmask": str(vip.prefix)},
        [("start", 0, 20, ""), ("stop", 0, 20, ""), ("monitor", 10, 20, "")],
    )


def _fence(parent: Element, fence: Fence) -> None:
    values = {
        "ip": fence.address,
        "pcmk_host_list": fence.target,
        "pcmk_host_map": f"{fence.target}:{fence.plug}",
        "pcmk_host_check": "static-list",
        # the agent asks this script; the password is in no file of the bundle
        "password_script": fence.password_script,
        **dict(fence.options),
    }
    if fence.username:
        values["username"] = fence.username
    if fence.delay_seconds:
        values["pcmk_delay_base"] = f"{fence.delay_seconds}s"
    operations = [("start", 0, 60, ""), ("stop", 0, 20, ""), ("monitor", 60, 60, "")]
    _primitive(parent, fence.id, f"stonith:{fence.agent}", values, operations)


def _constraints(parent: Element, cluster: ClusterModel) -> None:
    clone, group = f"drbd-{cluster.storage.name}-clone", f"group-{cluster.application.name}"
    etree.SubElement(
        parent,
        "rsc_order",
        {
            "id": f"order-{clone}-promote-{group}",
            "first": clone,
            "first-action": "promote",
            "then": group,
            "then-action": "start",
            "kind": "Mandatory",
        },
    )
    etree.SubElement(
        parent,
        "rsc_colocation",
        {
            "id": f"colocate-{group}-with-{clone}",
            "rsc": group,
            "with-rsc": clone,
            "with-rsc-role": "Promoted",
            "score": "INFINITY",
        },
    )
    for f in cluster.fencing:
        place = {"id": f"ban-{f.id}", "rsc": f.id, "node": f.target, "score": "-INFINITY"}
        etree.SubElement(parent, "rsc_location", place)


def _primitive(
    parent: Element,
    name: str,
    agent: str,
    parameters: Mapping[str, str],
    operations: Iterable[Operation],
    meta: Mapping[str, str] | None = None,
) -> None:
    standard, *provider, kind = agent.split(":")
    attributes = {"id": name, "class": standard}
    if provider:
        attributes["provider"] = provider[0]
    primitive = etree.SubElement(parent, "primitive", {**attributes, "type": kind})
    if parameters:
        _pairs(primitive, "instance_attributes", f"{name}-parameters", parameters)
    if meta:
        _pairs(primitive, "meta_attributes", f"{name}-meta", meta)
    block = etree.SubElement(primitive, "operations")
    for action, interval, timeout, role in operations:
        op = {
            "id": f"{name}-{action}-{interval}s",
            "name": action,
            "interval": f"{interval}s",
            "timeout": f"{timeout}s",
        }
        etree.SubElement(block, "op", {**op, "role": role} if role else op)


def _pairs(parent: Element, tag: str, name: str, values: Mapping[str, str]) -> None:
    block = etree.SubElement(parent, tag, {"id": name})
    for key, value in values.items():
        etree.SubElement(block, "nvpair", {"id": f"{name}-{key}", "name": key, "value": value})
