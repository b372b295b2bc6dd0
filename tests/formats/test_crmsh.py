from __future__ import annotations

import math
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.findings import Where
from evaluator.formats.cib import Cib
from evaluator.formats.cib import read as read_xml
from evaluator.formats.crmsh import read

TEXT = r"""
node 1: alice \
        attributes standby=off
node bob
primitive drbd_mail ocf:linbit:drbd \
        params drbd_resource="mail" \
        op monitor interval="15s" role="Master" timeout=30 \
        op monitor interval="30s" role="Slave"
primitive fs Filesystem \
        params device="/dev/drbd0" directory="/opt zimbra" fstype=ext4
primitive ip ocf:heartbeat:IPaddr2 params ip=10.0.0.10 op monitor interval=10s
primitive web systemd:haproxy
primitive st-a stonith:external/ipmi params hostname=alice
group mail fs ip web meta target-role="Started"
ms ms_drbd drbd_mail \
        meta master-max="1" notify="true"
colocation mail_on_drbd inf: mail ms_drbd:Master
order mail_after_drbd inf: ms_drbd:promote mail:start
order later Optional: fs ip web
colocation many inf: ( fs ip ) ms_drbd:Master
location not-a st-a -inf: alice
location where mail rule $role=Master 100: #uname eq bob
fencing_topology alice: st-a other bob: other
property $id="cib-bootstrap-options" \
        stonith-enabled="false" \
        no-quorum-policy="ignore"
rsc_defaults rsc-options: resource-stickiness=100
op_defaults op-options: timeout=60s
"""


def test_a_tutorials_cluster_is_a_cib() -> None:
    cib, mistakes = read("cib.txt", TEXT)
    assert mistakes == []
    assert cib.nodes() == ("alice", "bob")
    properties = cib.properties()
    assert properties["stonith-enabled"].value == "false"
    line = TEXT[: TEXT.index('stonith-enabled="false"')].count("\n") + 1
    assert properties["stonith-enabled"].where == Where("cib.txt", line, 9)
    assert [cib.agent(p) for p in cib.primitives()] == [
        "stonith:external/ipmi",
        "ocf:heartbeat:Filesystem",
        "ocf:heartbeat:IPaddr2",
        "systemd:haproxy",
        "ocf:linbit:drbd",
    ]
    (clone,) = cib.clones()
    assert cib.promotable(clone)
    assert cib.meta(clone)["promoted-max"].value == "1"
    drbd = cib.resource("drbd_mail")
    assert cib.parameters(drbd)["drbd_resource"].value == "mail"
    assert [(o.interval, o.role, o.timeout) for o in cib.operations(drbd)] == [
        (15.0, "Promoted", 30.0),
        (30.0, "Unpromoted", 60.0),
    ]
    assert cib.parameters(cib.resource("fs"))["directory"].value == "/opt zimbra"
    assert [m.get("id") for m in cib.members("mail")] == ["fs", "ip", "web"]
    assert cib.rsc_defaults()["resource-stickiness"].value == "100"


def test_constraints() -> None:
    cib, _ = read("cib.txt", TEXT)
    together = [
        (c.resource, c.with_resource, c.with_role, c.score, c.id) for c in cib.colocations()
    ]
    assert together == [
        ("mail", "ms_drbd", "Promoted", math.inf, "mail_on_drbd"),
        ("fs", "ms_drbd", "Promoted", math.inf, "many"),
        ("ip", "ms_drbd", "Promoted", math.inf, "many"),
    ]
    orders = [(o.first, o.first_action, o.then, o.then_action, o.kind) for o in cib.orders()]
    assert orders == [
        ("ms_drbd", "promote", "mail", "start", "Mandatory"),
        ("fs", "start", "ip", "start", "Optional"),
        ("ip", "start", "web", "start", "Optional"),
    ]
    ban, rule = cib.locations()
    assert (ban.resources, ban.node, ban.score) == (("st-a",), "alice", -math.inf)
    assert (rule.resources, len(rule.rules)) == (("mail",), 1)
    assert [(v.target, v.index, v.devices) for v in cib.levels()] == [
        ("alice", 1, ("st-a",)), ("alice", 2, ("other",)), ("bob", 1, ("other",)),
    ]  # fmt: skip


def facts(cib: Cib) -> dict[str, object]:
    """What a CIB says, without places and in no order."""

    def values(entries):
        return {name: entry.value for name, entry in entries.items()}

    return {
        "properties": values(cib.properties()),
        "defaults": (values(cib.rsc_defaults()), values(cib.op_defaults())),
        "nodes": cib.nodes(),
        "primitives": {
            p.get("id"): (
                cib.agent(p),
                values(cib.parameters(p)),
                values(cib.effective_meta(p)),
                {(o.name, o.interval, o.timeout, o.role) for o in cib.operations(p)},
            )
            for p in cib.primitives()
        },
        "clones": {(c.get("id"), cib.promotable(c)) for c in cib.clones()},
        "groups": {
            (g.get("id"), *(m.get("id") for m in cib.members(g.get("id")))) for g in cib.groups()
        },
        "constraints": {
            replace(c, where=Where("")) for c in (*cib.orders(), *cib.colocations(), *cib.levels())
        },
        "locations": {
            (x.id, x.resources, x.node, x.score, *(r.get("role") for r in x.rules))
            for x in cib.locations()
        },
    }


@pytest.mark.skipif(shutil.which("crm") is None, reason="crm is missing (crmsh)")
def test_it_is_read_as_crm_itself_makes_xml_of_it(tmp_path: Path) -> None:
    text, xml = tmp_path / "cib.txt", tmp_path / "cib.xml"
    text.write_text(TEXT)
    xml.write_text(
        '<cib validate-with="pacemaker-3.0" admin_epoch="0" epoch="1" num_updates="0">'
        "<configuration><crm_config/><nodes/><resources/><constraints/></configuration>"
        "<status/></cib>"
    )
    done = subprocess.run(
        ["crm", "-F", "configure", "load", "replace", str(text)],
        env={**os.environ, "CIB_file": str(xml), "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    theirs, _ = read_xml("cib.xml", xml.read_bytes())
    assert theirs is not None
    assert theirs.primitives(), done.stderr
    assert facts(read("cib.txt", TEXT)[0]) == facts(theirs)


def test_what_is_no_statement_is_told() -> None:
    cib, mistakes = read("c", "crm configure property stonith-enabled=true\nprimitve p ocf:a:b\n")
    assert cib.properties()["stonith-enabled"].value == "true"
    assert [str(f.where) for f in mistakes] == ["c:2:1"]


WORDS = st.sampled_from(
    [
        "primitive",
        "p",
        "q",
        "group",
        "g",
        "clone",
        "c",
        "ms",
        "m",
        "order",
        "o",
        "colocation",
        "location",
        "inf:",
        "-inf:",
        "p:Master",
        "(",
        ")",
        "[",
        "]",
        "params",
        "meta",
        "op",
        "monitor",
        "a=b",
        "$id=x",
        "id-ref=y",
        "rule",
        "property",
        "node",
        "1:",
        "fencing_topology",
        "@t",
        "ocf:a:b",
        "stonith:x",
        "\\\n",
        "\n",
        '"',
        "'",
        "#",
        "=",
        ":",
        "\x01",
        "é",
    ]
)


@given(st.lists(WORDS, max_size=40).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_any_words_are_read_and_asked(text: str) -> None:
    cib, _ = read("c", text)
    cib.orders(), cib.colocations(), cib.locations(), cib.levels(), cib.properties()
    for primitive in cib.primitives():
        cib.agent(primitive), cib.operations(primitive), cib.effective_meta(primitive)
