"""Two bare nodes and a witness become a serving, fenced, quorate cluster, and stay one.

The tests of this module go on one after the other in one laboratory.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from .conftest import declaration
from .seat import (
    CHECKOUT,
    NODES,
    PASSWORDS,
    Seat,
    changed,
    eventually,
    laboratory,
    longest_gap,
    tried,
)
from .test_damage import DAMAGES

pytestmark = pytest.mark.xdist_group("pacemaker")

VIP = "198.51.100.20"
LOCK = "/run/floss-evaluator/lock"
BACKUP = "/var/lib/floss-evaluator/backup"
FAULT = "/run/systemd/system/nftables.service.d/fault.conf"
"""A packet filter that cannot be loaded, until the next boot."""


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    lab = laboratory(declaration())
    if missing := lab.missing():
        pytest.skip("; ".join(str(finding) for finding in missing))
    with lab:
        lab.start()
        yield Seat(lab, tmp_path_factory.mktemp("pacemaker"))


@pytest.fixture(scope="module")
def bundle(seat: Seat) -> Path:
    return seat.bundle(declaration())


def serves(seat: Seat) -> bool:
    """Whether a client gets the service's page."""
    return "zcs" in seat.lab.client("curl", "-sS", "-m", "5", f"http://{VIP}/").stdout


def stickiness(seat: Seat, *change: str) -> str:
    """Ask for a value in the CIB that stops nothing, or set it."""
    words = change or ("--query", "--quiet")
    name = ("--type", "rsc_defaults", "--name", "resource-stickiness")
    return seat.run("zcs1", "crm_attribute", *name, *words).strip()


def resources(seat: Seat, node: str = "zcs1") -> str:
    return seat.run(node, "crm_mon", "-1")


def holder(seat: Seat) -> str:
    """The node that runs the service, '' for none."""
    match = re.search(r"service-zcs\s.*Started (\S+)", resources(seat))
    return match[1] if match else ""


def test_a_plan_for_bare_nodes_tells_everything_and_changes_nothing(
    seat: Seat, bundle: Path
) -> None:
    changes = seat.planned(bundle)
    assert {change["node"] for change in changes} == {"zcs1", "zcs2", "witness"}
    assert any("corosync.conf" in change["task"] + change["diff"] for change in changes)
    for node in (*NODES, "witness"):
        for path in ("/etc/corosync", "/etc/haproxy", "/var/lib/floss-evaluator"):
            assert seat.lab.node(node).run("test", "-e", path).returncode == 1


def test_apply_ends_with_a_cluster_that_serves(seat: Seat, bundle: Path) -> None:
    done = seat.deploy("apply", bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) > 0
    answer = seat.lab.client("curl", "-sS", "-m", "5", f"http://{VIP}/").stdout
    assert "zcs" in answer
    quorum = quorate(seat)
    assert re.search(r"Quorate:\s+Yes", quorum)
    assert re.search(r"Total votes:\s+3", quorum)
    assert "Qdevice" in quorum
    state = resources(seat)
    assert "Online: [ zcs1 zcs2 ]" in state
    assert len(re.findall(r"fence-zcs\d\s.*Started", state)) == 2


def quorate(seat: Seat) -> str:
    return seat.lab.node("zcs1").run("corosync-quorumtool", "-s").stdout


def test_applied_again_nothing_changes_and_the_plan_is_empty(seat: Seat, bundle: Path) -> None:
    done = seat.deploy("apply", bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == 0
    assert seat.planned(bundle) == []


def test_verify_holds_it_against_its_model(seat: Seat, bundle: Path) -> None:
    passive = next(node for node in NODES if node != holder(seat))
    seat.run(passive, "crm_standby", "-v", "on", "-N", passive)
    for damage in DAMAGES:
        seat.run(damage.node, "sh", "-c", damage.make)
    try:
        done = seat.deploy("verify", bundle)
    finally:
        for damage in reversed(DAMAGES):
            seat.run(damage.node, "sh", "-c", damage.undo)
        seat.run(passive, "crm_standby", "-D", "-N", passive)
    assert done.returncode == 4
    found = done.stderr.splitlines()
    assert any("[node-standby]" in line and passive in line for line in found), done.stderr
    for damage in DAMAGES:
        assert any(f"[{damage.code}]" in line and damage.says in line for line in found), (
            damage.name,
            done.stderr,
        )
    eventually(lambda: "Online: [ zcs1 zcs2 ]" in resources(seat), 20)
    done = seat.deploy("verify", bundle)
    assert done.returncode == 0, done.stdout + done.stderr


def test_secrets_are_only_where_they_belong(seat: Seat, bundle: Path) -> None:
    for node in NODES:
        modes = seat.run(
            node, "stat", "-c", "%a %U %s %n", "/etc/corosync/authkey", "/etc/cluster-secrets"
        )
        assert re.search(r"^400 root 256 /etc/corosync/authkey$", modes, re.MULTILINE)
        assert re.search(r"^700 root \d+ /etc/cluster-secrets$", modes, re.MULTILINE)
        for password in PASSWORDS.values():
            where = seat.lab.node(node).run(
                *("grep", "-rlF", password, "/etc", "/var", "/root", "/tmp", "/run")  # noqa: S108
            )
            assert set(where.stdout.split()) <= {
                f"/etc/cluster-secrets/{device}" for device in PASSWORDS
            }
            journal = seat.run(node, "journalctl", "--no-pager", "-q")
            assert password not in journal
            processes = seat.run(node, "ps", "-eo", "args")
            assert password not in processes
    key = seat.lab.node("zcs1").run("base64", "-w0", "/etc/corosync/authkey").stdout
    log = (seat.folder / "log").read_text()
    for secret in (*PASSWORDS.values(), key[:40]):
        assert secret not in log
        for file in bundle.rglob("*"):
            assert file.is_dir() or secret.encode() not in file.read_bytes()


def test_fencing_switches_a_real_node_off_and_it_comes_back(seat: Seat, bundle: Path) -> None:
    service = holder(seat)
    passive = next(node for node in NODES if node != service)
    seat.run(service, "stonith_admin", "--reboot", passive, "--tag", "test")
    cut = [e for e in seat.lab.power_log() if e["from"] == f"bmc-{passive}" and e["node"]]
    assert cut, seat.lab.power_log()

    def told() -> str:
        journal = seat.lab.node(passive).run("journalctl", "-b", "--no-pager", "-q", "-n", "300")
        return f"{resources(seat, service)}\n{journal.stdout}{journal.stderr}"

    # it has no power for longer than the others need to notice: who is online then is back
    took = eventually(lambda: seat.lab.node(passive).state() == "on", 60)
    took += eventually(lambda: "Online: [ zcs1 zcs2 ]" in resources(seat, service), 120, told)
    started = re.compile(r"fence-zcs\d\s.*Started")
    took += eventually(lambda: len(started.findall(resources(seat, service))) == 2, 60, told)
    print(f"switched off and back in {took:.1f} s")
    assert holder(seat) == service


def test_drift_is_shown_by_plan_and_mended_by_apply(seat: Seat, bundle: Path) -> None:
    seat.run("zcs2", "sed", "-i", "s/retries 3/retries 7/", "/etc/haproxy/haproxy.cfg")
    declared = stickiness(seat)
    stickiness(seat, "--update", "77")
    changes = seat.planned(bundle)
    text = "".join(change["diff"] for change in changes)
    assert "retries 7" in text
    assert "resource-stickiness" in text
    assert {c["node"] for c in changes if "retries 7" in c["diff"]} == {"zcs2"}
    done = seat.deploy("apply", bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == len(changes)
    assert "retries 3" in seat.run("zcs2", "cat", "/etc/haproxy/haproxy.cfg")
    # what was saved for a rollback holds the passwords no longer than they changed
    for node in NODES:
        backup = seat.run(node, "find", BACKUP, "-type", "f", "-printf", "%m %u %f\\n")
        assert "state.json" in backup
        assert {line.split()[0:2] == ["600", "root"] for line in backup.splitlines()} == {True}
        assert "authkey" not in backup
        assert "cluster-secrets" not in backup
    assert stickiness(seat) == declared


def test_rollback_of_mended_drift_undoes_that_and_no_more(seat: Seat, bundle: Path) -> None:
    kept = ("/etc/corosync/corosync.conf", "/etc/corosync/authkey", "/etc/nftables.conf")
    before = {node: seat.run(node, "md5sum", *kept) for node in NODES}
    carries, declared = holder(seat), stickiness(seat)
    done = seat.deploy("rollback", bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "retries 7" in seat.run("zcs2", "cat", "/etc/haproxy/haproxy.cfg")
    assert "retries 3" in seat.run("zcs1", "cat", "/etc/haproxy/haproxy.cfg")
    assert before == {node: seat.run(node, "md5sum", *kept) for node in NODES}
    assert seat.run("witness", "systemctl", "is-active", "corosync-qnetd", "nftables")
    assert stickiness(seat) == "77"
    assert holder(seat) == carries
    assert serves(seat)
    seat.run("zcs2", "sed", "-i", "s/retries 7/retries 3/", "/etc/haproxy/haproxy.cfg")
    stickiness(seat, "--update", declared)


def test_a_rolling_update_keeps_the_service_answering(seat: Seat, bundle: Path) -> None:
    with seat.probing(VIP, 80) as answers:
        done = seat.deploy("rolling-update", bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    gap = longest_gap(answers)
    print(f"rolling update: {seat.seconds['rolling-update']:.0f} s, longest gap {gap:.2f} s")
    assert gap < 20
    assert {node for _, good, node in answers if good} == set(NODES)


def test_the_running_cluster_is_exported_and_renders_the_same_bytes(
    seat: Seat, bundle: Path
) -> None:
    done = seat.deploy("export", bundle, "--out", str(seat.folder / "export"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not-expressible" not in done.stderr
    again = seat.folder / "again"
    subprocess.run(
        [
            *(sys.executable, "-m", "evaluator", "bundle", "--out", str(again)),
            *("--cluster", str(seat.folder / "export" / "cluster.yml")),
        ],
        cwd=CHECKOUT,
        check=True,
        timeout=60,
        capture_output=True,
    )
    for file in sorted(p.relative_to(bundle) for p in bundle.rglob("*") if p.is_file()):
        assert (again / file).read_bytes() == (bundle / file).read_bytes(), file


def test_a_node_of_another_cluster_is_refused_before_anything_is_touched(seat: Seat) -> None:
    def renamed(words: dict[str, Any]) -> None:
        words["id"] = "another"

    before = {n: seat.run(n, "md5sum", "/etc/corosync/corosync.conf", "/etc/hosts") for n in NODES}
    other = seat.bundle(declaration("pacemaker", renamed), "another")
    done = seat.deploy("plan", other)
    assert done.returncode == 4
    assert "node-in-another-cluster" in done.stderr
    assert before == {
        n: seat.run(n, "md5sum", "/etc/corosync/corosync.conf", "/etc/hosts") for n in NODES
    }


def test_another_debian_is_refused(seat: Seat, bundle: Path) -> None:
    seat.run("zcs2", "sed", "-i", 's/^VERSION_ID=.*/VERSION_ID="11"/', "/usr/lib/os-release")
    done = seat.deploy("plan", bundle)
    seat.run("zcs2", "sed", "-i", 's/^VERSION_ID=.*/VERSION_ID="12"/', "/usr/lib/os-release")
    assert done.returncode == 4
    assert "operating-system" in done.stderr
    assert "zcs2" in done.stderr


def test_a_power_cut_loses_no_mail_and_never_do_two_nodes_serve(seat: Seat) -> None:
    done = tried(seat, "power-cut-active")
    o = done.observation
    print(f"power cut: {o.outage:.1f} s, {o.held.acknowledged} mails, fenced {o.fenced}")
    # other tests keep this machine busy: it may miss a second, which a record would have to say
    assert not [f for f in done.findings if f.code != "not-watched"], done.findings
    assert o.held.acknowledged > 0


def more(words: dict[str, Any]) -> None:
    """Another token, and one public port more."""
    words["timing"]["token_ms"] = 4000
    endpoint = {"name": "submission", "port": 587, "backend_port": 2525, "mode": "tcp"}
    words["services"][0]["endpoints"].append({**endpoint, "proxy_protocol": True})


def token(seat: Seat, node: str) -> str:
    """The token of the running transport."""
    return seat.run(node, "corosync-cmapctl", "-g", "runtime.config.totem.token").split()[-1]


@contextmanager
def applying(seat: Seat, bundle: Path, node: str) -> Iterator[Future[CompletedProcess[str]]]:
    """An apply that has just locked a node."""
    for each in (*NODES, "witness"):
        seat.run(each, "rm", "-f", LOCK)
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(seat.deploy, "apply", bundle)
        eventually(lambda: seat.lab.node(node).run("test", "-e", LOCK).returncode == 0, 60)
        yield going


@pytest.fixture(scope="module")
def other(seat: Seat) -> Path:
    """A bundle that differs from the one that was built."""
    return seat.bundle(declaration("pacemaker", more), "other")


def test_a_node_lost_half_way_stops_the_build(seat: Seat, other: Path) -> None:
    seat.planned(other)
    passive = next(node for node in NODES if node != holder(seat))
    with applying(seat, other, passive) as going:
        seat.lab.cut(passive, "management")
        done = going.result(120)
    assert done.returncode == 4
    assert re.search(rf"{passive}: error \[unreachable\]", done.stderr)
    assert {token(seat, node) for node in NODES} == {"3000"}
    assert serves(seat)
    seat.lab.heal(passive, "management")


def test_a_packet_filter_that_cannot_be_loaded_stops_it_before_the_transport(
    seat: Seat, other: Path
) -> None:
    seat.run("zcs2", "mkdir", "-p", str(Path(FAULT).parent))
    fault = r"printf '[Service]\nExecReload=\nExecReload=/bin/false\n' > " + FAULT
    seat.run("zcs2", "sh", "-c", f"{fault}; systemctl daemon-reload")
    with applying(seat, other, "zcs2") as going:
        refused = seat.deploy("apply", other)
        done = going.result(200)
    seat.run("zcs2", "sh", "-c", f"rm {FAULT}; systemctl daemon-reload")
    assert refused.returncode == 4
    assert "error [cluster-locked]" in refused.stderr
    assert done.returncode == 4
    assert "error [unit-failed]" in done.stderr
    assert "token: 4000" in seat.run("zcs1", "cat", "/etc/corosync/corosync.conf")
    assert token(seat, "zcs1") == "3000"


def test_the_next_build_does_what_was_left_and_rollback_undoes_all(
    seat: Seat, bundle: Path, other: Path
) -> None:
    # a rule set that somebody took away is not what the file says either
    seat.run("witness", "nft", "flush", "ruleset")
    done = seat.deploy("apply", other)
    assert done.returncode == 0, done.stdout + done.stderr
    for node in NODES:
        assert token(seat, node) == "4000"
        assert "587" in seat.run(node, "nft", "list", "table", "inet", "cluster")
    assert "5403" in seat.run("witness", "nft", "list", "table", "inet", "cluster")
    # the stopped runs and the one that ended them are one build
    done = seat.deploy("rollback", other)
    assert done.returncode == 0, done.stdout + done.stderr
    for node in NODES:
        assert "token: 3000" in seat.run(node, "cat", "/etc/corosync/corosync.conf")
        assert token(seat, node) == "3000"
    # what the service's own installer did is not the cluster's to undo
    assert {c["task"] for c in seat.planned(bundle)} <= {"zcs : Install the stand-in here"}
    eventually(lambda: serves(seat), 30)
