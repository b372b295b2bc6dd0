"""Variables of the role ``linux-system-roles.ha_cluster``: the same cluster on RHEL and SUSE.

Names of the variables: the role's own README.  Resources and constraints are read from the CIB that
is rendered for Debian, so that the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from evaluator.cluster.model import ClusterModel
from evaluator.study.document import block_yaml

HEAD = """\
---
# The same cluster for the role linux-system-roles.ha_cluster (RHEL, Fedora, SLES; not Debian).
# The role replaces the whole cluster configuration of the nodes.  It does not cover these, which
# must be there before it runs:
#{missing}
# Secrets are named only; their values stand in your vault.
"""

Element = etree._Element
Variables = dict[str, Any]


def ha_cluster(cluster: ClusterModel, cib: bytes) -> bytes:
    """Render ``ha_cluster.yml`` for the play of the members.

    Parameters
    ----------
    cluster : ClusterModel
        For what is not in the CIB: names, links, quorum and SBD.
    cib : bytes
        The rendered CIB.
    """
    root = etree.fromstring(cib)
    values: Variables = {
        "ha_cluster_cluster_name": cluster.name,
        "ha_cluster_hacluster_password": "{{ vault_hacluster_password }}",
        **_corosync(cluster),
        "ha_cluster_cluster_properties": _sets(root.find("configuration/crm_config")),
        "ha_cluster_resource_defaults": {
            "meta_attrs": _sets(root.find("configuration/rsc_defaults"))
        },
        "ha_cluster_resource_primitives": [_primitive(p) for p in root.iter("primitive")],
        "ha_cluster_resource_groups": [
            {"id": g.get("id"), "resource_ids": [p.get("id") for p in g.iter("primitive")]}
            for g in root.iter("group")
        ],
        "ha_cluster_resource_clones": [_clone(c) for c in root.iter("clone")],
        "ha_cluster_constraints_location": [_location(e) for e in root.iter("rsc_location")],
        "ha_cluster_constraints_colocation": [_colocation(e) for e in root.iter("rsc_colocation")],
        "ha_cluster_constraints_order": [_order(e) for e in root.iter("rsc_order")],
        "ha_cluster_stonith_levels": [
            {
                "level": int(e.get("index", "1")),
                "target": e.get("target"),
                "resource_ids": e.get("devices", "").split(","),
            }
            for e in root.iter("fencing-level")
        ],
    }
    if cluster.load_balancer:
        values["ha_cluster_extra_packages"] = ["haproxy"]
    if cluster.watchdog:
        values |= {
            "ha_cluster_sbd_enabled": True,
            "ha_cluster_sbd_options": [
                {"name": "watchdog-timeout", "value": cluster.watchdog.timeout},
                {"name": "startmode", "value": "always"},
                {"name": "timeout-action", "value": "flush,reboot"},
            ],
        }
    missing = "".join(f"\n# - {line}" for line in _missing(cluster))
    written = {name: value for name, value in values.items() if value not in ([], {})}
    return (HEAD.format(missing=missing) + block_yaml(written)).encode()


def _missing(cluster: ClusterModel) -> list[str]:
    lines = [f"the service {cluster.application.name} and its agent {cluster.application.agent}"]
    if cluster.replicated:
        lines.append("DRBD, its kernel module and its files (drbd/)")
    if cluster.load_balancer:
        lines.append("haproxy/haproxy.cfg, and net.ipv4.ip_nonlocal_bind (or .ipv6.) set to 1")
    if cluster.quorum.witness:
        name = cluster.quorum.witness.name
        lines.append(
            f"the witness: a play of its own on {name} with ha_cluster_cluster_present: false and "
            "ha_cluster_qnetd: {present: true}"
        )
    if cluster.fencing:
        scripts = sorted({(f.password_script, f.secret) for f in cluster.fencing})
        lines += [f"{path}: a script, mode 0700, that prints {secret}" for path, secret in scripts]
    return lines


def _corosync(cluster: ClusterModel) -> Variables:
    nodes = []
    for m in cluster.members:
        node: Variables = {
            "node_name": m.name,
            "pcs_address": m.login,
            "corosync_addresses": list(m.links),
        }
        if cluster.watchdog:
            node["sbd_watchdog"] = cluster.watchdog.device
            node["sbd_devices"] = list(cluster.watchdog.devices)
        nodes.append(node)
    quorum: Variables = {}
    if cluster.quorum.two_node:
        # pcs sets two_node itself
        quorum["options"] = _pairs({"wait_for_all": 1})
    witness = cluster.quorum.witness
    if witness:
        model = {
            "host": witness.address,
            "algorithm": cluster.quorum.algorithm,
            "tls": "required",
            "tie_breaker": "lowest",
        }
        quorum["device"] = {
            "model": "net",
            "model_options": _pairs(model),
            "generic_options": _pairs({"timeout": cluster.device_timeout_ms}),
        }
    return {
        "ha_cluster_node_options": nodes,
        "ha_cluster_transport": {
            "type": "knet",
            "options": _pairs({"link_mode": "passive"}),
            "links": [
                _pairs({"linknumber": link.number, "mcastport": link.port})
                for link in cluster.links
            ],
            "crypto": _pairs({"cipher": "aes256", "hash": "sha256"}),
        },
        "ha_cluster_totem": {
            "options": _pairs(
                {
                    "token": cluster.token_ms,
                    "token_retransmits_before_loss_const": cluster.token_retransmits,
                }
            )
        },
        "ha_cluster_quorum": quorum,
    }


def _primitive(element: Element) -> Variables:
    words = [element.get(key) for key in ("class", "provider", "type") if element.get(key)]
    result: Variables = {"id": element.get("id"), "agent": ":".join(map(str, words))}
    for name, tag in (("instance_attrs", "instance_attributes"), ("meta_attrs", "meta_attributes")):
        found = [{"attrs": _nvpairs(block)} for block in element.findall(tag)]
        if found:
            result[name] = found
    result["copy_operations_from_agent"] = False
    result["operations"] = [_operation(op) for op in element.findall("operations/op")]
    return result


def _operation(op: Element) -> Variables:
    kept = {str(k): str(v) for k, v in op.items() if k not in ("id", "name")}
    return {"action": op.get("name"), "attrs": _pairs(kept) + _nvpairs(op)}


def _clone(element: Element) -> Variables:
    (inner,) = element.findall("primitive")
    given = _nvpairs(element.find("meta_attributes"))
    meta = [pair for pair in given if pair["name"] != "promotable"]
    return {
        "resource_id": inner.get("id"),
        "id": element.get("id"),
        "promotable": {"name": "promotable", "value": "true"} in given,
        "meta_attrs": [{"attrs": meta}],
    }


def _location(element: Element) -> Variables:
    place = {"resource": {"id": element.get("rsc")}, "id": element.get("id")}
    rule = element.find("rule")
    if rule is None:
        options = _options(element, ("score", "resource-discovery"))
        return {**place, "node": element.get("node"), "options": options}
    (expression,) = rule.findall("expression")
    words = (expression.get(key, "") for key in ("attribute", "operation", "type", "value"))
    return {**place, "rule": " ".join(words), "options": _options(rule, ("score",))}


def _colocation(element: Element) -> Variables:
    leader = {"id": element.get("with-rsc"), "role": element.get("with-rsc-role")}
    return {
        "resource_follower": {"id": element.get("rsc")},
        "resource_leader": {key: value for key, value in leader.items() if value},
        "id": element.get("id"),
        "options": _options(element, ("score",)),
    }


def _step(order: Element, which: str) -> dict[str, str]:
    step = {"id": order.get(which), "action": order.get(f"{which}-action")}
    return {key: value for key, value in step.items() if value}


def _order(element: Element) -> Variables:
    return {
        "resource_first": _step(element, "first"),
        "resource_then": _step(element, "then"),
        "id": element.get("id"),
        "options": _options(element, ("kind",)),
    }


def _options(element: Element, names: Iterable[str]) -> list[Variables]:
    return _pairs({name: str(element.get(name)) for name in names if element.get(name)})


def _sets(parent: Element | None) -> list[Variables]:
    return [] if parent is None else [{"attrs": _nvpairs(block)} for block in parent]


def _nvpairs(element: Element | None) -> list[Variables]:
    found = [] if element is None else element.iter("nvpair")
    return [{"name": p.get("name"), "value": p.get("value")} for p in found]


def _pairs(values: Mapping[str, int | str]) -> list[Variables]:
    return [{"name": name, "value": value} for name, value in values.items()]
