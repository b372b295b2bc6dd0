"""The firewall: what it says, and what it does to packets."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluator.bundle import Bundle

from .conftest import TOOLS, text
from .test_validators import NAMESPACE, needs, needs_namespace, run
from .variants import VARIANTS, without_witness


def rules(bundle: Bundle, host: str) -> dict[str, str]:
    """What is let in, by its comment."""
    found = re.findall(
        r'^ +(.*) accept comment "(.*)"$', text(bundle, f"nftables/{host}.nft"), re.M
    )
    return {comment: rule for rule, comment in found}


def test_a_data_node_lets_in_its_peers_and_the_clients(bundle: Bundle) -> None:
    assert rules(bundle, "zcs1") == {
        "ssh": "ip daddr 198.51.100.141 tcp dport 22",
        "ssh of the members": "ip saddr { 192.0.2.12 } ip daddr 192.0.2.11 tcp dport 22",
        "corosync link 0": "ip saddr { 192.0.2.12 } ip daddr 192.0.2.11 udp dport 5405",
        "corosync link 1": "ip saddr { 192.0.2.76 } ip daddr 192.0.2.75 udp dport 5406",
        "DRBD": "ip saddr { 192.0.2.140 } ip daddr 192.0.2.139 tcp dport 7789",
        "public": "ip daddr 198.51.100.20 tcp dport { 25, 993, 80, 443 }",
    }
    ports = re.findall(r"mcastport: (\d+)", text(bundle, "corosync/corosync.conf"))
    assert ports == ["5405", "5406"]


def test_the_witness_lets_in_the_members(bundle: Bundle) -> None:
    members = "198.51.100.141, 198.51.100.142"
    assert rules(bundle, "witness") == {
        "ssh": "ip daddr 198.51.100.143 tcp dport 22",
        "quorum device": f"ip saddr {{ {members} }} ip daddr 198.51.100.143 tcp dport 5403",
    }


@pytest.mark.parametrize(
    ("shape", "host", "wanted", "unwanted"),
    [
        ("voter", "zcs3", {"pcsd", "corosync link 0"}, {"DRBD", "public"}),
        ("voter", "zcs1", {"pcsd", "DRBD", "public"}, set()),
        ("three-drbd9", "zcs3", {"DRBD"}, {"pcsd"}),
        ("keepalived", "zcs2", {"VRRP", "HAProxy of the peer"}, {"DRBD", "corosync link 0"}),
        ("keepalived-drbd", "zcs2", {"VRRP", "DRBD"}, {"HAProxy of the peer"}),
        ("heartbeat", "zcs1", {"heartbeat on ring0", "heartbeat on ring1"}, {"VRRP"}),
    ],
)
def test_each_stack_opens_what_it_speaks(
    variant: Callable[[str], Bundle], shape: str, host: str, wanted: set[str], unwanted: set[str]
) -> None:
    found = rules(variant(shape), host)
    assert wanted <= found.keys()
    assert not unwanted & found.keys()


def test_addresses_of_version_6_are_matched_as_such(variant: Callable[[str], Bundle]) -> None:
    for rule in rules(variant("keepalived-ipv6"), "zcs1").values():
        assert "ip6 daddr 2001:db8:" in rule
        assert not re.search(r"\bip [sd]addr", rule)


@pytest.mark.parametrize("shape", VARIANTS)
def test_members_reach_each_other_by_name_with_ssh(
    variant: Callable[[str], Bundle], shape: str
) -> None:
    made = variant(shape)
    for asked in made.cluster.members:
        doors = [r for r in rules(made, asked.name).values() if r.endswith("tcp dport 22")]
        for asker in made.cluster.members:
            if asker is asked:
                continue
            (address,) = re.findall(
                rf"^(\S+) {asked.name}\.", text(made, f"hosts/{asker.name}"), re.M
            )
            network = next(n for n, a in asked.addresses.items() if a == address)
            source = asker.addresses[network]
            assert any(
                f"daddr {address} " in door
                and ("saddr" not in door or re.search(rf" {source}[ ,]", door))
                for door in doors
            ), (asker.name, address)


def test_without_a_management_network_nobody_is_locked_out(make: Callable[..., Bundle]) -> None:
    def change(words: dict[str, Any]) -> None:
        without_witness(words)
        words["networks"] = [n for n in words["networks"] if n["purpose"] != "management"]
        for node in words["nodes"]:
            del node["addresses"]["management"]
        for number, device in enumerate(words["fence_devices"]):
            device |= {"network": "service", "address": f"198.51.100.{60 + number}"}

    assert rules(make(change), "zcs1")["ssh"] == "tcp dport 22"


LOADED = """
set -e
nft add table inet theirs
nft -f "$0"
nft -f "$0"
nft list tables
nft list chain inet cluster input | grep -c comment
"""


@needs("nft", "nftables")
@needs_namespace
def test_it_replaces_its_own_table_and_no_other(folder: Path) -> None:
    done = run(*NAMESPACE, "sh", "-c", LOADED, folder / "nftables/zcs1.nft")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:3] == ["table inet theirs", "table inet cluster", "6"]


TRAFFIC = """
set -e
unshare --net sleep 50 &
peer=$!
trap 'kill $peer' EXIT
while [ "$(readlink /proc/$peer/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link add near type veth peer name far
ip link set far netns $peer
inside() { nsenter --target $peer --net "$@"; }
ip link set lo up
ip link set near up
inside ip link set far up
for a in 192.0.2.11/26 192.0.2.139/26 198.51.100.11/25 198.51.100.141/25 198.51.100.20/25; do
    ip address add $a dev near
done
for a in 192.0.2.12/26 192.0.2.13/26 192.0.2.140/26 192.0.2.141/26 198.51.100.99/25 \
    198.51.100.150/25; do
    inside ip address add $a dev far
done
nft -f "$1"
for port in 22 25 7789 10025; do
    "$0" "$2" listen $port &
    servers="$servers $!"
done
trap 'kill $peer $servers' EXIT
inside "$0" "$2" ask
"""

SPEAKER = """
import socket, sys, time
if sys.argv[1] == "listen":
    server = socket.create_server(("0.0.0.0", int(sys.argv[2])))
    while True:
        server.accept()[0].close()
def reached(source, target, port):
    try:
        socket.create_connection((target, port), 0.7, (source, 0)).close()
    except TimeoutError:
        return "dropped"
    except OSError:
        return "refused"
    return "reached"
for source, target, port in (
    ("198.51.100.150", "198.51.100.141", 22),
    ("198.51.100.99", "198.51.100.20", 25),
    ("192.0.2.140", "192.0.2.139", 7789),
):
    end = time.monotonic() + 10
    while reached(source, target, port) != "reached" and time.monotonic() < end:
        time.sleep(0.05)
for source, target, port in (
    ("198.51.100.150", "198.51.100.141", 22),
    ("198.51.100.99", "198.51.100.11", 22),
    ("192.0.2.12", "192.0.2.11", 22),
    ("192.0.2.13", "192.0.2.11", 22),
    ("198.51.100.99", "198.51.100.20", 25),
    ("198.51.100.99", "198.51.100.20", 443),
    ("198.51.100.99", "198.51.100.20", 10025),
    ("192.0.2.140", "192.0.2.139", 7789),
    ("192.0.2.141", "192.0.2.139", 7789),
):
    print(source, target, port, reached(source, target, port))
"""


@needs("nft", "nftables")
@needs("ip", "iproute2")
@needs_namespace
@pytest.mark.skipif(not shutil.which("nsenter", path=TOOLS), reason="nsenter (util-linux) missing")
def test_packets_meet_it(folder: Path, tmp_path: Path) -> None:
    speaker = tmp_path / "speaker.py"
    speaker.write_text(SPEAKER)
    program = ("sh", "-c", TRAFFIC, sys.executable, folder / "nftables/zcs1.nft", speaker)
    done = subprocess.run(
        [*NAMESPACE, *map(str, program)],
        env={"PATH": TOOLS, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "198.51.100.150 198.51.100.141 22 reached",
        "198.51.100.99 198.51.100.11 22 dropped",
        # where the names of the members lead
        "192.0.2.12 192.0.2.11 22 reached",
        "192.0.2.13 192.0.2.11 22 dropped",
        "198.51.100.99 198.51.100.20 25 reached",
        # let in, but nobody listens
        "198.51.100.99 198.51.100.20 443 refused",
        # whoever reaches the service behind HAProxy can claim any address
        "198.51.100.99 198.51.100.20 10025 dropped",
        "192.0.2.140 192.0.2.139 7789 reached",
        "192.0.2.141 192.0.2.139 7789 dropped",
    ], done.stderr
