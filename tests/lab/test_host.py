"""The comparison of this machine before and after finds everything that may be left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evaluator.lab import host
from evaluator.lab.node import group_roots

pytestmark = [
    pytest.mark.xdist_group("lab"),
    pytest.mark.skipif(os.geteuid() != 0, reason="to change this machine needs root"),
    pytest.mark.skipif(not shutil.which("ip"), reason="package iproute2 is not installed"),
]

GROUP = f"test-host-{os.getpid()}"
LEFT = {
    "links": ("ip link add left0 type bridge", "ip link del left0"),
    "addresses": ("ip addr add 192.0.2.9/32 dev lo", "ip addr del 192.0.2.9/32 dev lo"),
    "routes": ("ip route add 192.0.2.64/26 dev lo", "ip route del 192.0.2.64/26"),
    "routes of IPv6": (
        "ip -6 route add 2001:db8:7::/64 dev lo",
        "ip -6 route del 2001:db8:7::/64",
    ),
    "routing rules": ("ip rule add pref 77 table 77", "ip rule del pref 77"),
    "packet filter": (
        "nft add rule inet mine own accept",  # which there is already
        "nft flush chain inet mine own; nft add rule inet mine own accept",
    ),
    "network namespaces": (f"ip netns add {GROUP}", f"ip netns del {GROUP}"),
    "mounts": ("mount -t tmpfs left /mnt", "umount /mnt"),
    "loop devices": (
        "truncate -s 1M $DISK; losetup -f --show $DISK >$DISK.loop",
        "losetup -d $(cat $DISK.loop)",
    ),
    "kernel settings": ("echo 1 >/proc/sys/net/ipv4/ip_forward",
                        "echo 0 >/proc/sys/net/ipv4/ip_forward"),
    "control groups": (f"mkdir $GROUPS_ROOT/{GROUP}", f"rmdir $GROUPS_ROOT/{GROUP}"),
    "processes in other namespaces": (
        "unshare --net sleep 60 >/dev/null & echo $! >$DISK.pid; sleep 0.3",
        "kill $(cat $DISK.pid)",
    ),
}  # fmt: skip

LOOK = """
import json, subprocess, sys, time
from evaluator.lab import host

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
if "packet filter" in json.loads(sys.argv[1]):
    for line in ("table inet mine", "chain inet mine own", "rule inet mine own accept"):
        subprocess.run(["nft", "add", *line.split()], check=True)
before = host.snapshot()
found = {"nothing": [str(f) for f in host.differences(before, host.snapshot())]}
for kind, (do, undo) in json.loads(sys.argv[1]).items():
    subprocess.run(["sh", "-ec", do], check=True)
    found[kind] = [f.message for f in host.differences(before, host.snapshot())]
    subprocess.run(["sh", "-ec", undo], check=True)
    until = time.monotonic() + 10  # a process ends, a device is let go, in a moment
    while (left := host.differences(before, host.snapshot())) and time.monotonic() < until:
        time.sleep(0.05)
    found[kind + ", undone"] = [str(f) for f in left]
print(json.dumps(found))
"""


def test_whatever_is_left_is_found_and_nothing_else(tmp_path: Path) -> None:
    left = {kind: how for kind, how in LEFT.items() if kind != "packet filter"}
    if shutil.which("nft"):
        left = LEFT
    # in namespaces of its own, with nothing but what the test leaves
    alone = ("unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc")
    done = subprocess.run(
        [*alone, sys.executable, "-c", LOOK, json.dumps(left)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "DISK": str(tmp_path / "disk"), "GROUPS_ROOT": str(group_roots()[0])},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("nothing") == []
    for kind in left:
        assert any(message.startswith(f"{kind}: ") for message in found[kind]), kind
        assert found[f"{kind}, undone"] == []
    assert all("is new" in message for message in found["mounts"])
    forwarding = [m for m in found["kernel settings"] if "ipv4/ip_forward =" in m]
    assert [m.rpartition("' ")[2] for m in forwarding] == ["is new", "is gone"]


def test_what_is_gone_is_a_change_too() -> None:
    now = host.snapshot()
    assert set(now) == set(LEFT)
    less = {kind: frozenset(list(lines)[1:]) for kind, lines in now.items()}
    found = host.differences(now, less)
    assert len(found) == sum(bool(lines) for lines in now.values())
    assert all("is gone" in finding.message for finding in found)


def test_settings_of_a_module_that_was_loaded_since_are_no_change() -> None:
    now = host.snapshot()
    more = {**now, "kernel settings": now["kernel settings"] | {"net/bridge/made-up = 1"}}
    assert host.differences(now, more) == []
