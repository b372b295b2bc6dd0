"""Every stock validator: silent about what is good, and its words carried over to their line."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluator.bundle import write
from evaluator.cli import app
from evaluator.findings import EvaluationError, Finding, Severity
from evaluator.programs import SYSTEM_PATH, installed
from evaluator.validate import all_validators, validate
from tests.simulate.conftest import made

GOOD = Path(__file__).parent / "good"
PATH = f"{Path(sys.executable).parent}:{SYSTEM_PATH}"
VALIDATORS = {v.tool: v for v in all_validators()}


def ask(tool: str, folder: Path) -> tuple[Finding, ...]:
    """What one validator says; the test is left out where it is not installed."""
    found = validate(folder, path=PATH, validators=[VALIDATORS[tool]])
    for absent in found.absent:
        pytest.skip(f"{absent.tool} cannot be asked (Debian package {absent.package})")
    (ran,) = found.ran
    assert ran.version
    return found.findings


@pytest.mark.parametrize("tool", VALIDATORS)
def test_what_is_good_is_left_in_peace(tool: str) -> None:
    assert ask(tool, GOOD) == ()


@pytest.mark.parametrize(
    ("tool", "file", "old", "new", "line", "says"),
    [
        ("haproxy", "haproxy/haproxy.cfg", "default_backend", "default_backed", 12, "unknown key"),
        ("haproxy", "haproxy/haproxy.cfg", "end imaps\n    s", "end pop\n    s", 10, "imaps"),
        ("haproxy", "haproxy/haproxy.cfg", "127.0.0.1:7993", "192.0.2.312:80", 15, "192.0.2.312"),
        ("drbdadm", "drbd/data.res", "fencing r", "fenceing r", 4, "but got 'fenceing'"),
        ("drbdadm", "drbd/data.res", "address ipv4 192.0.2.140:7789;", "", 12, "'address' keyword"),
        ("drbdadm", "drbd/global_common.conf", "protocol C", "protocol D", 6, "protocol 'D'"),
        ("corosync", "corosync/corosync.conf", "aes256", "aes257", 5, "Invalid cipher type"),
        ("corosync", "corosync/corosync.conf", "token: 3000", "token: 3x", 7, "integer"),
        ("corosync", "corosync/corosync.conf", "192.0.2.12\n", "192.0.2.312\n", 20, "192.0.2.312"),
        ("corosync", "corosync/corosync.conf", "nodeid: 2", "nodeid: 1", 0, "twice"),
        ("corosync", "corosync/corosync.conf", "quorum {", "quorum", 25, "not opening"),
        ("crm_verify", "pacemaker/cib.xml", '"Mandatory"', '"Maybe"', 42, "Invalid attribute kind"),
        ("crm_verify", "pacemaker/cib.xml", 'with-rsc="zcs"', 'with-rsc="zc"', 43, "unknown ID"),
        ("crm_verify", "pacemaker/cib.xml", 'value="stop"', 'value="some"', 6, "no-quorum-policy"),
        ("crm_verify", "pacemaker/cib.xml", "</cib>", "</cab>", 47, "mismatch"),
        ("crm_verify", "pacemaker/cib.xml", 'op id="zcs-stop" name="stop" interval="0s"',
         'op id="zcs-stop" name="monitor" interval="60s"', 30, "duplicate"),
        ("crm", "pacemaker/cib.xml", 'name="ip" value="198.51.100.20"', 'name="ipp" value="x"', 16,
         'parameter "ipp" is not known'),
        ("crm", "pacemaker/cib.xml", 'name="user"', 'name="usr"', 25, 'parameter "usr"'),
        ("crm", "pacemaker/cib.xml", '"IPaddr2"', '"IPadr2"', 14, "no agent ocf:heartbeat:IPadr2"),
        ("crm", "pacemaker/cib.xml", 'type="zcs"', 'type="zmc"', 23, "ocf:netnovation:zmc"),
        ("keepalived", "keepalived/a1.conf", "interval 2", "intervall 2", 9, "'intervall'"),
        ("keepalived", "keepalived/a1.conf", "id 51", "id 300", 15, "'300' outside range"),
        ("keepalived", "keepalived/a1.conf", "100.20/25 dev", "100.300/25 dev", 23, "invalid IP"),
        ("nft", "nftables/a1.nft", "iif lo accept", "iif lo acept", 8, "syntax error"),
        ("nft", "nftables/a1.nft", "type filter hook input", "type nat hook inputs", 6, "hook"),
        ("ansible", "ansible/inventory.yml", "  children:", "children", 4, "YAML"),
        ("ansible", "ansible/group_vars/all.yml", "pier", "[pier\na: b", 0, "YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_line(
    tmp_path: Path, tool: str, file: str, old: str, new: str, line: int, says: str
) -> None:
    folder = tmp_path / "a folder"
    shutil.copytree(GOOD, folder)
    text = (folder / file).read_text()
    assert text.count(old) >= 1
    (folder / file).write_text(text.replace(old, new, 1))
    found = [f for f in ask(tool, folder) if f.severity is Severity.ERROR]
    told = [(f.where and f.where.line, f.message) for f in found]
    assert any(at == line and says in message for at, message in told), told
    assert all(f.code == f"validate-{tool}" and f.source == tool for f in found)
    if tool != "ansible":  # it reads the variables on behalf of the inventory
        assert {f.where.file for f in found if f.where} == {file}


def test_an_agent_of_somebody_else_is_named_as_unchecked(tmp_path: Path) -> None:
    cib = (GOOD / "pacemaker/cib.xml").read_text()
    (tmp_path / "cib.xml").write_text(cib.replace('provider="netnovation"', 'provider="elsewhere"'))
    (found,) = ask("crm", tmp_path)
    assert found.severity is Severity.INFO
    assert "ocf:elsewhere:zcs is not installed here" in found.message


@pytest.mark.parametrize(
    ("agent", "severity", "says"),
    [
        ("fence_apcc", Severity.ERROR, "there is no fence agent fence_apcc"),
        ("fence_acme", Severity.WARNING, "though Debian's fence agents are"),
        ("fence_ilo7", Severity.WARNING, "fence_ilo7 is not installed here"),
    ],
)
def test_a_fence_agent_that_is_not_here_is_told(
    tmp_path: Path, agent: str, severity: Severity, says: str
) -> None:
    if installed("fence_ipmilan") is None:
        pytest.skip("fence_ipmilan is missing (Debian package fence-agents)")
    cib = (GOOD / "pacemaker/cib.xml").read_text()
    device = f'<primitive id="fence" class="stonith" type="{agent}"/>'
    assert "<resources>" in cib
    (tmp_path / "cib.xml").write_text(cib.replace("<resources>", f"<resources>\n{device}", 1))
    (found,) = [f for f in ask("crm", tmp_path) if agent in f.message]
    line = 1 + cib[: cib.index("<resources>")].count("\n") + 1
    assert (found.severity, found.where and found.where.line) == (severity, line)
    assert says in found.message
    assert found.remedy


def test_host_names_in_the_node_list_are_resolved_on_the_nodes(tmp_path: Path) -> None:
    text = (GOOD / "corosync/corosync.conf").read_text()
    text = text.replace("192.0.2.12\n", "a2.example.org\n").replace("2001:db8::12", "a2-b")
    assert "a2-b" in text
    (tmp_path / "corosync.conf").write_text(text)
    assert ask("corosync", tmp_path) == ()


def test_files_that_are_only_on_the_node_are_no_error(tmp_path: Path) -> None:
    text = (GOOD / "haproxy/haproxy.cfg").read_text()
    added = (
        "\nlisten other\n    mode tcp\n    bind 127.0.0.1:8443 ssl crt /nowhere/mail.pem\n"
        "    server one mail.invalid:443 ssl ca-file /nowhere/ca.pem\n"
    )
    (tmp_path / "haproxy.cfg").write_text(text + added)
    found = ask("haproxy", tmp_path)
    assert {f.severity for f in found} == {Severity.INFO}
    assert any("/nowhere/mail.pem" in f.message for f in found)


def test_a_script_that_is_only_on_the_node_is_no_error(tmp_path: Path) -> None:
    text = (GOOD / "keepalived/a1.conf").read_text()
    (tmp_path / "keepalived.conf").write_text(text.replace("/usr/bin/true", "/nowhere/check run"))
    assert {f.severity for f in ask("keepalived", tmp_path)} == {Severity.INFO}


def test_corosync_writes_no_log_of_this_machine(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    text = (GOOD / "corosync/corosync.conf").read_text()
    (tmp_path / "corosync.conf").write_text(
        text.replace("/var/log/corosync/corosync.log", str(log))
    )
    assert ask("corosync", tmp_path) == ()
    assert not log.exists()


def test_drbd_9_is_read_in_its_own_dialect(tmp_path: Path) -> None:
    text = (GOOD / "drbd/data.res").read_text()
    newer = text.replace("fencing resource-and-stonith;", "")
    newer = newer.replace("resource data {", "resource data {\n options { quorum majority; }")
    for number, name in ((1, "a1"), (2, "a2")):
        newer = newer.replace(f"on {name} {{", f"on {name} {{\n node-id {number};")
    (tmp_path / "data.res").write_text(newer)
    assert ask("drbdadm", tmp_path) == ()


def test_drbd_9_is_known_without_node_ids(tmp_path: Path) -> None:
    text = (GOOD / "drbd/data.res").read_text().replace("fencing resource-and-stonith;", "")
    net = "net {\n fencing resource-and-stonith;\n }"
    newer = text.replace("resource data {", f"resource data {{\n {net}", 1)
    (tmp_path / "data.res").write_text(newer)
    assert ask("drbdadm", tmp_path) == ()


def test_a_cib_of_a_newer_pacemaker_without_status_is_looked_at_too(tmp_path: Path) -> None:
    text = (GOOD / "pacemaker/cib.xml").read_text()
    text = text.replace("<status/>", "").replace('"3.16.1"', '"3.19.0"')
    assert "3.19.0" in text
    (tmp_path / "cib.xml").write_text(text)
    assert ask("crm_verify", tmp_path) == ()


@pytest.mark.parametrize("variant", ["witness", "keepalived"])
def test_our_own_bundles_pass_them_all(variant: str, tmp_path: Path) -> None:
    bundle = write(made(variant), tmp_path / "bundle")
    found = validate(bundle, path=PATH)
    assert [f for f in found.findings if f.severity is not Severity.INFO] == []
    asked = {each.tool for each in (*found.ran, *found.absent)}
    assert asked >= {"haproxy", "nft", "ansible"}
    assert ("crm_verify" in asked) is (variant == "witness")
    assert ("keepalived" in asked) is (variant == "keepalived")


def test_the_command_tells_findings_with_exit_code_1(tmp_path: Path) -> None:
    if shutil.which("haproxy", path=SYSTEM_PATH) is None:
        pytest.skip("haproxy is missing (Debian package haproxy)")
    text = (GOOD / "haproxy/haproxy.cfg").read_text()
    file = tmp_path / "haproxy.cfg"
    file.write_text(text)
    assert CliRunner().invoke(app, ["validate", str(file)]).exit_code == 0
    file.write_text(text.replace("default_backend", "default_backed"))
    done = CliRunner().invoke(app, ["validate", str(file)])
    assert done.exit_code == 1
    assert f"{file}:12:1: error [validate-haproxy] unknown keyword" in done.stdout
    done = CliRunner().invoke(app, ["validate", str(file), "--format", "json"])
    assert json.loads(done.stdout)["findings"][0]["line"] == 12
    done = CliRunner().invoke(app, ["validate", str(file), "--format", "sarif"])
    (told,) = json.loads(done.stdout)["runs"][0]["results"]
    assert (told["ruleId"], told["level"]) == ("validate-haproxy", "error")
    place = told["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == file.as_uri()
    assert place["region"]["startLine"] == 12


def test_a_folder_that_no_validator_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.md").write_text("Dear all\n")
    done = CliRunner().invoke(app, ["validate", str(tmp_path)])
    assert isinstance(done.exception, EvaluationError)
    assert [f.code for f in done.exception.findings] == ["nothing-to-validate"]
