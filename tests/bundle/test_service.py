"""The script between keepalived or Heartbeat and the service, run for real over stand-in programs.

The stand-ins are as small as what the script asks of them; what they are told they write down, and
what is up they keep as a file.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluator.bundle import Bundle

from .conftest import TOOLS, text

AGENT = """\
echo "agent $OCF_RESOURCE_INSTANCE $OCF_RESKEY_user $1" >>"$LOG"
case $1 in
    start) sleep "$(cat "$UP/slow" 2>/dev/null || echo 0)"; : >"$UP/service" ;;
    stop) rm -f "$UP/service" ;;
    monitor)
        [ ! -e "$UP/half" ] || exit 1
        [ -e "$UP/service" ] || exit 7 ;;
esac
"""
PROGRAMS = {
    "systemctl": """\
echo "systemctl $*" >>"$LOG"
unit=$(eval echo "\\${$#}")
case "$*" in *--quiet*) exec >/dev/null ;; esac
case $1 in
    start) : >"$UP/$unit" ;;
    stop) rm -f "$UP/$unit" ;;
    is-active)
        if [ -e "$UP/failed-$unit" ]; then echo failed; exit 3; fi
        if [ -e "$UP/$unit" ]; then echo active; else echo inactive; exit 3; fi ;;
esac
""",
    "drbdadm": """\
echo "drbdadm $*" >>"$LOG"
case $1 in
    primary) [ ! -e "$UP/refused" ] || exit 17; : >"$UP/primary" ;;
    secondary) rm -f "$UP/primary" ;;
    role) if [ -e "$UP/primary" ]; then echo Primary/Secondary; else echo Secondary/Primary; fi ;;
    dstate) cat "$UP/dstate" 2>/dev/null || echo UpToDate/UpToDate ;;
esac
""",
    "mount": 'echo "mount $*" >>"$LOG"; : >"$UP/mounted"\n',
    "umount": 'echo "umount $*" >>"$LOG"; [ ! -e "$UP/busy" ] || exit 32; rm -f "$UP/mounted"\n',
    "mountpoint": '[ -e "$UP/mounted" ]\n',
    "fuser": 'echo "fuser $*" >>"$LOG"\n',
    "logger": 'echo "logger $*" >>"$LOG"\n',
    "ping": 'case " $(cat "$UP/answers" 2>/dev/null) " in *" $5 "*) ;; *) exit 1 ;; esac\n',
    "uname": "echo zcs1\n",
}


class Node:
    """A folder in which the script believes that it is on a node."""

    def __init__(self, folder: Path, bundle: Bundle) -> None:
        self.folder, self.up, self.log = folder, folder / "up", folder / "log"
        programs = folder / "bin"
        for made in (self.up, programs, folder / "run", folder / "ocf"):
            made.mkdir()
        for name, body in PROGRAMS.items():
            self._program(programs / name, body)
        self._program(folder / "ocf/zcs", AGENT)
        self.script = folder / "cluster-service"
        words = text(bundle, "service/cluster-service")
        for old, new in (
            ("PATH=/usr/sbin", f"PATH={programs}:/usr/sbin"),
            ("/usr/lib/ocf/resource.d/$OCF_RESOURCE_PROVIDER", str(folder / "ocf")),
            ("/run/", f"{folder}/run/"),
        ):
            # a script without storage has no lock
            assert old in words or "acquire" not in words, old
            words = words.replace(old, new)
        self._program(self.script, words.removeprefix("#!/bin/sh\n"))

    @staticmethod
    def _program(path: Path, body: str) -> None:
        path.write_text(f"#!/bin/sh\n{body}")
        path.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": TOOLS, "LOG": str(self.log), "UP": str(self.up), "LC_ALL": "C"}

    def start(self, action: str) -> subprocess.Popen[bytes]:
        """Begin an action, as keepalived does, without waiting for its end."""
        return subprocess.Popen([self.script, action], env=self.environment)

    def call(self, action: str) -> tuple[int, str]:
        """Do an action: its exit code and what it printed."""
        done = subprocess.run(
            [self.script, action],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stdout.strip()

    def did(self) -> list[str]:
        """What was done since the last time this was asked, without mere questions."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        questions = ("role", "dstate", "is-active", "monitor")
        return [line for line in lines if not any(q in line.split() for q in questions)]


@pytest.fixture
def node(tmp_path: Path, variant: Callable[[str], Bundle]) -> Node:
    """A node of the keepalived cluster with replicated storage and HAProxy."""
    return Node(tmp_path, variant("keepalived-drbd"))


UPWARDS = [
    "drbdadm primary zcs",
    "mount -t ext4 -o noatime /dev/drbd0 /opt",
    "agent zcs zimbra start",
    "systemctl start haproxy",
]
DOWNWARDS = [
    "systemctl stop haproxy",
    "agent zcs zimbra stop",
    "umount /opt",
    "drbdadm secondary zcs",
]


def test_the_chain_goes_up_in_order_and_down_in_reverse(node: Node) -> None:
    assert node.call("acquire") == (0, "")
    assert node.did() == UPWARDS
    assert node.call("status") == (0, "running")
    assert node.call("release") == (0, "")
    assert node.did() == DOWNWARDS
    assert node.call("status") == (3, "stopped")


def test_letting_go_of_nothing_does_nothing_wrong(node: Node) -> None:
    """keepalived calls it when it starts."""
    assert node.call("release") == (0, "")
    assert node.did() == DOWNWARDS[:2]
    assert not list(node.up.iterdir())


def test_the_last_wish_wins(node: Node) -> None:
    """keepalived does not wait for the script before; a slow start is undone when it has ended."""
    (node.up / "slow").write_text("1")
    first = node.start("acquire")
    until(lambda: "agent zcs zimbra start" in (node.log.read_text() if node.log.exists() else ""))
    second, third = node.start("release"), None
    try:
        # a start that is under way is no failure, however long it takes
        assert node.call("monitor") == (0, "")
        third = node.start("release")
        assert first.wait(20) == second.wait(20) == third.wait(20) == 0
    finally:
        for process in (first, second, third):
            if process and process.poll() is None:
                process.kill()
    assert not (node.up / "primary").exists()
    assert not (node.up / "service").exists()
    assert node.did()[: len(UPWARDS)] == UPWARDS


def test_it_stops_asking_for_promotion_when_nobody_wants_it_any_more(node: Node) -> None:
    """The peer refuses while it is still primary."""
    (node.up / "refused").touch()
    first = node.start("acquire")
    until(lambda: node.log.exists() and node.log.read_text().count("drbdadm primary") >= 2)
    assert node.call("release")[0] == 0
    assert first.wait(20) == 1
    assert not (node.up / "mounted").exists()


def test_a_node_that_cannot_let_go_restarts_itself(node: Node) -> None:
    node.call("acquire")
    node.did()
    (node.up / "busy").touch()
    assert node.call("release")[0] == 1
    did = node.did()
    assert "fuser -k -m /opt" in did
    assert did[-1] == "systemctl reboot --force"
    assert "drbdadm secondary zcs" not in did


def test_only_a_copy_that_is_up_to_date_may_take_over(node: Node) -> None:
    assert node.call("monitor") == (0, "")
    for state in ("Consistent/DUnknown", "Outdated/UpToDate", "Inconsistent/UpToDate", ""):
        (node.up / "dstate").write_text(state)
        assert node.call("monitor")[0] == 1, state


def test_the_holder_is_judged_by_what_runs(node: Node) -> None:
    node.call("acquire")
    assert node.call("monitor") == node.call("monitor-haproxy") == (0, "")
    (node.up / "half").touch()
    assert node.call("monitor")[0] == 4
    assert node.call("status") == (4, "running, but failed")
    (node.up / "half").unlink()
    (node.up / "haproxy").unlink()
    assert node.call("monitor")[0] == 4
    assert node.call("monitor-haproxy")[0] == 3
    # who does not have it need not have HAProxy
    node.call("release")
    assert node.call("monitor-haproxy") == (0, "")


@pytest.mark.parametrize(
    ("answers", "code"), [("", 5), ("198.51.100.12", 1), ("192.0.2.76", 1), ("203.0.113.9", 5)]
)
def test_a_peer_that_answers_anywhere_is_not_taken_for_dead(
    node: Node, answers: str, code: int
) -> None:
    (node.up / "answers").write_text(answers)
    assert node.call("fence-peer") == (code, "")


def test_for_heartbeat_haproxy_goes_with_the_service(
    tmp_path: Path, variant: Callable[[str], Bundle]
) -> None:
    node = Node(tmp_path, variant("heartbeat"))
    assert node.call("status") == (3, "stopped")
    assert node.call("start") == (0, "")
    assert node.did() == ["systemctl start nginx", "systemctl start haproxy"]
    assert node.call("status") == (0, "running")
    (node.up / "nginx").unlink()
    assert node.call("status") == (4, "running, but failed")
    assert node.call("stop") == (0, "")
    assert node.did() == ["systemctl stop haproxy", "systemctl stop nginx"]
    # a unit that failed has no processes left
    (node.up / "failed-nginx").touch()
    assert node.call("status") == (3, "stopped")


@pytest.mark.parametrize("shape", ["keepalived", "keepalived-drbd", "heartbeat"])
def test_a_word_that_it_does_not_know(
    tmp_path: Path, variant: Callable[[str], Bundle], shape: str
) -> None:
    node = Node(tmp_path, variant(shape))
    assert node.call("restart")[0] == 2
    assert node.did() == []


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something to happen."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
