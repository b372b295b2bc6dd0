"""What Pacemaker plans when a data node dies, and that the assertions notice a missing safety.

The scheduler that ships with Debian plans; its transition graph is searched for paths, so that an
order that merely happens to come out right in one list does not count.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from evaluator.bundle import Bundle

from .conftest import TOOLS
from .variants import without_witness

pytestmark = pytest.mark.skipif(
    shutil.which("crm_simulate", path=TOOLS) is None,
    reason="crm_simulate is missing (Debian package pacemaker-cli-utils)",
)

NODES = ("zcs1", "zcs2")
Mutation = Callable[[etree._Element], object]


def simulate(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["crm_simulate", *arguments],
        cwd=folder,
        env={"CIB_shadow_dir": str(folder), "PATH": TOOLS},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def promotion_score(cib: Path, node: str, score: int) -> None:
    """Say what DRBD's resource agent says when the node's data are up to date."""
    tree = etree.parse(cib)
    (state,) = tree.xpath("//node_state[@uname=$name]", name=node)
    for old in state.findall("transient_attributes"):
        state.remove(old)
    number = state.get("id")
    holder = etree.SubElement(state, "transient_attributes", {"id": number})
    block = etree.SubElement(holder, "instance_attributes", {"id": f"status-{number}"})
    name = "master-drbd-zcs"
    pair = {"id": f"status-{number}-{name}", "name": name, "value": str(score)}
    etree.SubElement(block, "nvpair", pair)
    tree.write(cib)


class Plan:
    """A transition: actions such as ``promote drbd-zcs on zcs2`` and what each waits for."""

    def __init__(self, graph: Path) -> None:
        self.actions: dict[str, str] = {}
        self.before: dict[str, set[str]] = {}
        for synapse in etree.parse(graph).getroot().iter("synapse"):
            inputs = {a.get("id") for a in synapse.findall("inputs/trigger/*")}
            for action in synapse.find("action_set"):
                key = action.get("id")
                self.before[key] = inputs
                self.actions[key] = self.describe(action)

    @staticmethod
    def describe(action: etree._Element) -> str:
        resource = action.find("primitive")
        words = [action.get("operation"), "" if resource is None else resource.get("id")]
        attributes = action.find("attributes")
        interval = "0" if attributes is None else attributes.get("CRM_meta_interval", "0")
        if interval != "0":
            words[0] = f"recurring-{words[0]}"
        return " ".join(filter(None, [*words, "on", action.get("on_node")]))

    def find(self, text: str) -> str | None:
        keys = [k for k, v in self.actions.items() if v == text]
        assert len(keys) <= 1, text
        return keys[0] if keys else None

    def waits(self, later: str, earlier: str) -> bool:
        """Whether ``later`` cannot begin before ``earlier`` has ended."""
        seen: set[str] = set()
        todo = [later]
        while todo:
            for key in self.before.get(todo.pop(), set()) - seen:
                seen.add(key)
                todo.append(key)
        return earlier in seen


def failover(folder: Path, dead: str, score_of_survivor: int = 10000) -> Plan:
    """Bring the cluster up with everything on ``dead``, then let that node fail."""
    simulate(
        folder, "-x", "cib.xml", "-Q", "--quorum=true", "-u", "zcs1", "-u", "zcs2", "-O", "0.xml"
    )
    simulate(folder, "-x", "0.xml", "-S", "-Q", "-O", "1.xml")
    survivor = next(n for n in NODES if n != dead)
    promotion_score(folder / "1.xml", dead, 10000)
    simulate(folder, "-x", "1.xml", "-S", "-Q", "-O", "2.xml")
    promotion_score(folder / "2.xml", survivor, score_of_survivor)
    simulate(folder, "-x", "2.xml", "-S", "-Q", "-f", dead, "-G", "graph.xml", "-O", "3.xml")
    return Plan(folder / "graph.xml")


def chain(plan: Plan, cluster: Bundle, dead: str) -> list[str]:
    """Problems in the order fence, promote, mount, service, load balancer, address."""
    node = next(n for n in NODES if n != dead)
    wanted = [f"stonith on {dead}", f"promote drbd-zcs on {node}"]
    wanted += [f"start {name} on {node}" for name, _ in cluster.cluster.chain[1:]]
    problems = [f"not planned: {w}" for w in wanted if plan.find(w) is None]
    for earlier, later in pairwise(wanted):
        first, second = plan.find(earlier), plan.find(later)
        if first and second and not plan.waits(second, first):
            problems.append(f"does not wait: {later} for {earlier}")
    return problems


def in_turn(plan: Plan, steps: list[str]) -> None:
    """Each of the steps is planned and waits for the one before."""
    for earlier, later in pairwise(steps):
        before, after = plan.find(earlier), plan.find(later)
        assert before, earlier
        assert after, later
        assert plan.waits(after, before), (earlier, later)


def put(folder: Path, bundle: Bundle, mutation: Mutation | None = None) -> None:
    root = etree.fromstring(bundle.files["pacemaker/cib.xml"])
    # as the cluster itself marks it; without it failures are counted the way Pacemaker 1 did
    root.set("crm_feature_set", "3.16.1")
    if mutation:
        mutation(root)
    (folder / "cib.xml").write_bytes(etree.tostring(root))


@pytest.mark.parametrize("witness", [True, False], ids=["witness", "two-node"])
@pytest.mark.parametrize("dead", NODES)
def test_fence_promote_mount_service_address(
    make: Callable[..., Bundle], tmp_path: Path, dead: str, witness: bool
) -> None:
    made = make(None if witness else without_witness)
    put(tmp_path, made)
    plan = failover(tmp_path, dead)
    assert chain(plan, made, dead) == []
    assert not [a for a in plan.actions.values() if a.startswith("promote") and dead in a]
    assert len(made.cluster.chain) == 5


def test_an_outdated_copy_is_not_promoted(bundle: Bundle, tmp_path: Path) -> None:
    put(tmp_path, bundle)
    plan = failover(tmp_path, "zcs1", score_of_survivor=-1)
    assert plan.find("stonith on zcs1")
    assert plan.find("promote drbd-zcs on zcs2") is None
    assert plan.find("start vip-mail on zcs2") is None


def test_a_copy_that_may_be_old_is_not_promoted_when_its_node_comes_back_alone(
    bundle: Bundle, tmp_path: Path
) -> None:
    """After both were down: *Consistent* gets the score 0, which the agent writes as none."""
    put(tmp_path, bundle)
    simulate(tmp_path, "-x", "cib.xml", "-Q", "--quorum=true", "-u", "zcs1", "-O", "0.xml")
    simulate(tmp_path, "-x", "0.xml", "-S", "-Q", "-O", "1.xml")
    simulate(tmp_path, "-x", "1.xml", "-S", "-Q", "-G", "waits.xml")
    assert not [a for a in Plan(tmp_path / "waits.xml").actions.values() if "promote" in a]
    promotion_score(tmp_path / "1.xml", "zcs1", 1000)
    simulate(tmp_path, "-x", "1.xml", "-S", "-Q", "-G", "goes.xml")
    assert Plan(tmp_path / "goes.xml").find("promote drbd-zcs on zcs1")


def test_a_failed_service_restarts_once_and_then_moves(bundle: Bundle, tmp_path: Path) -> None:
    put(tmp_path, bundle)
    failover(tmp_path, "zcs1")
    fail = ("-S", "-Q", "-i", "service-zcs_monitor_60000@zcs1=1")

    simulate(tmp_path, "-x", "2.xml", *fail, "-G", "first.xml", "-O", "failed.xml")
    plan = Plan(tmp_path / "first.xml")
    # nobody may reach the service while it restarts
    steps = ["stop haproxy-zcs on zcs1", "stop vip-mail on zcs1", "stop service-zcs on zcs1"]
    steps += [f"start {name} on zcs1" for name, _ in bundle.cluster.chain[2:]]
    in_turn(plan, steps)
    words = " ".join(plan.actions.values())
    assert "drbd-zcs" not in words
    assert "stonith" not in words

    simulate(tmp_path, "-x", "failed.xml", *fail, "-G", "second.xml")
    steps = ["stop vip-mail on zcs1", "stop service-zcs on zcs1", "stop fs-zcs on zcs1"]
    steps += ["demote drbd-zcs on zcs1", "promote drbd-zcs on zcs2"]
    steps += [f"start {name} on zcs2" for name, _ in bundle.cluster.chain[1:]]
    in_turn(Plan(tmp_path / "second.xml"), steps)


def test_without_quorum_nothing_is_promoted_or_fenced(bundle: Bundle, tmp_path: Path) -> None:
    put(tmp_path, bundle)
    failover(tmp_path, "zcs1")
    simulate(tmp_path, "-x", "2.xml", "-S", "-Q", "--quorum=false", "-f", "zcs1", "-G", "lost.xml")
    words = " ".join(Plan(tmp_path / "lost.xml").actions.values())
    assert "promote" not in words
    assert "stonith" not in words


def _drop(path: str) -> Mutation:
    def mutate(root: etree._Element) -> None:
        found = root.xpath(path)
        assert found, path
        for element in found:
            element.getparent().remove(element)

    return mutate


def _no_fencing(root: etree._Element) -> None:
    (pair,) = root.xpath("//nvpair[@name='stonith-enabled']")
    pair.set("value", "false")


def _address_first(root: etree._Element) -> None:
    (group,) = root.xpath("//group")
    group.insert(0, group.find("primitive[@id='vip-mail']"))


@pytest.mark.parametrize(
    ("mutation", "seen"),
    [
        (_no_fencing, "not planned: stonith on zcs1"),
        (_drop("//rsc_order"), "does not wait: start fs-zcs on zcs2 for promote drbd-zcs on zcs2"),
        (_address_first, "does not wait: start vip-mail on zcs2 for start service-zcs on zcs2"),
        (_drop("//group/primitive[@id='service-zcs']"), "not planned: start service-zcs on zcs2"),
    ],
    ids=["no-fencing", "no-order", "address-first", "no-service"],
)
def test_a_dropped_safety_line_is_noticed(
    bundle: Bundle, tmp_path: Path, mutation: Mutation, seen: str
) -> None:
    put(tmp_path, bundle, mutation)
    assert seen in chain(failover(tmp_path, "zcs1"), bundle, "zcs1")


def test_without_colocation_the_service_may_start_away_from_its_data(
    bundle: Bundle, tmp_path: Path
) -> None:
    """Both nodes alive, data promoted on zcs2 only: the colocation alone keeps /opt with it."""

    def mounted_on(case: Path, mutation: Mutation | None) -> set[str]:
        case.mkdir()
        put(case, bundle, mutation)
        failover(case, "zcs2")
        tree = etree.parse(case / "2.xml")
        return {
            node
            for node in NODES
            if tree.xpath(
                "//node_state[@uname=$n]//lrm_resource[@id='fs-zcs']"
                "/lrm_rsc_op[@operation='start' and @rc-code='0']",
                n=node,
            )
        }

    assert mounted_on(tmp_path / "kept", None) == {"zcs2"}
    assert mounted_on(tmp_path / "dropped", _drop("//rsc_colocation")) == {"zcs1"}
