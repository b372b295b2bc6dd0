"""What a laboratory is wired from, before anything is made."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from evaluator.content import criteria_folder
from evaluator.findings import EvaluationError
from evaluator.lab import LabSpec, Outlet
from evaluator.study.site import Site, Topology

from .conftest import wiring

NETWORKS = {"management": "198.51.100.0/28", "ring0": "192.0.2.0/29"}


def codes(**parts: object) -> list[str]:
    with pytest.raises(EvaluationError) as refused:
        LabSpec(**{"networks": NETWORKS, "nodes": {}, **parts})  # type: ignore[arg-type]
    return [finding.code for finding in refused.value.findings]


def test_the_shipped_site_can_be_built_in_a_laboratory() -> None:
    path = criteria_folder() / "sites/netnovation.yml"
    site = Site.model_validate(YAML(typ="safe").load(path.read_text()))
    topology = Topology.model_validate(
        {name: getattr(site, name) for name in Topology.model_fields}
    )
    spec = LabSpec.of(topology, {device.name: "secret" for device in site.fence_devices})
    assert set(spec.nodes) == {node.name for node in site.nodes}
    assert {o.device: dict(o.plugs) for o in spec.outlets} == {
        "fence-zcs1": {"1": "zcs1"},
        "fence-zcs2": {"1": "zcs2"},
    }
    assert spec.operator == {"management": "198.51.100.126"}
    assert spec.client == {"service": "203.0.113.126"}
    assert spec.shared_disk is None
    # token and consensus: before, the others would not have told each other that a node was off
    assert spec.boot_delay >= 6 + 2.2 * site.timing.token_ms / 1000


def test_the_operator_sits_on_the_management_network_at_an_address_of_his_own() -> None:
    last = {"zcs1": {"management": "198.51.100.14"}}
    assert LabSpec(networks=NETWORKS, nodes=last).operator == {"management": "198.51.100.13"}


@pytest.mark.parametrize("name", ["", "Zcs1", "zcs 1", "zcs1\n", "../zcs1", "-zcs1", "zcs.1"])
def test_names_that_cannot_be_a_hosts_name_are_refused(name: str) -> None:
    assert codes(nodes={name: {"management": "198.51.100.1"}}) == ["lab-name"]


def test_addresses_outside_their_network_or_used_twice_are_refused() -> None:
    assert codes(nodes={"zcs1": {"ring0": "198.51.100.1"}}) == ["lab-address"]
    assert codes(nodes={"zcs1": {"ring9": "192.0.2.1"}}) == ["lab-address"]
    one = {"management": "198.51.100.1"}
    assert codes(nodes={"zcs1": one, "zcs2": one}) == ["lab-address"]


def test_a_plug_of_no_node_is_refused() -> None:
    outlet = Outlet("bmc", "198.51.100.2", "fence", "secret", {"1": "zcs9"})
    assert codes(nodes={"zcs1": {}}, outlets=(outlet,)) == ["lab-outlet"]


def test_a_network_that_is_full_has_no_place_for_the_operator() -> None:
    full = {f"n{i}": {"ring0": f"192.0.2.{i}"} for i in range(1, 7)}
    assert codes(nodes=full) == ["lab-address"]


def test_cards_keep_their_hardware_address_and_have_names_that_the_kernel_takes() -> None:
    spec = wiring("zcs1", "zcs2")
    cards = {spec.hardware_address(node, n) for node in spec.nodes for n in spec.networks}
    assert len(cards) == 6
    assert all(int(card[:2], 16) & 0b11 == 0b10 for card in cards)  # local and of one card
    long = LabSpec(networks={"replication-of-disks": "192.0.2.0/29"}, nodes={})
    assert long.interface("replication-of-disks") == "net0"


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Outlet("bmc", "192.0.2.2", "fence", "secret", {}))
