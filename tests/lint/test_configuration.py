"""Folders of every shape: what each file is taken for, and what becomes of several."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.findings import EvaluationError, Severity
from evaluator.lint import Configuration, all_rules, lint, of, read
from evaluator.lint.recognition import kind_of

COROSYNC = b"totem {\n  version: 2\n}\nnodelist {\n  node {\n    name: alice\n  }\n}\n"
CIB = b'<cib><configuration><nodes><node uname="bob"/></nodes></configuration></cib>'
DRBD = b"resource r0 {\n  protocol C;\n}\n"
HAPROXY = b"frontend f\n  bind :25\n"
KEEPALIVED = b"vrrp_instance V {\n  state BACKUP\n}\n"


@pytest.mark.parametrize(
    ("path", "content", "kind"),
    [
        ("etc/corosync/corosync.conf", b"", "corosync"),
        ("a/etc/corosync/authkey", b"\0" * 256, "corosync-authkey"),
        ("etc/pacemaker/authkey", b"\0" * 256, "pacemaker-authkey"),
        ("var/lib/pacemaker/cib/cib.xml", b"", "cib"),
        ("cib-2024.xml", b"", "cib"),
        ("etc/drbd.d/r0.res", b"", "drbd"),
        ("r0.res", b"resource r0 {\n", "drbd"),
        ("translations/de.res", b"", ""),
        ("docs/lib.restful/x.rst", b"", ""),
        ("etc/multipath/conf.d/drbd.conf", b"", ""),
        ("etc/modprobe.d/drbd.conf", b"options drbd\n", ""),
        ("etc/init.d/pacemaker", b"#!/bin/sh\nSBD_DEVICE=x\n", ""),
        ("settings.xml", b"<settings>\n<configuration>\n</configuration></settings>", ""),
        ("saved.xml", b"<configuration>\n<crm_config/>\n</configuration>", "cib"),
        ("drbd/global_common.conf", b"", "drbd"),
        ("etc/drbd.conf", b"", "drbd"),
        ("etc/haproxy/haproxy.cfg", b"", "haproxy"),
        ("etc/keepalived/keepalived.conf", b"", "keepalived"),
        ("keepalived/alice.conf", b"", "keepalived"),
        ("etc/ha.d/ha.cf", b"", "ha_cf"),
        ("haresources", b"", "haresources"),
        ("authkeys", b"", "authkeys"),
        ("etc/default/sbd", b"", "sbd"),
        ("etc/sysconfig/sbd", b"", "sbd"),
        ("sbd/sbd", b"", "sbd"),
        ("service/unit.conf", b"", "unit"),
        ("etc/systemd/system/keepalived.service.d/cluster.conf", b"", "unit"),
        ("etc/systemd/system/nginx.service.d/cluster.conf", b"", ""),
        ("manifest.json", b"", "manifest"),
        ("cluster.yml", b"", "declaration"),
        ("usr/sbin/sbd", b"\x7fELF", ""),
        ("etc/corosync/corosync.conf.example", COROSYNC, ""),
        ("etc/corosync/corosync.conf.dpkg-old", COROSYNC, ""),
        ("etc/corosync/corosync.conf~", COROSYNC, ""),
        ("README.md", COROSYNC, ""),
        ("node1.conf", COROSYNC, "corosync"),
        ("saved.xml", b"<?xml version='1.0'?>\n<!-- x -->\n" + CIB, "cib"),
        ("page.xml", b"<html/>", ""),
        ("mirror.conf", DRBD, "drbd"),
        ("lb", HAPROXY, "haproxy"),
        ("vip.conf", KEEPALIVED, "keepalived"),
        ("watchdog", b"SBD_DEVICE=/dev/a\n", "sbd"),
        ("old.txt", b"keepalive 2\ndeadtime 10\n", "ha_cf"),
        ("nginx.conf", b"http {\n}\n", ""),
        ("blank", b" " * 60_000 + b"\n" * 5_000, ""),
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_name_or_its_content(path: str, content: bytes, kind: str) -> None:
    assert kind_of(path, content) == kind


def test_what_is_not_there_is_none_and_what_is_not_known_is_named() -> None:
    found = of({"corosync.conf": COROSYNC, "notes": b"x"})
    assert found.has("corosync")
    fields = ("cib", "drbd", "haproxy", "keepalived", "ha_cf", "sbd", "declaration", "manifest")
    assert not any(found.has(name) for name in fields)
    assert [(f.path, f.kind) for f in found.files] == [
        ("corosync.conf", "corosync"),
        ("notes", ""),
    ]
    assert found.paths("corosync") == ("corosync.conf",)


def test_nodes_come_from_every_file_that_names_them() -> None:
    found = of({"corosync.conf": COROSYNC, "cib.xml": CIB, "ha.cf": b"node carol alice\n"})
    assert found.nodes() == ("alice", "bob", "carol")
    assert Configuration().nodes() == ()


def test_every_drbd_file_is_part_of_one_tree_and_copies_count_once() -> None:
    common = b"common {\n  net {\n    protocol C;\n  }\n}\n"
    found = of(
        {
            "a/drbd.d/r0.res": DRBD, "a/drbd.d/global_common.conf": common,
            "b/drbd.d/r0.res": DRBD, "b/drbd.d/global_common.conf": common,
        }
    )  # fmt: skip
    assert found.drbd is not None
    assert [c.key for c in found.drbd.children] == ["common", "resource"]
    assert lint(found, ignore=[c for c in all_rules() if c != "nodes-differ"]) == []


def test_of_several_cibs_the_newest_is_asked_and_the_others_are_named() -> None:
    def cib(epoch: int, name: str) -> bytes:
        node = f'<node uname="{name}"/>'
        text = f'<cib epoch="{epoch}"><configuration><nodes>{node}</nodes></configuration></cib>'
        return text.encode()

    found = of({"a/cib.xml": cib(9, "old"), "b/cib.xml": cib(10, "new"), "c/cib.xml": cib(10, "x")})
    assert found.nodes() == ("new",)
    told = [(f.code, str(f.where), f.severity) for f in found.findings]
    assert told == [("copy-not-asked", "a/cib.xml", Severity.INFO)]


def test_a_copy_that_differs_is_named_where_nodes_may_differ() -> None:
    text = b"SBD_DEVICE=/dev/a\n"
    files = {"a/default/sbd": text, "b/default/sbd": b"# b\n" + text, "c/default/sbd": b"X=1\n"}
    files |= {"a/haproxy.cfg": HAPROXY, "b/haproxy.cfg": HAPROXY + b"  bind :26\n"}
    found = of(files)
    assert [(f.code, str(f.where)) for f in found.findings] == [
        ("copy-not-asked", "c/default/sbd"),
        ("copy-not-asked", "b/haproxy.cfg"),
    ]


def test_what_drbd_includes_is_read_whatever_its_name_from_this_folder_only(tmp_path: Path) -> None:
    (tmp_path / "outside.res").write_bytes(b"resource outside {\n}\n")
    etc = tmp_path / "copy" / "etc"
    (etc / "drbd.d").mkdir(parents=True)
    text = 'include "/etc/drbd.d/*.inc";\ninclude "../../outside.res";\ninclude "drbd.conf";\n'
    (etc / "drbd.conf").write_text(text)
    (etc / "drbd.d" / "one.inc").write_text('resource one {\n}\ninclude "../drbd.conf";\n')
    (etc / "drbd.d" / "link.inc").symlink_to(tmp_path / "outside.res")
    found = read(tmp_path / "copy")
    assert found.drbd is not None
    assert [r.value for r in found.drbd.all("resource")] == ["one"]
    assert [(f.code, str(f.where)) for f in found.findings] == [
        ("include-missing", "etc/drbd.conf:2:1"),
        ("include-missing", "etc/drbd.conf:3:1"),
    ]


def test_what_keepalived_includes_is_part_of_it_and_no_node_of_its_own() -> None:
    found = of(
        {
            "etc/keepalived/keepalived.conf": b"include conf.d/*.conf\ninclude gone.conf\n",
            "etc/keepalived/conf.d/vip.conf": KEEPALIVED,
        }
    )
    (tree,) = found.keepalived
    assert tree.text("vrrp_instance", "state") == "BACKUP"
    assert [f.code for f in found.findings] == ["include-missing"]


def test_one_keepalived_tree_per_node() -> None:
    found = of({"keepalived/b.conf": KEEPALIVED, "keepalived/a.conf": KEEPALIVED})
    assert [t.where.file for t in found.keepalived] == ["keepalived/a.conf", "keepalived/b.conf"]


def test_a_mistake_in_a_file_is_a_finding_of_lint_and_the_rest_is_read() -> None:
    found = of({"corosync.conf": b"totem {\n  x\n}\n", "drbd/r.res": b"\xff", "cib.xml": b"<cib"})
    codes = [(f.code, str(f.where)) for f in found.findings]
    assert ("syntax", "corosync.conf:2:3") in codes
    assert ("not-utf8", "drbd/r.res:1:1") in codes
    assert ("syntax", "cib.xml:1:1") in codes
    assert set(found.findings) <= set(lint(found))


def test_a_folder_is_read_with_modes_and_one_file_alone_too(tmp_path: Path) -> None:
    key = tmp_path / "corosync" / "authkey"
    key.parent.mkdir()
    key.write_bytes(b"\0" * 128)
    key.chmod(0o640)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "corosync.conf").write_bytes(COROSYNC)
    found = read(tmp_path)
    assert found.modes == {"corosync/authkey": 0o640}
    assert [(f.kind, f.size) for f in found.files] == [("corosync-authkey", 128)]
    alone = tmp_path / "corosync.conf"
    alone.write_bytes(COROSYNC)
    assert read(alone).nodes() == ("alice",)
    assert read(alone).corosync.where.file == "corosync.conf"


def test_what_is_not_there_is_refused_and_pipes_and_loops_are_passed_by(tmp_path: Path) -> None:
    import os

    with pytest.raises(EvaluationError, match="unreadable-file"):
        read(tmp_path / "absent")
    os.mkfifo(tmp_path / "corosync.conf")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling.res").symlink_to(tmp_path / "nowhere")
    assert read(tmp_path).files == ()


def test_a_manifest_that_is_no_json_is_a_finding() -> None:
    found = of({"manifest.json": b"[" * 100_000, "corosync.conf": COROSYNC})
    assert found.manifest is None
    assert [f.code for f in found.findings] == ["syntax"]
    assert of({"manifest.json": b'{"files": []}'}).manifest == {"files": []}


def test_a_declaration_that_is_none_is_told_at_its_place() -> None:
    found = of({"cluster.yml": b"id: x\nfoo: 1\n"})
    assert found.declaration is None
    assert ("unknown-key", "cluster.yml:2:1") in [(f.code, str(f.where)) for f in found.findings]


def test_an_accepted_risk_is_told_as_information() -> None:
    from types import SimpleNamespace

    cib = b'<cib><configuration><crm_config><cluster_property_set id="s"><nvpair id="n" name="stonith-enabled" value="false"/></cluster_property_set></crm_config></configuration></cib>'  # noqa: E501
    configuration = of({"cib.xml": cib})
    (told,) = [f for f in lint(configuration) if f.code == "fencing-enabled"]
    assert told.severity is Severity.ERROR
    accepting = SimpleNamespace(accepted=["fencing-enabled"])
    from dataclasses import replace

    (told,) = [
        f
        for f in lint(replace(configuration, declaration=accepting))
        if f.code == "fencing-enabled"
    ]
    assert told.severity is Severity.INFO
    assert "accepted" in told.message
