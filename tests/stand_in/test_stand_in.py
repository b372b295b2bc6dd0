"""The stand-in for the suite and the resource agent over it, on two real nodes with one disk."""

from __future__ import annotations

import base64
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from evaluator.lab import Laboratory, LabSpec

HERE = Path(__file__).parent
DEPLOY = HERE.parents[1] / "deploy"
AGENT = "/usr/lib/ocf/resource.d/netnovation/zcs"
DISK = "/dev/shared0"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
PROBE = "smtp+proxy:127.0.0.1:2525 imaps:127.0.0.1:7993 pop3s:127.0.0.1:7995 https:127.0.0.1:443"
CORE = ["ldap", "antivirus", "mailbox", "mta", "proxy"]
SUCCESS, GENERIC, NOT_RUNNING = 0, 1, 7
# ClamAV and its kin take this text for a virus, by agreement; in two halves, so that they leave
# this file alone
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}" + "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

pytestmark = [
    pytest.mark.xdist_group("stand_in"),
    pytest.mark.skipif(os.geteuid() != 0, reason="the laboratory needs root"),
    pytest.mark.skipif(not PLAYBOOK.exists(), reason="ansible-playbook is missing (ansible-core)"),
]


class Cluster:
    """Two nodes, without a cluster manager: the tests decide where the volume is mounted."""

    def __init__(self, lab: Laboratory, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.active = "zcs1"

    def play(self, *options: str) -> dict[str, int]:
        """Run the role; how many tasks changed something, by node."""
        done = self.lab.operator(
            *(str(PLAYBOOK), "-i", "zcs1,zcs2,", str(HERE / "play.yml")),
            *("-e", f"deploy={DEPLOY}", "-e", "ansible_python_interpreter=/usr/bin/python3"),
            *options,
            env={
                # one connection for a whole run; its socket's path has to be short
                "ANSIBLE_SSH_ARGS": (
                    f"-F {self.lab.ssh_config} -o ControlMaster=auto -o ControlPersist=60s"
                ),
                "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.lab.scratch / "cp"),
                "ANSIBLE_PIPELINING": "True",
                "ANSIBLE_HOME": str(self.folder),
                "ANSIBLE_LOCALHOST_WARNING": "False",
            },
            cwd=self.folder,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        recap = re.findall(r"^(zcs[12]) .* changed=(\d+) ", done.stdout, re.MULTILINE)
        return {node: int(changed) for node, changed in recap}

    def run(self, *argv: str, on: str = "", timeout: float = 60) -> CompletedProcess[str]:
        return self.lab.node(on or self.active).run(*argv, timeout=timeout)

    def must(self, *argv: str, on: str = "", timeout: float = 60) -> str:
        done = self.run(*argv, on=on, timeout=timeout)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout

    def zmcontrol(self, word: str) -> CompletedProcess[str]:
        return self.run("su", "-", "zimbra", "-c", f"zmcontrol {word}")

    def agent(self, action: str, on: str = "", **parameters: str) -> int:
        settings = {"pause": "0", "probe": PROBE, "probe_timeout": "3"} | parameters
        return self.run(
            *("env", "OCF_ROOT=/usr/lib/ocf", "HA_LOGFACILITY=none"),
            *(f"OCF_RESKEY_{name}={value}" for name, value in settings.items()),
            *("timeout", "40", AGENT, action),
            on=on,
        ).returncode

    def mail(self, *argv: str) -> CompletedProcess[str]:
        return self.run("python3", "-c", (HERE / "mail.py").read_text(), *argv)

    def put(self, content: bytes, path: str, on: str) -> None:
        # each argument of a program may have 128 KiB
        text = base64.b64encode(content).decode()
        self.must("sh", "-c", f"echo {text} | base64 -d >{path}", on=on)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    spec = LabSpec(
        networks={"management": "192.0.2.0/26"},
        nodes={f"zcs{i}": {"management": f"192.0.2.{10 + i}"} for i in (1, 2)},
        shared_disk=DISK,
        boot_delay=0.5,
    )
    lab = Laboratory(spec)
    if missing := lab.missing():
        pytest.skip("; ".join(finding.message for finding in missing))
    with lab:
        lab.start()
        made = Cluster(lab, tmp_path_factory.mktemp("ansible"))
        made.must("mkfs.ext4", "-q", DISK)
        made.must("mount", DISK, "/opt")
        for node in ("zcs1", "zcs2"):
            made.must("apt-get", "update", "-qq", on=node)
        # numbers of system groups differ from node to node, by the order of installation
        made.must("sh", "-c", "for i in $(seq 100 120); do groupadd -g $i g$i; done", on="zcs2")
        yield made


@pytest.fixture(scope="module")
def installed(cluster: Cluster) -> dict[str, Any]:
    """What four runs of the role said: a check, two runs, a check."""
    figures = {
        "foreseen": cluster.play("--check"),
        "touched": cluster.run("test", "-e", "/opt/zimbra").returncode == 0,
        "first": cluster.play(),
        "second": cluster.play(),
        "check": cluster.play("--check"),
    }
    for node in ("zcs1", "zcs2"):
        cluster.must(
            *("apt-get", "install", "-y", "-qq", "--no-install-recommends"),
            *("resource-agents", "libxml2-utils", "psmisc"),
            on=node,
        )
    return figures


@pytest.fixture
def running(cluster: Cluster, installed: dict[str, Any]) -> Cluster:
    assert cluster.agent("start") == SUCCESS
    return cluster


def test_the_role_says_what_it_would_do_and_does_it_once(
    cluster: Cluster, installed: dict[str, Any]
) -> None:
    assert not installed["touched"]
    for node in ("zcs1", "zcs2"):
        assert installed["foreseen"][node] > 0
        assert installed["first"][node] > 0
        assert installed["second"][node] == 0
        assert installed["check"][node] == 0
    # below the home only where the volume is
    cluster.must("test", "-x", "/opt/zimbra/bin/zmcontrol", on="zcs1")
    assert cluster.run("test", "-e", "/opt/zimbra", on="zcs2").returncode == 1
    cluster.must("getent", "passwd", "zimbra", on="zcs2")


def test_it_changes_nothing_while_it_runs_and_mends_a_drift(running: Cluster) -> None:
    assert running.play()["zcs1"] == 0
    running.must("sh", "-c", "echo '# by hand' >>/opt/zimbra/conf/nginx.conf")
    running.must("chmod", "0644", "/opt/zimbra/conf/tls/zcs.key")
    assert running.play("--check")["zcs1"] == 1
    running.must("grep", "-q", "by hand", "/opt/zimbra/conf/nginx.conf")
    assert running.play()["zcs1"] == 1
    assert running.run("grep", "-q", "by hand", "/opt/zimbra/conf/nginx.conf").returncode == 1
    assert running.must("stat", "-c", "%a %U", "/opt/zimbra/conf/tls/zcs.key") == "600 zimbra\n"


def test_it_speaks_like_zmcontrol(running: Cluster) -> None:
    status = running.zmcontrol("status")
    assert status.returncode == 0
    lines = status.stdout.splitlines()
    assert lines[0] == "Host zcs1"
    assert [line.split() for line in lines[1:]] == [
        [name, "Running"] for name in [*CORE, "logger", "stats"]
    ]
    assert all(line.startswith("\t") for line in lines[1:])
    assert running.run("/opt/zimbra/bin/zmcontrol", "status").returncode == 1  # not as root
    assert running.zmcontrol("restart-all").returncode == 1


def test_accepted_mail_is_readable(running: Cluster) -> None:
    assert running.mail("send", "by smtp").returncode == 0
    assert running.mail("submit", "by submission").returncode == 0
    found = running.mail("read", "by smtp", "by submission").stdout.split("\n")
    assert {"by smtp", "by submission"} <= set(found)
    assert int(running.mail("count-pop3").stdout) >= 2
    # the address is the one that the proxy told
    log = running.must("cat", "/opt/zimbra/log/mta/mail.log")
    assert "connect from unknown[192.0.2.77]" in log


def test_strangers_get_nothing(running: Cluster) -> None:
    relayed = running.mail("send-to", "somebody@example.org")
    assert relayed.returncode == 1
    assert "Relay access denied" in relayed.stderr
    assert "User unknown" in running.mail("send-to", "nobody@example.net").stderr
    assert "Authentication failed" in running.mail("log-in", "a-wrong-word").stderr


def test_a_virus_is_refused(running: Cluster) -> None:
    refused = running.mail("send", EICAR)
    assert refused.returncode == 1
    assert "Command rejected" in refused.stderr
    assert EICAR not in running.mail("read").stdout


def test_directory_and_page(running: Cluster) -> None:
    name = "uid=test,ou=people,dc=example,dc=net"
    script = f"""
        read -r account password </opt/zimbra/conf/test-account
        ask() {{ ldapsearch -LLL -x -H ldap://127.0.0.1:1389 -b dc=example,dc=net "$@"; }}
        ask -D {name} -w "$password" mail | grep -qx "mail: $account" || exit 11
        ask -D {name} -w wrong mail && exit 12
        ask mail userPassword | grep -q mail: && exit 13
        ask -D {name} -w "$password" userPassword | grep -q userPassword: && exit 14
        exit 0
    """
    running.must("bash", "-c", script)
    assert "stand-in for ZCS on zcs1" in running.mail("page").stdout


def test_secrets_are_closed_and_the_account_gains_nothing(running: Cluster) -> None:
    shown = running.must(
        *("stat", "-c", "%a %U %n", "/opt/zimbra/conf/tls/zcs.key"),
        *("/opt/zimbra/conf/test-account", "/opt/zimbra/conf/accounts"),
    )
    assert [line.split()[:2] for line in shown.splitlines()] == [
        ["600", "zimbra"],
        ["600", "root"],
        ["640", "root"],
    ]
    password = running.must("cat", "/opt/zimbra/conf/test-account").split()[1]
    seen = running.must(
        "sh", "-c", "ps axww -o args; journalctl --no-pager; cat /opt/zimbra/log/*.log"
    )
    assert password not in seen
    for word in ("reload", "start; id", "-c /tmp start", ""):
        refused = running.run(
            *("su", "-", "zimbra", "-c", f"sudo -n /usr/local/sbin/zimbra-mta {word!r}")
        )
        assert refused.returncode != 0
    writable = running.must(
        *(
            "su",
            "-",
            "zimbra",
            "-c",
            "find /opt/zimbra/bin /opt/zimbra/conf /opt/zimbra -maxdepth 1"
            " -writable -not -user zimbra; find /opt/zimbra/conf /opt/zimbra/bin -user zimbra",
        ),
    )
    assert writable.split() == ["/opt/zimbra/conf/tls/zcs.key"]


@pytest.mark.parametrize(
    ("service", "program"),
    [
        ("ldap", "slapd"),
        ("antivirus", "clamd"),
        ("antivirus", "clamav-milter"),
        ("mailbox", "dovecot"),
        ("mta", "master"),
        ("proxy", "nginx"),
    ],
)
def test_one_service_killed_is_a_failure_and_start_mends_it(
    running: Cluster, service: str, program: str
) -> None:
    # the oldest of that name is the one that the others came from
    running.must("pkill", "-KILL", "--oldest", "--exact", program)
    status = running.zmcontrol("status")
    assert status.returncode == 1
    assert f"\t{service:<24}Stopped" in status.stdout
    assert status.stdout.count("Stopped") == 1
    assert running.agent("monitor", probe="") == GENERIC
    assert running.agent("start") == SUCCESS
    assert running.zmcontrol("status").returncode == 0


def test_an_auxiliary_service_does_not_count(running: Cluster) -> None:
    running.must("pkill", "-KILL", "--exact", "stats")
    assert running.zmcontrol("status").returncode == 1
    assert running.agent("monitor") == SUCCESS
    assert running.agent("monitor", ignore="") == GENERIC
    assert running.zmcontrol("start").returncode == 0


@pytest.mark.parametrize("pattern", ["^nginx: worker", "^dovecot/imap-login", "^smtpd "])
def test_a_service_that_runs_and_does_not_answer_is_a_failure(
    running: Cluster, pattern: str
) -> None:
    running.mail("send", "wakes an smtpd")
    running.must("pkill", "-STOP", "--full", pattern)
    try:
        assert running.zmcontrol("status").returncode == 0
        assert running.agent("monitor", probe="") == SUCCESS
        assert running.agent("monitor") == GENERIC
    finally:
        running.must("pkill", "-CONT", "--full", pattern)
    assert running.agent("monitor") == SUCCESS


def test_nothing_is_left_after_a_stop(running: Cluster) -> None:
    assert running.agent("stop") == SUCCESS
    assert running.agent("monitor") == NOT_RUNNING
    # the "sleep" of a shell that was killed may be left; it keeps nothing open on the volume
    left = running.run("pgrep", "--list-name", "-u", "zimbra").stdout.split()[1::2]
    assert set(left) <= {"sleep"}
    running.must("umount", "/opt")
    assert running.agent("status") == NOT_RUNNING
    assert running.agent("stop") == SUCCESS
    running.must("mount", DISK, "/opt")


def test_ocf_tester(running: Cluster) -> None:
    done = running.run(
        *("env", "OCF_ROOT=/usr/lib/ocf", "HA_LOGFACILITY=none"),
        *("ocf-tester", "-n", "zcs", "-o", "pause=0", "-o", f"probe={PROBE}", AGENT),
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed all tests" in done.stdout


def test_ocft(running: Cluster) -> None:
    cases = (DEPLOY / "resource-agents/ocft/zcs").read_bytes()
    running.put(cases, "/usr/share/resource-agents/ocft/configs/zcs", on=running.active)
    running.must(
        "sh", "-c", "cd / && mkdir -p /var/lib/resource-agents/ocft/cases && ocft make zcs"
    )
    done = running.run("sh", "-c", "cd / && ocft test -v zcs </dev/null", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    # it says 0 also when it ran nothing
    assert done.stdout.count("Starting") == cases.count(b"\nCASE ")
    assert "FAILED" not in done.stdout


def test_after_a_power_cut_the_other_node_has_the_accepted_mail(running: Cluster) -> None:
    assert running.mail("send", *(f"before the cut {i}" for i in range(20))).returncode == 0
    running.lab.node("zcs1").kill()
    running.active = "zcs2"
    running.must("mount", DISK, "/opt")
    assert running.must("stat", "-c", "%g", "/opt/zimbra/data/postfix/queue/public") != (
        running.must("sh", "-c", "getent group postdrop | cut -d: -f3")
    )
    # the PID files of the first node are there, and their numbers mean others here
    assert running.must("sh", "-c", "ls /opt/zimbra/run/*.pid /opt/zimbra/run/*/*.pid")
    running.must(
        "sh", "-c", "for f in /opt/zimbra/run/*.pid /opt/zimbra/run/*/*.pid; do echo 1 >$f; done"
    )
    assert running.agent("monitor") == NOT_RUNNING
    # cut off while it delivered: the lock is the first node's, and nobody here can ask it
    lock = "/opt/zimbra/data/mail/test/Maildir/dovecot-uidlist.lock"
    running.must("sh", "-c", f"echo 4711:zcs1 >{lock}; chown zimbra: {lock}")
    began = time.monotonic()
    assert running.agent("start") == SUCCESS
    assert time.monotonic() - began < 10
    read = running.mail("read", *(f"before the cut {i}" for i in range(20)))
    found = read.stdout.split("\n")
    assert {f"before the cut {i}" for i in range(20)} <= set(found), read.stderr
    assert "stand-in for ZCS on zcs2" in running.mail("page").stdout
    assert running.mail("send", "after the cut").returncode == 0
    assert "after the cut" in running.mail("read", "after the cut").stdout
    # and back: the first node returns, its own files are still right
    running.lab.node("zcs1").start()
    running.lab.node("zcs1").wait_for_ssh(60)
    assert running.agent("stop") == SUCCESS
    running.must("umount", "/opt")
    running.active = "zcs1"
    running.must("mount", DISK, "/opt")
    assert running.agent("start") == SUCCESS
    assert "after the cut" in running.mail("read", "after the cut").stdout
    assert running.play() == {"zcs1": 0, "zcs2": 0}
