"""The variables of linux-system-roles.ha_cluster say the same as Debian's files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from ruamel.yaml import YAML

from evaluator.bundle import Bundle

from .conftest import text
from .variants import VARIANTS

DOCUMENTED = {
    f"ha_cluster_{name}"
    for name in (
        "cluster_name",
        "hacluster_password",
        "node_options",
        "transport",
        "totem",
        "quorum",
        "cluster_properties",
        "resource_defaults",
        "resource_primitives",
        "resource_groups",
        "resource_clones",
        "constraints_location",
        "constraints_colocation",
        "constraints_order",
        "stonith_levels",
        "extra_packages",
        "sbd_enabled",
        "sbd_options",
    )
}
"""Names that the role's README has; it takes no notice of others."""

PACEMAKER = [name for name, variant in VARIANTS.items() if variant.profile == "pacemaker"]


def told(bundle: Bundle) -> Any:
    return YAML(typ="safe").load(text(bundle, "system-roles/ha_cluster.yml"))


def pairs(values: list[dict[str, Any]]) -> dict[str, Any]:
    assert all(set(value) == {"name", "value"} for value in values)
    return {value["name"]: value["value"] for value in values}


@pytest.mark.parametrize("shape", PACEMAKER)
def test_every_resource_and_constraint_of_the_cib_is_there(
    variant: Callable[[str], Bundle], shape: str
) -> None:
    made = variant(shape)
    values, cib = told(made), etree.fromstring(made.files["pacemaker/cib.xml"])
    assert values.keys() <= DOCUMENTED
    assert all(value not in ([], {}) for value in values.values())
    for path, name in (
        ("//primitive", "resource_primitives"),
        ("//group", "resource_groups"),
        ("//clone", "resource_clones"),
        ("//rsc_location", "constraints_location"),
        ("//rsc_colocation", "constraints_colocation"),
        ("//rsc_order", "constraints_order"),
    ):
        given = [entry["id"] for entry in values.get(f"ha_cluster_{name}", [])]
        assert given == cib.xpath(f"{path}/@id"), name
    levels = values.get("ha_cluster_stonith_levels", [])
    assert len(levels) == len(cib.xpath("//fencing-level"))
    for entry in values["ha_cluster_resource_primitives"]:
        (element,) = cib.xpath("//primitive[@id=$id]", id=entry["id"])
        nvpairs = element.xpath("instance_attributes/nvpair")
        sets = entry.get("instance_attrs", [{"attrs": []}])
        assert pairs(sets[0]["attrs"]) == {p.get("name"): p.get("value") for p in nvpairs}
        assert len(entry["operations"]) == len(element.findall("operations/op"))
        assert entry["copy_operations_from_agent"] is False


def test_links_quorum_and_fencing(bundle: Bundle) -> None:
    values = told(bundle)
    nodes = {n["node_name"]: n["corosync_addresses"] for n in values["ha_cluster_node_options"]}
    assert nodes == {"zcs1": ["192.0.2.11", "192.0.2.75"], "zcs2": ["192.0.2.12", "192.0.2.76"]}
    transport = values["ha_cluster_transport"]
    assert pairs(transport["crypto"]) == {"cipher": "aes256", "hash": "sha256"}
    assert [pairs(link)["linknumber"] for link in transport["links"]] == [0, 1]
    device = values["ha_cluster_quorum"]["device"]
    assert device["model"] == "net"
    assert pairs(device["model_options"])["host"] == "198.51.100.143"
    (properties,) = values["ha_cluster_cluster_properties"]
    assert pairs(properties["attrs"])["stonith-enabled"] == "true"
    assert values["ha_cluster_resource_clones"][0]["promotable"] is True
    (order,) = values["ha_cluster_constraints_order"]
    assert order["resource_first"] == {"id": "drbd-zcs-clone", "action": "promote"}
    (colocation,) = values["ha_cluster_constraints_colocation"]
    assert colocation["resource_leader"] == {"id": "drbd-zcs-clone", "role": "Promoted"}


def test_two_nodes_wait_for_all(variant: Callable[[str], Bundle]) -> None:
    assert told(variant("two-node"))["ha_cluster_quorum"] == {
        "options": [{"name": "wait_for_all", "value": 1}]
    }


def test_sbd(variant: Callable[[str], Bundle]) -> None:
    values = told(variant("shared-disk-sbd"))
    assert values["ha_cluster_sbd_enabled"] is True
    assert pairs(values["ha_cluster_sbd_options"])["watchdog-timeout"] == 10
    assert len(values["ha_cluster_node_options"][0]["sbd_devices"]) == 3


def test_what_the_role_leaves_out_is_said(bundle: Bundle) -> None:
    head = text(bundle, "system-roles/ha_cluster.yml").split("ha_cluster_cluster_name")[0]
    for words in (
        "DRBD",
        "haproxy/haproxy.cfg",
        "ha_cluster_qnetd",
        "not Debian",
        "/etc/cluster-secrets/bmc-zcs1",
    ):
        assert words in head
    assert all(line.startswith(("#", "---")) for line in head.splitlines())
    asked = told(bundle)["ha_cluster_hacluster_password"]
    assert asked.split() == ["{{", "vault_hacluster_password", "}}"]
