"""CIB for Pacemaker 2.1.5: properties, resources, constraints.

Terms are those of the target: ``stonith-enabled`` (``fencing-enabled`` came later),
``promotable``/``Promoted`` (``master`` is gone in Pacemaker 3).  Schema: pacemaker-3.9.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from lxml import etree

from evaluator.bundle.drbd import DC_TIMEOUT_SECONDS
from evaluator.cluster.model import (
    STONITH_TIMEOUT_SECONDS,
    Application,
    ClusterModel,
    Fence,
    Member,
    Storage,
    Watchdog,
)

SCHEMA: Final = "pacemaker-3.9"
STICKINESS: Final = 200
MIGRATION_THRESHOLD: Final = 3
FAILURE_TIMEOUT_SECONDS: Final = 600
SERVICE_MIGRATION_THRESHOLD: Final = 2
"""The service restarts once where it is; a node on which it fails again is not trusted with it."""
SERVICE_PRIORITY: Final = 10
PROMOTION_SCORES: Final = "0 10 1000 10000"
"""The agent's default, written out: data merely *Consistent* may be old and never get a score."""
PROMOTE_TIMEOUT_SECONDS: Final = DC_TIMEOUT_SECONDS + 30
"""``drbdadm primary`` waits for the fence-peer handler, which must not be cut off half-way."""

Element = etree._Element


class Operation(NamedTuple):
    """An operation of a primitive; interval and timeout in seconds, role '' for any."""

    name: str
    interval: int
    timeout: int
    role: str = ""
    check_level: int = 0


LINK_SCORE: Final = -5000
"""Outweighs all stickiness, but not the promotion of data that are the only good ones; a node is
still good enough when no other has a link."""

FENCE_OPERATIONS: Final = (
    Operation("start", 0, 60), Operation("stop", 0, 20), Operation("monitor", 300, 60),
)  # fmt: skip
"""Not oftener: management controllers are slow, and some hang when they are asked too much."""


def failure_timeout_seconds(app: Application) -> int:
    """When failures of the service are forgotten, in whole hours.

    Twice what it takes to reach the threshold at the slowest: with less, the first failure would
    be forgotten before the second is known, and a sick service would never move.
    """
    return math.ceil(2 * SERVICE_MIGRATION_THRESHOLD * app.restart_seconds / 3600) * 3600


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
    if cluster.replicated:
        _replication(resources, cluster.replicated, len(cluster.carriers))
    _service(resources, cluster)
    if cluster.watched_interface:
        _link(resources, cluster.watched_interface)
    for fence in cluster.fencing:
        _fence(resources, fence)
    if cluster.watchdog and cluster.watchdog.devices:
        _messages(resources, cluster.members, cluster.watchdog)
    _slow_down(resources, cluster)
    constraints = etree.SubElement(configuration, "constraints")
    _constraints(constraints, cluster)
    _topology(configuration, cluster)
    defaults = etree.SubElement(configuration, "rsc_defaults")
    _pairs(
        defaults,
        "meta_attributes",
        "rsc-defaults",
        {
            "resource-stickiness": str(STICKINESS),
            "migration-threshold": str(MIGRATION_THRESHOLD),
            "failure-timeout": f"{cluster.slowness * FAILURE_TIMEOUT_SECONDS}s",
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
    if cluster.dc_deadtime is not None:
        values["dc-deadtime"] = f"{cluster.dc_deadtime}s"
    if cluster.watchdog and not cluster.watchdog.devices:
        # the lost half has this long to reset itself before it counts as off (sbd(8))
        values["stonith-watchdog-timeout"] = f"{2 * cluster.watchdog.timeout}s"
    if cluster.priority_fencing_delay:
        values["priority-fencing-delay"] = f"{cluster.priority_fencing_delay}s"
    _pairs(parent, "cluster_property_set", "cib-bootstrap-options", values)


def _replication(parent: Element, storage: Storage, copies: int) -> None:
    name = f"drbd-{storage.name}"
    clone = etree.SubElement(parent, "clone", {"id": f"{name}-clone"})
    _pairs(
        clone,
        "meta_attributes",
        f"{name}-clone-meta",
        {
            "promotable": "true",
            "promoted-max": "1",
            "promoted-node-max": "1",
            "clone-max": str(copies),
            "clone-node-max": "1",
            "notify": "true",
        },
    )
    # timeouts are the agent's advised ones, but monitor twice as long for a busy disk
    operations = [
        Operation("start", 0, 240),
        Operation("promote", 0, PROMOTE_TIMEOUT_SECONDS),
        Operation("demote", 0, 90),
        Operation("notify", 0, 90),
        Operation("stop", 0, 100),
        Operation("monitor", 10, 40, "Promoted"),
        Operation("monitor", 20, 40, "Unpromoted"),
    ]
    parameters = {
        "drbd_resource": storage.name,
        "adjust_master_score": PROMOTION_SCORES,
    }
    _primitive(clone, name, "ocf:linbit:drbd", parameters, operations)


def _service(parent: Element, cluster: ClusterModel) -> None:
    """What moves from node to node, in a group; what runs everywhere, as clones beside it."""
    app, vip = cluster.application, cluster.vip
    group = etree.Element("group", {"id": f"group-{app.name}"})
    if cluster.storage:
        _mount(group, cluster.storage)
    meta = {
        "migration-threshold": str(SERVICE_MIGRATION_THRESHOLD),
        "failure-timeout": f"{failure_timeout_seconds(app)}s",
    }
    # the half of the cluster that runs the service, or has the address, is the one to keep
    priority = {"priority": str(SERVICE_PRIORITY)} if cluster.priority_fencing_delay else {}
    service = f"service-{app.name}"
    _primitive(
        _clone(parent, service) if cluster.everywhere else group,
        service,
        app.agent,
        dict(app.parameters),
        [
            Operation("start", 0, app.start_timeout),
            Operation("stop", 0, app.stop_timeout),
            Operation("monitor", app.monitor_interval, app.monitor_timeout),
        ],
        meta if cluster.everywhere else {**meta, **priority},
    )
    _primitive(
        group,
        f"vip-{vip.name}",
        "ocf:heartbeat:IPaddr2",
        {"ip": vip.address, "cidr_netmask": str(vip.prefix)},
        [Operation("start", 0, 20), Operation("stop", 0, 20), Operation("monitor", 10, 20)],
        priority if cluster.everywhere else None,
    )
    if cluster.load_balancer:
        balancer = f"haproxy-{app.name}"
        _primitive(
            _clone(parent, balancer) if cluster.everywhere else group,
            balancer,
            "systemd:haproxy",
            {},
            [Operation("start", 0, 100), Operation("stop", 0, 100), Operation("monitor", 10, 30)],
        )
    parent.append(group)


def _clone(parent: Element, name: str) -> Element:
    return etree.SubElement(parent, "clone", {"id": f"{name}-clone"})


def _link(parent: Element, interface: str) -> None:
    """Tell the cluster on which nodes the clients' network has a carrier.

    The virtual address stays "started" on a card whose cable is out.
    """
    name = f"link-{interface}"
    _primitive(
        _clone(parent, name),
        name,
        "ocf:heartbeat:ethmonitor",
        {
            "interface": interface,
            # a card that is up but silent is no reason to move: the other's may be as silent
            "link_status_only": "true",
            "repeat_count": "3",
            "repeat_interval": "1",
        },
        [Operation("start", 0, 60), Operation("stop", 0, 20), Operation("monitor", 5, 60)],
    )


def _mount(group: Element, storage: Storage) -> None:
    parameters = {
        "device": storage.device,
        "directory": storage.mount,
        "fstype": storage.filesystem,
        "options": "noatime",
    }
    _primitive(
        group,
        f"fs-{storage.name}",
        "ocf:heartbeat:Filesystem",
        parameters,
        [
            Operation("start", 0, 60),
            Operation("stop", 0, 60),
            Operation("monitor", 20, 40),
            # level 20 writes and reads a file: a mount whose disk is gone still looks mounted
            Operation("monitor", 120, 60, check_level=20),
        ],
    )


def _fence(parent: Element, fence: Fence) -> None:
    values = {
        "ip": fence.address,
        "pcmk_host_list": fence.target,
        "pcmk_host_check": "static-list",
        # the agent asks this script; the password is in no file of the bundle
        "password_script": fence.password_script,
        **dict(fence.options),
    }
    if not fence.ipmi:
        values["pcmk_host_map"] = f"{fence.target}:{fence.plug}"
    if fence.username:
        values["username"] = fence.username
    if fence.delay_seconds:
        values["pcmk_delay_base"] = f"{fence.delay_seconds}s"
    _primitive(parent, fence.id, f"stonith:{fence.agent}", values, FENCE_OPERATIONS)


def _slow_down(resources: Element, cluster: ClusterModel) -> None:
    """Give slow machines longer, and ask them more rarely; the service has times of its own."""
    for primitive in resources.iter("primitive") if cluster.slowness > 1 else ():
        if primitive.get("id") != f"service-{cluster.application.name}":
            for op in primitive.iter("op"):
                for name in ("interval", "timeout"):
                    op.set(name, f"{cluster.slowness * int(op.attrib[name][:-1])}s")


def _topology(parent: Element, cluster: ClusterModel) -> None:
    """What is tried first, and what is used together, where a node has several devices."""
    ways = [(f.target, f.level, f.id) for f in cluster.fencing]
    if cluster.watchdog and cluster.watchdog.devices:
        last = max((level for _, level, _ in ways), default=0)
        ways += [(m.name, last + 1, "fence-sbd") for m in cluster.members]
    known = Counter(target for target, _, _ in ways)
    together: dict[tuple[str, int], list[str]] = {}
    for target, level, device in ways:
        if known[target] > 1:
            together.setdefault((target, level), []).append(device)
    if not together:
        return
    topology = etree.SubElement(parent, "fencing-topology")
    for (target, level), devices in together.items():
        words = {"target": target, "index": str(level), "devices": ",".join(devices)}
        etree.SubElement(topology, "fencing-level", {"id": f"level-{target}-{level}", **words})


def _messages(parent: Element, members: Iterable[Member], watchdog: Watchdog) -> None:
    """Fencing by a message on SBD's disks, tried where a node's own devices fail."""
    values = {
        "devices": ",".join(watchdog.devices),
        "pcmk_host_list": " ".join(m.name for m in members),
        "pcmk_host_check": "static-list",
    }
    _primitive(parent, "fence-sbd", "stonith:fence_sbd", values, FENCE_OPERATIONS)


def _constraints(parent: Element, cluster: ClusterModel) -> None:
    group = f"group-{cluster.application.name}"
    drbd = f"drbd-{cluster.replicated.name}-clone" if cluster.replicated else ""
    link = f"link-{cluster.watched_interface}-clone" if cluster.watched_interface else ""
    clones = [f"{name}-clone" for name, _ in cluster.chain[:-1]] if cluster.everywhere else []
    if drbd:
        _order(parent, drbd, group, promote=True)
        _together(parent, group, drbd, promoted=True)
    if clones:
        # the address is where the last of them runs: HAProxy reaches the service on any node
        _order(parent, clones[-1], group)
        _together(parent, group, clones[-1])
    if link:
        _with_a_link(parent, group, cluster.watched_interface)
    for member in cluster.members:
        for name in (drbd, *clones, link, group) if not member.carries else ():
            if name:
                # "never" also spares it the probes, for which it lacks the agents' programs
                place = {"id": f"ban-{name}-{member.name}", "rsc": name, "node": member.name}
                never = {"score": "-INFINITY", "resource-discovery": "never"}
                etree.SubElement(parent, "rsc_location", {**place, **never})
    for f in cluster.fencing:
        place = {"id": f"ban-{f.id}", "rsc": f.id, "node": f.target, "score": "-INFINITY"}
        etree.SubElement(parent, "rsc_location", place)


def _order(parent: Element, clone: str, group: str, promote: bool = False) -> None:
    verb = "promote" if promote else "start"
    words = {"id": f"order-{clone}-{verb}-{group}", "first": clone, "then": group}
    actions = {"first-action": "promote", "then-action": "start"} if promote else {}
    etree.SubElement(parent, "rsc_order", {**words, **actions, "kind": "Mandatory"})


def _together(parent: Element, group: str, clone: str, promoted: bool = False) -> None:
    words = {"id": f"colocate-{group}-with-{clone}", "rsc": group, "with-rsc": clone}
    role = {"with-rsc-role": "Promoted"} if promoted else {}
    etree.SubElement(parent, "rsc_colocation", {**words, **role, "score": "INFINITY"})


def _with_a_link(parent: Element, group: str, interface: str) -> None:
    name = f"link-{group}"
    place = etree.SubElement(parent, "rsc_location", {"id": name, "rsc": group})
    rule = etree.SubElement(place, "rule", {"id": f"{name}-rule", "score": str(LINK_SCORE)})
    words = {"attribute": f"ethmonitor-{interface}", "operation": "lt", "value": "1"}
    etree.SubElement(rule, "expression", {"id": f"{name}-expression", **words, "type": "number"})


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
    for action in operations:
        identity = f"{name}-{action.name}-{action.interval}s"
        words = {
            "id": identity,
            "name": action.name,
            "interval": f"{action.interval}s",
            "timeout": f"{action.timeout}s",
        }
        op = etree.SubElement(block, "op", {**words, "role": action.role} if action.role else words)
        if action.check_level:
            level = {"OCF_CHECK_LEVEL": str(action.check_level)}
            _pairs(op, "instance_attributes", f"{identity}-parameters", level)


def _pairs(parent: Element, tag: str, name: str, values: Mapping[str, str]) -> None:
    block = etree.SubElement(parent, tag, {"id": name})
    for key, value in values.items():
        etree.SubElement(block, "nvpair", {"id": f"{name}-{key}", "name": key, "value": value})
