"""The fence agent and the controllers that it asks."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest
from lxml import etree

from evaluator.content import content_root
from evaluator.lab import Laboratory
from evaluator.lab.node import FENCE_AGENT

from .conftest import PASSWORD, until

pytestmark = pytest.mark.xdist_group("lab")

AGENT = str(content_root() / FENCE_AGENT)
SECOND = {"ip": "198.51.100.152", "username": "fence", "password": PASSWORD, "plug": "1"}


def fence(laboratory: Laboratory, action: str, **options: str) -> subprocess.CompletedProcess[str]:
    """Ask as Pacemaker does: on the first node, by standard input."""
    given = {**SECOND, "action": action, "nodename": "zcs2", **options}
    lines = "".join(f"{name}={value}\n" for name, value in given.items())
    return laboratory.node("zcs1").run("fence_lab", input=lines)


def agent(*arguments: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, AGENT, *arguments], input=lines, capture_output=True, text=True, timeout=30
    )


def test_metadata_tells_the_cluster_what_it_needs() -> None:
    done = agent("--action", "metadata")
    assert (done.returncode, done.stderr) == (0, "")
    document = etree.fromstring(done.stdout.encode())
    assert document.get("name") == "fence_lab"
    parameters = {p.get("name"): p for p in document.iter("parameter")}
    assert parameters["plug"].get("obsoletes") == "port"
    assert parameters["port"].get("deprecated") == "1"
    assert {name for name, p in parameters.items() if p.get("required") == "1"} == {
        "ip",
        "username",
    }
    actions = {a.get("name") for a in document.iter("action")}
    assert {"on", "off", "reboot", "status", "monitor", "list", "metadata"} <= actions
    assert agent(lines="action=metadata\n").stdout == done.stdout


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("action=off\n", "ip is needed"),
        ("action=off\nip=192.0.2.1\nusername=fence\n", "password or password_script is needed"),
        ("ip=192.0.2.1\nlogin=fence\npasswd=x\n", "plug is needed"),
        ("action=explode\n", "action='explode'"),
        ("action=on\nip=x\nlogin=fence\npasswd=x\nplug=1\npower_timeout=soon\n", "power_timeout"),
        ("action=on\nip=x\nlogin=fence\npasswd=x\nplug=1\nipport=-1\n", "ipport"),
        ("action=monitor\nip=x\nlogin=fence\npassword_script=/nonexistent\n", "/nonexistent"),
    ],
)
def test_what_is_wrong_is_said(lines: str, complaint: str) -> None:
    done = agent(lines=lines)
    assert done.returncode == 1
    assert complaint in done.stderr


def test_options_are_taken_from_the_command_line_too() -> None:
    options = ("-o", "validate-all", "-a", "192.0.2.1", "-l", "fence", "-S", "/etc/password")
    assert agent(*options).returncode == 0
    assert agent("--action=validate-all", "--ip=192.0.2.1").returncode == 1


def test_a_controller_that_does_not_answer_is_a_failure() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        lines = f"action=off\nip=127.0.0.1\nipport={port}\nlogin=a\npasswd=b\nplug=1\n"
        assert agent(lines=lines).returncode == 1
        nobody.listen()  # accepts and says nothing
        done = agent(lines=lines + "shell_timeout=0.3\npower_timeout=0.3\n")
    assert done.returncode == 1
    assert "timed out" in done.stderr


def test_a_node_is_switched_off_and_on(laboratory: Laboratory) -> None:
    node = laboratory.node("zcs2")
    assert fence(laboratory, "status").returncode == 0
    assert fence(laboratory, "off").returncode == 0
    assert node.state() == "off"
    assert laboratory.node("zcs1").run("ping", "-c1", "-W1", "192.0.2.12").returncode != 0
    assert fence(laboratory, "status").returncode == 2
    assert fence(laboratory, "list-status").stdout == "1,,OFF\n"
    assert fence(laboratory, "on").returncode == 0
    assert fence(laboratory, "status").returncode == 0
    node.wait_for_ssh(30)


def test_a_power_cycle_ends_off_first_and_comes_back_after_the_boot_delay(
    laboratory: Laboratory,
) -> None:
    assert fence(laboratory, "reboot").returncode == 0
    assert laboratory.node("zcs2").state() == "off"
    until(lambda: laboratory.node("zcs2").state() == "on")
    log = [e for e in laboratory.power_log() if e["node"] == "zcs2"][-2:]
    assert [(e["from"], e["command"], e["result"]) for e in log] == [
        ("bmc-zcs2", "reboot", "off"),
        ("rack", "on", "on"),
    ]
    assert log[0]["peer"] == "198.51.100.141"
    assert log[1]["time"] - log[0]["time"] >= 0.9 * laboratory.spec.boot_delay
    laboratory.node("zcs2").wait_for_ssh(30)


@pytest.mark.parametrize("command", ["off", "monitor", "list"])
@pytest.mark.parametrize(
    "wrong", [{"password": "x"}, {"password": PASSWORD + "é"}, {"username": "root"}]
)
def test_a_wrong_login_is_refused(
    laboratory: Laboratory, command: str, wrong: dict[str, str]
) -> None:
    done = fence(laboratory, command, **wrong)
    assert (done.returncode, done.stderr) == (1, "fence_lab: login refused\n")
    assert laboratory.node("zcs2").state() == "on"


def test_a_controller_has_its_own_node_only(laboratory: Laboratory) -> None:
    assert "no plug 'zcs1'" in fence(laboratory, "off", plug="zcs1").stderr
    assert fence(laboratory, "list").stdout == "1,,\n"


def test_the_password_may_come_from_a_script(laboratory: Laboratory) -> None:
    script = f"#!/bin/sh\ncat <<'END'\n{PASSWORD}\nEND\n"
    write = ("sh", "-ec", "cat >/etc/secret; chmod 700 /etc/secret")
    assert laboratory.node("zcs1").run(*write, input=script).returncode == 0
    done = fence(laboratory, "monitor", **{"password": "", "password_script": "/etc/secret"})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [b"", b"\n", b"[]\n", b"{}\n", b"\xff\n", b"x" * 9999 + b"\n"])
def test_nonsense_does_not_disturb_a_controller(laboratory: Laboratory, words: bytes) -> None:
    said = (
        "import socket, sys\n"
        "with socket.create_connection(('198.51.100.152', 6230), 5) as controller:\n"
        f"    controller.sendall({words!r}); controller.shutdown(socket.SHUT_WR)\n"
        "    print(controller.makefile().readline())\n"
    )
    done = laboratory.operator(sys.executable, "-c", said, timeout=20)
    assert "error" in json.loads(done.stdout), done.stderr
    assert fence(laboratory, "monitor").returncode == 0
