"""Nodes boot, are reached, install packages, share a disk, lose power and links."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaluator.findings import EvaluationError
from evaluator.lab import Laboratory, in_use
from evaluator.lab.image import PACKAGES, build
from evaluator.lab.laboratory import Node

from .conftest import CACHE, left_of, until, wiring

pytestmark = pytest.mark.xdist_group("lab")


def test_the_image_is_built_once_and_has_no_keys_and_no_way_out(laboratory: Laboratory) -> None:
    began = time.monotonic()
    image = build(CACHE, PACKAGES)
    assert time.monotonic() - began < 1
    assert not list(image.glob("etc/ssh/ssh_host_*"))
    assert not (image / "etc/machine-id").exists()
    sources = [p for p in (image / "etc/apt").rglob("*") if p.suffix in (".list", ".sources")]
    assert [source.name for source in sources] == ["laboratory.sources"]
    assert "://" not in sources[0].read_text()


def test_nodes_run_a_whole_debian_12_of_their_own(laboratory: Laboratory) -> None:
    ids = set()
    for name in ("zcs1", "zcs2"):
        node = laboratory.node(name)
        assert node.run("systemctl", "is-system-running", "--wait").stdout == "running\n"
        assert node.run("hostname").stdout == f"{name}\n"
        assert "bookworm" in node.run("cat", "/etc/os-release").stdout
        ids.add(node.run("cat", "/etc/machine-id").stdout)
    assert len(ids) == 2


def test_services_of_one_node_are_not_those_of_another(laboratory: Laboratory) -> None:
    assert laboratory.node("zcs1").run("systemctl", "stop", "ssh").returncode == 0
    assert laboratory.ssh("zcs2", "systemctl", "is-active", "ssh").stdout == "active\n"
    assert laboratory.node("zcs1").run("systemctl", "start", "ssh").returncode == 0
    assert laboratory.node("zcs1").wait_for_ssh(10) < 10


def test_the_operator_logs_in_with_known_host_keys_only(laboratory: Laboratory) -> None:
    assert laboratory.ssh("zcs1", "hostname").stdout == "zcs1\n"
    assert laboratory.ssh("198.51.100.142", "hostname").stdout == "zcs2\n"
    known = laboratory.ssh_config.parent / "known_hosts"
    before = known.read_text()
    try:
        known.write_text(before.replace("zcs1 ", "zcs9 "))
        refused = laboratory.ssh("zcs1", "hostname")
    finally:
        known.write_text(before)
    assert refused.returncode == 255
    assert "Host key verification failed" in refused.stderr


def test_a_silent_nodes_console_is_told_whatever_was_written_there(tmp_path: Path) -> None:
    laboratory = Laboratory(wiring("zcs1"), cache=tmp_path)
    console = laboratory.nodes_folder / "zcs1/console"
    console.parent.mkdir(parents=True)
    console.write_bytes(b"kernel panic \xff\xfe at the end")
    with pytest.raises(EvaluationError, match=r"kernel panic .* at the end"):
        laboratory.node("zcs1").wait_for_ssh(0)


def test_nothing_but_the_laboratory_is_reached_from_a_node(laboratory: Laboratory) -> None:
    node = laboratory.node("zcs1")
    assert node.run("ip", "route", "show", "default").stdout == ""
    assert node.run("ping", "-c1", "-W1", "192.0.2.12").returncode == 0
    assert laboratory.client("ping", "-c1", "-W1", "203.0.113.11").returncode == 0
    assert laboratory.client("ping", "-c1", "-W1", "192.0.2.11").returncode != 0


def test_packages_are_installed_without_a_network(laboratory: Laboratory) -> None:
    node = laboratory.node("zcs1")
    assert node.run("apt-get", "-q", "update").returncode == 0
    done = node.run("apt-get", "-qy", "--no-install-recommends", "install", "psmisc")
    assert done.returncode == 0, done.stderr
    assert node.run("killall", "--version").returncode == 0


def test_every_package_and_what_it_depends_on_can_be_installed(laboratory: Laboratory) -> None:
    install = ("apt-get", "-qs", "--no-install-recommends", "install", *PACKAGES)
    done = laboratory.node("zcs2").run(*install)
    assert done.returncode == 0, done.stderr
    assert "Inst pacemaker " in done.stdout


def test_what_one_node_writes_to_the_shared_disk_another_reads(laboratory: Laboratory) -> None:
    one, other = laboratory.node("zcs1"), laboratory.node("zcs2")
    write = "mkfs.ext4 -q /dev/shared0 && mount -t ext4 /dev/shared0 /mnt && echo mail >/mnt/new"
    done = one.run("sh", "-ec", write)
    assert done.returncode == 0, done.stderr
    one.kill()
    assert other.run("sh", "-ec", "mount /dev/shared0 /mnt; cat /mnt/new").stdout == "mail\n"
    assert other.run("umount", "/mnt").returncode == 0
    laboratory.start("zcs1")


def test_a_power_cut_ends_everything_but_the_disk(laboratory: Laboratory) -> None:
    node = laboratory.node("zcs1")
    node.run("sh", "-ec", "echo kept >/srv/kept; ip addr add 203.0.113.10/25 dev service")
    assert laboratory.client("ping", "-c1", "-W1", "203.0.113.10").returncode == 0
    node.kill()
    assert node.state() == "off"
    assert laboratory.client("ping", "-c1", "-W1", "203.0.113.10").returncode != 0
    with pytest.raises(EvaluationError, match="lab-node-off"):
        node.run("true")
    node.kill()  # a second time does no harm
    laboratory.start("zcs1")
    assert node.run("cat", "/srv/kept").stdout == "kept\n"
    assert laboratory.client("ping", "-c1", "-W1", "203.0.113.10").returncode != 0


def test_the_switches_keep_their_address_when_nodes_are_unplugged(laboratory: Laboratory) -> None:
    """A node that has asked a controller once finds it at once when another one is lost."""

    def bridges() -> dict[str, str]:
        shown = laboratory.operator("ip", "-json", "link", "show", "type", "bridge")
        return {link["ifname"]: link["address"] for link in json.loads(shown.stdout)}

    before = bridges()
    for name in laboratory.spec.nodes:
        laboratory.node(name).kill()
    after = bridges()
    laboratory.start()
    assert before == after
    assert set(before) == {laboratory.spec.interface(n) for n in laboratory.spec.networks}


def test_a_node_that_restarts_itself_comes_back_and_one_that_halts_stays_off(
    laboratory: Laboratory,
) -> None:
    node = laboratory.node("zcs1")
    boot = node.run("cat", "/proc/1/stat").stdout.split()[21]
    node.run("systemctl", "reboot")
    until(lambda: node.state() == "off")
    until(lambda: node.state() == "on")
    node.wait_for_ssh(30)
    assert node.run("cat", "/proc/1/stat").stdout.split()[21] != boot
    node.run("systemctl", "poweroff")
    until(lambda: node.state() == "off")
    time.sleep(2 * laboratory.spec.boot_delay)
    assert node.state() == "off"
    laboratory.start("zcs1")


@pytest.mark.parametrize("carrier", [False, True])
def test_a_cut_cable_stays_cut_until_it_is_healed(laboratory: Laboratory, carrier: bool) -> None:
    node = laboratory.node("zcs1")
    link = ("cat", "/sys/class/net/ring0/carrier")
    laboratory.cut("zcs1", "ring0", carrier=carrier)
    try:
        assert node.run(*link).stdout == f"{carrier:d}\n"
        assert node.run("ping", "-c1", "-W1", "192.0.2.12").returncode != 0
        assert node.run("ping", "-c1", "-W1", "203.0.113.12").returncode == 0
        node.kill()
        laboratory.start("zcs1")
        assert node.run(*link).stdout == f"{carrier:d}\n"
    finally:
        laboratory.heal("zcs1", "ring0")
    until(lambda: node.run("ping", "-c1", "-W1", "192.0.2.12").returncode == 0)


def test_nodes_that_are_kept_apart_are_heard_by_all_else(laboratory: Laboratory) -> None:
    one, other = laboratory.node("zcs1"), laboratory.node("zcs2")

    def hears(node: Node, address: str) -> bool:
        return node.run("ping", "-c1", "-W1", address).returncode == 0

    laboratory.part("zcs1", ["zcs2"], "service")
    try:
        assert not hears(one, "203.0.113.12")
        assert not hears(other, "203.0.113.11")
        assert hears(one, "203.0.113.99")
        assert hears(other, "203.0.113.99")
        assert hears(one, "192.0.2.12")
        one.kill()
        laboratory.start("zcs1")
        assert not hears(one, "203.0.113.12")
        assert hears(one, "203.0.113.99")
    finally:
        laboratory.join("zcs1", "service")
    until(lambda: hears(one, "203.0.113.12"))
    for network in ("service", "ring0"):
        laboratory.part("zcs1", ["zcs2"], network)
    laboratory.join_all()
    assert hears(one, "203.0.113.12")
    assert hears(one, "192.0.2.12")


def test_a_program_that_takes_too_long_is_ended(laboratory: Laboratory) -> None:
    began = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        laboratory.node("zcs1").run("sleep", "61", timeout=0.5)
    with pytest.raises(subprocess.TimeoutExpired):
        laboratory.operator("sleep", "61", timeout=0.5)
    assert time.monotonic() - began < 5
    assert "sleep 61" not in laboratory.node("zcs1").run("ps", "ax").stdout


def test_power_that_is_cut_while_a_node_boots_leaves_nothing(laboratory: Laboratory) -> None:
    node = laboratory.node("zcs2")
    for pause in (0, 0.02, 0.05, 0.1, 0.2):
        node.kill()
        node.start()
        time.sleep(pause)
        node.kill()
        mine = f"{laboratory.prefix}-zcs2"
        left = [line for line in left_of(laboratory.prefix) if mine in line]
        assert (pause, left) == (pause, [])
    laboratory.start("zcs2")


def test_two_laboratories_at_one_time_do_not_meet(laboratory: Laboratory) -> None:
    """The very same names and addresses, each in its own world."""
    ping = ("ping", "-c1", "-W1", "203.0.113.11")
    with Laboratory(wiring("zcs1"), cache=CACHE) as other:
        other.start()
        assert {laboratory.prefix, other.prefix} <= set(in_use(CACHE))
        other.node("zcs1").run("touch", "/srv/other")
        assert laboratory.node("zcs1").run("ls", "/srv/other").returncode == 2
        assert other.client(*ping).returncode == laboratory.client(*ping).returncode == 0
        other.node("zcs1").kill()
        assert other.client(*ping).returncode == 1
        assert laboratory.client(*ping).returncode == 0
    assert left_of(other.prefix) == []
    assert laboratory.ssh("zcs1", "hostname").stdout == "zcs1\n"


HOST = """
import json, subprocess, time
from tests.lab.conftest import CACHE, wiring
from evaluator.lab import Laboratory, host

# somebody's own links, addresses and routes, called as the laboratory's
for line in (
    "link add ring0 type veth peer name p0.0", "link add management type bridge",
    *(f"link set {card} {what}" for what in ("addrgenmode none", "up")
      for card in ("ring0", "p0.0", "management")),
    "address add 192.0.2.11/26 dev ring0", "address add 198.51.100.141/25 dev management",
    "route add 203.0.113.0/25 dev ring0",
):
    subprocess.run(["ip", *line.split()], check=True)
time.sleep(0.5)  # until the kernel has seen that they are up
before = host.snapshot()
laboratory = Laboratory(wiring("zcs1"), cache=CACHE)
try:
    with laboratory:
        laboratory.start()
        raise KeyboardInterrupt
except KeyboardInterrupt:
    found = [str(finding) for finding in host.differences(before, host.snapshot())]
    print(json.dumps([found, laboratory.scratch.exists(), laboratory.prefix]))
"""


def test_this_machine_is_as_before_when_a_laboratory_was_interrupted(possible: None) -> None:
    """Also where it has the very names, addresses and routes of the laboratory."""
    # in namespaces of its own the comparison is exact, whatever else runs here
    alone = ("unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc")
    done = subprocess.run(
        [*alone, sys.executable, "-c", HOST], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found, scratch, prefix = json.loads(done.stdout)
    assert found == []
    assert not scratch
    assert left_of(prefix) == []
