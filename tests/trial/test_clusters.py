"""Each cluster of the laboratory is one that we would let anybody build."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from evaluator.bundle import render
from evaluator.cluster import Declaration, build
from evaluator.findings import EvaluationError, Severity
from evaluator.lab import LabSpec
from evaluator.lint import lint, of
from evaluator.trial.clusters import CLUSTERS, STORAGE, declaration
from evaluator.trial.managers import MANAGERS
from evaluator.trial.rig import Rig


@functools.cache
def declared(name: str) -> Declaration:
    return declaration(name)


def wired(name: str) -> LabSpec:
    site = declared(name)
    return LabSpec.of(
        site, {device.name: f"secret of {device.name}" for device in site.fence_devices}
    )


@pytest.mark.parametrize("name", CLUSTERS)
def test_the_linter_finds_no_error_in_its_bundle(name: str) -> None:
    found = lint(of(render(declared(name)).files))
    assert [str(f) for f in found if f.severity is Severity.ERROR] == []


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_laboratory_can_be_wired_from_it(name: str) -> None:
    spec, site, cluster = wired(name), declared(name), build(declared(name))
    assert set(spec.nodes) == {node.name for node in site.nodes}
    assert {member.name for member in cluster.members} <= set(spec.nodes)
    assert list(spec.client) == ["service"], "one network for clients, which faults rely on"
    # each node that votes has a power controller of its own
    plugged = [node for outlet in spec.outlets for node in outlet.plugs.values()]
    assert sorted(plugged) == sorted(member.name for member in cluster.members)
    assert len({member.power for member in cluster.members}) == len(cluster.members)
    used = [a for addresses in spec.nodes.values() for a in addresses.values()]
    used += [outlet.address for outlet in spec.outlets] + [cluster.vip.address]
    used += [*spec.client.values(), *spec.operator.values()]
    assert len(used) == len(set(used))


@pytest.mark.parametrize("name", CLUSTERS)
def test_it_is_what_its_title_says(name: str) -> None:
    stack, _, title = CLUSTERS[name]
    manager = stack.partition("-")[0]
    cluster = build(declared(name))
    assert cluster.manager == manager
    assert manager in MANAGERS
    assert manager in title.lower()
    assert len(cluster.members) == (3 if "three" in title else 2)
    assert bool(cluster.quorum.witness) == ("quorum device" in title)
    # replicated data, or one disk that all nodes see, only where somebody fences
    assert bool(cluster.storage) == ("own data" not in title)
    assert bool(cluster.fencing) == (manager == "pacemaker")
    assert bool(cluster.replicated) == ("replicated" in title) == (name in STORAGE["drbd"])
    shared = cluster.storage and not cluster.replicated
    assert wired(name).shared_disk == ("/dev/shared0" if shared else None)


def test_all_that_are_compared_have_the_same_budget_to_notice_a_lost_node() -> None:
    budgets = {round(build(declared(name)).detection_seconds, 2) for name in STORAGE["shared"]}
    assert len(budgets) == 1


def test_every_cluster_is_one_of_a_storage() -> None:
    assert sorted(name for names in STORAGE.values() for name in names) == sorted(CLUSTERS)


def test_each_copy_is_on_a_machine_of_its_own(tmp_path: Path) -> None:
    rig = Rig.bare(declared("pacemaker-drbd"), tmp_path)
    carriers = tuple(member.name for member in rig.cluster.carriers)
    assert rig.lab.spec.guests == carriers == ("zcs1", "zcs2")
    assert rig.pace > 1 == Rig.bare(declared("pacemaker-2"), tmp_path).pace
    assert all("replication" in rig.lab.spec.nodes[name] for name in carriers)


def test_a_cluster_is_made_the_same_each_time() -> None:
    for name in ("pacemaker-3", "keepalived"):
        assert render(declaration(name)).files == render(declared(name)).files
    # a change for one cluster does not reach the next
    assert declaration("pacemaker-2-witness") == declared("pacemaker-2-witness")
    assert len(declaration("pacemaker-2").nodes) == 2


@pytest.mark.parametrize("name", ["", "pacemaker", "Pacemaker-2", "../site", "\x1b[31m"])
def test_an_unknown_cluster_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(EvaluationError) as error:
        declaration(name)
    (finding,) = error.value.findings
    assert finding.code == "unknown-cluster"
    assert all(known in finding.remedy for known in CLUSTERS)
    assert "\x1b" not in str(finding)


@pytest.mark.parametrize("name", ["keepalived", "heartbeat"])
def test_no_node_is_started_for_nothing(name: str) -> None:
    assert len(wired(name).nodes) == 2
