from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from evaluator.findings import Where
from evaluator.formats.cib import Cib, read

TEXT = b"""\
<?xml version="1.0" encoding="utf-8"?>
<!-- exported -->
<cib validate-with="pacemaker-2.10" epoch="1" num_updates="0" admin_epoch="0">
  <configuration>
    <crm_config>
      <cluster_property_set id="other" score="500">
        <nvpair id="o1" name="stonith-enabled" value="false"/>
        <nvpair id="o2" name="stonith-timeout" value="2min"/>
      </cluster_property_set>
      <cluster_property_set id="cib-bootstrap-options">
        <nvpair id="c1" name="stonith-enabled" value="true"/>
        <nvpair id="c2"
                name="no-quorum-policy"
                value="stop"/>
      </cluster_property_set>
      <cluster_property_set id="weekend" score="1000">
        <rule id="wr" boolean-op="and"><date_expression id="we" operation="date_spec"/></rule>
        <nvpair id="w1" name="stonith-timeout" value="9min"/>
      </cluster_property_set>
    </crm_config>
    <nodes>
      <node id="1" uname="alice"/>
      <node id="2" uname="bob" type="normal"/>
      <node id="far" uname="far" type="remote"/>
    </nodes>
    <resources>
      <template id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">
        <meta_attributes id="vm-m"><nvpair id="vm-m1" name="priority" value="3"/></meta_attributes>
        <operations>
          <op id="vm-mon" name="monitor" interval="30s" timeout="10s"/>
          <op id="vm-stop" name="stop" interval="0" timeout="2min"/>
        </operations>
      </template>
      <primitive id="guest" template="vm">
        <operations><op id="g-mon" name="monitor" interval="30" timeout="99"/></operations>
      </primitive>
      <master id="ms">
        <meta_attributes id="ms-m">
          <nvpair id="ms-m1" name="master-max" value="1"/>
          <nvpair id="ms-m2" name="notify" value="true"/>
        </meta_attributes>
        <primitive id="drbd" class="ocf" provider="linbit" type="drbd">
          <instance_attributes id="d-i"><nvpair id="d1" name="drbd_resource" value="r0"/></instance_attributes>
          <operations>
            <op id="d-m1" name="monitor" interval="10s" role="Master"/>
            <op id="d-m2" name="monitor" interval="20s" role="slave" timeout="40s">
              <instance_attributes id="d-m2-i"><nvpair id="d-m2-1" name="OCF_CHECK_LEVEL" value="10"/></instance_attributes>
            </op>
          </operations>
        </primitive>
      </master>
      <clone id="base">
        <meta_attributes id="base-m"><nvpair id="base-m1" name="interleave" value="true"/></meta_attributes>
        <group id="grp">
          <meta_attributes id-ref="ms-m"/>
          <primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/>
          <primitive id="web" class="systemd" type="haproxy"/>
        </group>
      </clone>
      <clone id="pro">
        <meta_attributes id="pro-m"><nvpair id="pro-m1" name="promotable" value="true"/></meta_attributes>
        <primitive id="state" class="ocf" provider="pacemaker" type="Stateful"/>
      </clone>
      <primitive id="fence-a" class="stonith" type="fence_ipmilan"/>
    </resources>
    <constraints>
      <rsc_order id="o" first="ms" first-action="promote" then="ip" then-action="start"/>
      <rsc_order id="p" first="ip" then="web" score="0" symmetrical="false"/>
      <rsc_order id="s" kind="Serialize">
        <resource_set id="s1" action="promote"><resource_ref id="ms"/></resource_set>
        <resource_set id="s2" sequential="false"><resource_ref id="ip"/><resource_ref id="web"/></resource_set>
      </rsc_order>
      <rsc_colocation id="c" rsc="ip" with-rsc="ms" with-rsc-role="Master" score="INFINITY"/>
      <rsc_colocation id="d" score="-INFINITY">
        <resource_set id="c1"><resource_ref id="ip"/><resource_ref id="web"/></resource_set>
        <resource_set id="c2" role="Slave"><resource_ref id="ms"/></resource_set>
      </rsc_colocation>
      <rsc_location id="l" rsc="fence-a" node="alice" score="-INFINITY"/>
      <rsc_location id="m" rsc-pattern="^vm" role="Started">
        <rule id="r" score="100"><expression id="e" attribute="x" operation="defined"/></rule>
      </rsc_location>
    </constraints>
    <fencing-topology>
      <fencing-level id="f1" target="alice" index="1" devices="fence-a, sbd"/>
      <fencing-level id="f2" target-pattern="b.*" index="2" devices="sbd"/>
      <fencing-level id="f3" target-attribute="rack" target-value="7" index="x" devices=""/>
    </fencing-topology>
    <rsc_defaults><meta_attributes id="rd"><nvpair id="rd1" name="resource-stickiness" value="200"/><nvpair id="rd2" name="priority" value="1"/></meta_attributes></rsc_defaults>
    <op_defaults><meta_attributes id="od"><nvpair id="od1" name="timeout" value="60s"/></meta_attributes></op_defaults>
  </configuration>
  <status><node_state id="1" uname="alice"><lrm id="1"><lrm_resources><lrm_resource id="drbd" class="ocf" provider="linbit" type="drbd"/></lrm_resources></lrm></node_state></status>
</cib>
"""  # noqa: E501 - as dumps are


@pytest.fixture
def cib() -> Cib:
    found, mistakes = read("cib.xml", TEXT)
    assert mistakes == []
    assert found is not None
    return found


def test_bootstrap_options_come_first_then_sets_by_score_and_never_one_with_a_rule(cib: Cib):
    properties = cib.properties()
    assert {name: entry.value for name, entry in properties.items()} == {
        "stonith-enabled": "true",
        "no-quorum-policy": "stop",
        "stonith-timeout": "2min",
    }
    (block,) = cib.root.iterfind("configuration/crm_config")
    values = [e.value for e in cib.pairs(block, conditional=True) if e.key == "stonith-timeout"]
    assert values == ["9min", "2min"]


def test_an_element_stands_where_its_start_tag_begins(cib: Cib):
    assert cib.properties()["no-quorum-policy"].where == Where("cib.xml", 12, 9)
    line = TEXT[: TEXT.index(b'<master id="ms"')].count(b"\n") + 1
    assert cib.where(cib.resource("ms")) == Where("cib.xml", line, 7)
    assert cib.where() == Where("cib.xml")


def test_both_names_of_a_property_are_one(cib: Cib):
    assert cib.property("stonith-enabled").value == "true"
    newer, _ = read("c", TEXT.replace(b"stonith-enabled", b"fencing-enabled"))
    assert newer.property("stonith-enabled").value == "true"
    assert newer.property("stonith-action") is None


def test_nodes_are_the_clusters_own(cib: Cib):
    assert cib.nodes() == ("alice", "bob")


def test_resources_are_found_inside_others_and_templates_and_status_are_none(cib: Cib):
    def ids(elements):
        return [e.get("id") for e in elements]

    assert ids(cib.primitives()) == ["guest", "drbd", "ip", "web", "state", "fence-a"]
    assert ids(cib.resources()) == ["guest", "ms", "base", "pro", "fence-a"]
    assert ids(cib.groups()) == ["grp"]
    assert ids(cib.clones()) == ["ms", "base", "pro"]
    assert ids(c for c in cib.clones() if cib.promotable(c)) == ["ms", "pro"]
    assert ids(cib.fence_devices()) == ["fence-a"]
    assert ids(cib.members("base")) == ["ip", "web"]
    assert cib.members("nobody") == ()


def test_agents_and_operations_come_from_a_template_too(cib: Cib):
    guest = cib.resource("guest")
    assert cib.agent(guest) == "ocf:heartbeat:VirtualDomain"
    assert cib.agent(cib.resource("web")) == "systemd:haproxy"
    assert cib.meta(guest)["priority"].value == "3"
    operations = [(o.name, o.interval, o.timeout) for o in cib.operations(guest)]
    assert operations == [("monitor", 30.0, 99.0), ("stop", 0.0, 120.0)]


def test_operations_have_defaults_newer_roles_and_their_own_attributes(cib: Cib):
    master, slave = cib.operations(cib.resource("drbd"))
    assert (master.role, master.timeout, slave.role) == ("Promoted", 60.0, "Unpromoted")
    assert slave.values["OCF_CHECK_LEVEL"] == "10"
    assert cib.parameters(cib.resource("drbd"))["drbd_resource"].value == "r0"


def test_meta_attributes_have_newer_names_and_are_inherited(cib: Cib):
    assert cib.meta(cib.resource("ms"))["promoted-max"].value == "1"
    meta = {k: e.value for k, e in cib.effective_meta(cib.resource("ip")).items()}
    assert meta == {
        "resource-stickiness": "200",
        "priority": "1",
        "interleave": "true",
        "promoted-max": "1",  # by id-ref in its group
        "notify": "true",
    }
    assert cib.effective_meta(cib.resource("guest"))["priority"].value == "3"


def test_orders(cib: Cib):
    found = [
        (o.id, o.first, o.first_action, o.then, o.then_action, o.kind, o.symmetrical)
        for o in cib.orders()
    ]
    assert found == [
        ("o", "ms", "promote", "ip", "start", "Mandatory", True),
        ("p", "ip", "start", "web", "start", "Optional", False),
        ("s", "ms", "promote", "ip", "start", "Serialize", True),
        ("s", "ms", "promote", "web", "start", "Serialize", True),
    ]


def test_colocations(cib: Cib):
    found = [
        (c.id, c.resource, c.role, c.with_resource, c.with_role, c.score) for c in cib.colocations()
    ]
    assert found == [
        ("c", "ip", "", "ms", "Promoted", math.inf),
        ("d", "web", "", "ip", "", -math.inf),
        ("d", "ip", "", "ms", "Unpromoted", -math.inf),
        ("d", "web", "", "ms", "Unpromoted", -math.inf),
    ]


@pytest.mark.skipif(
    shutil.which("crm_simulate") is None or shutil.which("crm_resource") is None,
    reason="crm_simulate is missing (pacemaker-cli-utils)",
)
def test_colocation_of_sets_points_the_way_pacemaker_says(tmp_path: Path):
    names = "ABCD"
    primitives = "".join(
        f'<primitive id="{n}" class="ocf" provider="pacemaker" type="Dummy"/>' for n in names
    )
    sets = "".join(
        f'<resource_set id="s{a}"><resource_ref id="{a}"/><resource_ref id="{b}"/></resource_set>'
        for a, b in ("AB", "CD")
    )
    text = (
        '<cib validate-with="pacemaker-3.0" admin_epoch="0" epoch="1" num_updates="0">'
        "<configuration><crm_config/><nodes/>"
        f"<resources>{primitives}</resources>"
        f'<constraints><rsc_colocation id="x" score="INFINITY">{sets}</rsc_colocation>'
        "</constraints></configuration><status/></cib>"
    )
    path = tmp_path / "cib.xml"
    path.write_text(text)
    environment = {**os.environ, "CIB_file": str(path)}
    theirs = set()
    for name in names:
        said = subprocess.run(
            ["crm_resource", "--constraints", "--resource", name],
            env=environment, capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        _, _, below = said.stdout.partition(f"Resources {name} is colocated with:")
        theirs |= {(name, other) for other in re.findall(r"\* (\w+) \(", below)}
    found, _ = read("cib.xml", text.encode())
    ours = {(c.resource, c.with_resource) for c in found.colocations()}
    assert theirs
    # it names the ends of the chain between two sets only; we name every pair
    assert theirs <= ours
    assert not {(b, a) for a, b in theirs} & ours


def test_locations(cib: Cib):
    ban, prefer = cib.locations()
    assert (ban.resources, ban.node, ban.score) == (("fence-a",), "alice", -math.inf)
    assert (prefer.resources, prefer.pattern, prefer.role) == ((), "^vm", "Started")
    assert [r.get("id") for r in prefer.rules] == ["r"]


def test_fencing_levels(cib: Cib):
    assert [(v.target, v.kind, v.index, v.devices) for v in cib.levels()] == [
        ("alice", "node", 1, ("fence-a", "sbd")),
        ("b.*", "pattern", 2, ("sbd",)),
        ("rack=7", "attribute", 0, ()),
    ]


def test_a_configuration_alone_is_a_cib():
    found, mistakes = read("c", b'<configuration><nodes><node uname="a"/></nodes></configuration>')
    assert mistakes == []
    assert found.nodes() == ("a",)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "c:1:1"),
        (b"<cib>\n  <configuration>\n</cib>", "c:3:3"),
        (b"<html/>", "c:1:1"),
        (b'<!DOCTYPE cib [<!ENTITY a "b">]>\n<cib>&a;</cib>', "c:1:15"),
        (b"<cib>\n &amp;&nope;</cib>", "c:2:7"),
        (b"<cib>\0</cib>", "c:1:6"),
        (b"<cib>\xff</cib>", "c:1:6"),
        (b"<a>" * 1000, "c:1:121"),
        (b'<cib a="1" a="2"/>', "c:1:12"),
    ],
)
def test_what_is_no_cib_is_told_at_its_place(content: bytes, place: str):
    found, mistakes = read("c", content)
    assert found is None
    assert [(f.code, str(f.where)) for f in mistakes] == [("syntax", place)]


def test_a_file_that_is_too_large_is_not_read():
    found, mistakes = read("c", b"<cib>" + b" " * 10_000_000 + b"</cib>")
    assert found is None
    assert [f.code for f in mistakes] == ["file-too-large"]


def test_a_cluster_that_is_too_large_is_not_read():
    primitives = b"<primitive/>" * 2001
    text = b"<cib><configuration><resources>%s</resources></configuration></cib>" % primitives
    found, mistakes = read("c", text)
    assert found is None
    assert [f.code for f in mistakes] == ["file-too-large"]


def test_prefixes_and_dangling_references_do_no_harm():
    text = b'<cib xmlns:x="urn:x" x:y="1"><configuration><resources><x:z/><primitive id="p" template="none"><meta_attributes id-ref="none"/></primitive></resources></configuration></cib>'  # noqa: E501
    found, mistakes = read("c", text)
    assert mistakes == []
    (primitive,) = found.primitives()
    assert found.agent(primitive) == ""
    assert found.meta(primitive) == {}
