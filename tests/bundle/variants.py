"""Every shape of cluster that a bundle can have, as small changes to the tests' site and stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from evaluator.study.stack import Stack

Words = dict[str, Any]
Change = Callable[[Words], object]


class Variant(NamedTuple):
    """A change to the site, the components of the stack by role, and risks to be accepted."""

    change: Change
    components: dict[str, str]
    profile: str = "pacemaker"
    risks: tuple[str, ...] = ()

    def stack(self, base: Stack) -> Stack:
        """Give the tests' stack the components of the variant."""
        return base.model_copy(update={"components": self.components, "profile": self.profile})


PACEMAKER = {"messaging": "corosync", "management": "pacemaker", "shell": "crmsh"}
DRBD = {"storage": "drbd"}
HAPROXY = {"load-balancing": "haproxy"}
KEEPALIVED = {"management": "keepalived"}
HEARTBEAT = {"management": "heartbeat"}


def together(*changes: Change) -> Change:
    """Several changes, one after another."""

    def change(words: Words) -> None:
        for one in changes:
            one(words)

    return change


def without_witness(words: Words) -> None:
    """Take the witness from a site."""
    words["nodes"] = [n for n in words["nodes"] if n["role"] != "witness"]


def third_node(role: str) -> Change:
    """Replace the witness by a third full member with a fence device of its own."""

    def change(words: Words) -> None:
        without_witness(words)
        addresses = {
            "management": "198.51.100.144",
            "ring0": "192.0.2.13",
            "ring1": "192.0.2.77",
        }
        if role == "data":
            addresses |= {"service": "198.51.100.13", "replication": "192.0.2.141"}
        words["nodes"].append(
            {"name": "zcs3", "role": role, "power": "feed-d", "addresses": addresses}
        )
        words["fence_devices"].append(
            {
                **words["fence_devices"][0],
                "name": "bmc-zcs3",
                "address": "198.51.100.153",
                "power": "standby-d",
                "plugs": {"zcs3": "1"},
                "secret": "vault_fence_zcs3",
            }
        )

    return change


def drbd_9(words: Words) -> None:
    """Let LINBIT's kernel module replicate."""
    words["volumes"][0]["drbd"] = "9"


def stateless(words: Words) -> None:
    """Another service, which keeps nothing."""
    words["volumes"] = []
    words["networks"] = [n for n in words["networks"] if n["purpose"] != "replication"]
    for node in words["nodes"]:
        node["addresses"].pop("replication", None)
    service = words["services"][0]
    service |= {"agent": "systemd:nginx", "parameters": {}}
    del service["volume"]
    service["endpoints"] = [
        {"name": "http", "port": 80, "backend_port": 8080, "mode": "http"},
        {"name": "https", "port": 443, "backend_port": 8443, "mode": "tcp"},
    ]


def shared_disk(words: Words) -> None:
    """One disk that both nodes see."""
    words["volumes"][0] |= {"kind": "shared", "backing_disk": "/dev/mapper/zcs"}
    for key in ("minor", "port"):
        del words["volumes"][0][key]


def cards(words: Words) -> None:
    """Name the cards after the networks, as keepalived and Heartbeat must be told."""
    for network in words["networks"]:
        network["interface"] = network["name"]


def sbd_diskless(words: Words) -> None:
    """Self-fencing that trusts quorum."""
    words["sbd"] = {"watchdog": "/dev/watchdog0", "watchdog_timeout_seconds": 5}


def sbd_on_disks(words: Words) -> None:
    """Self-fencing by messages on three shared disks."""
    words["sbd"] = {
        "watchdog_timeout_seconds": 10,
        "msgwait_timeout_seconds": 25,
        "devices": [f"/dev/disk/by-id/wwn-{n}" for n in range(3)],
    }


def version_6(words: Words) -> None:
    """Addresses of version 6 on every network."""
    for number, network in enumerate(words["networks"], start=1):
        network["cidr"] = f"2001:db8:{number}::/64"
        for host, node in enumerate(words["nodes"], start=1):
            if network["name"] in node["addresses"]:
                node["addresses"][network["name"]] = f"2001:db8:{number}::{host}"
        for host, device in enumerate(words["fence_devices"], start=0x51):
            if device["network"] == network["name"]:
                device["address"] = f"2001:db8:{number}::{host:x}"
    words["virtual_addresses"][0]["address"] = "2001:db8:1::20"


def two_supplies(words: Words) -> None:
    """Fence the first node by its controller and, where that fails, by two power strips."""
    words["fence_devices"][0]["level"] = 1
    for number in range(2):
        words["fence_devices"].append(
            {
                "name": f"strip-{number}",
                "agent": "fence_apc_snmp",
                "address": f"198.51.100.16{number}",
                "network": "management",
                "power": f"strip-{number}",
                "plugs": {"zcs1": "3"},
                "level": 2,
                "secret": "vault_strips",
            }
        )


SPLIT_BRAIN = ("drbd-divergence-guard", "keepalived-split-brain")
NO_STONITH = ("drbd-divergence-guard", "heartbeat-stonith")
FULL = PACEMAKER | DRBD | HAPROXY
VARIANTS = {
    "two-node": Variant(without_witness, FULL),
    "witness": Variant(lambda words: None, FULL),
    "witness-watched": Variant(cards, FULL),
    "witness-sbd": Variant(sbd_diskless, FULL | {"fencing": "sbd"}),
    "witness-two-supplies": Variant(two_supplies, FULL),
    "witness-ipv6": Variant(version_6, FULL),
    "voter": Variant(third_node("voter"), FULL | {"shell": "pcs"}),
    "three-drbd9": Variant(together(third_node("data"), drbd_9), FULL),
    "three-stateless": Variant(together(third_node("data"), stateless), PACEMAKER | HAPROXY),
    "shared-disk": Variant(shared_disk, PACEMAKER | HAPROXY),
    "shared-disk-sbd": Variant(together(shared_disk, sbd_on_disks), PACEMAKER),
    "two-drbd9": Variant(drbd_9, PACEMAKER | DRBD),
    "keepalived": Variant(together(stateless, cards), KEEPALIVED | HAPROXY, "keepalived"),
    "keepalived-ipv6": Variant(
        together(stateless, cards, version_6), KEEPALIVED | HAPROXY, "keepalived"
    ),
    "keepalived-drbd": Variant(cards, KEEPALIVED | DRBD | HAPROXY, "keepalived", SPLIT_BRAIN),
    "keepalived-drbd9": Variant(
        together(cards, drbd_9), KEEPALIVED | DRBD, "keepalived", SPLIT_BRAIN
    ),
    "heartbeat": Variant(together(stateless, cards), HEARTBEAT | HAPROXY, "heartbeat"),
    "heartbeat-drbd": Variant(cards, HEARTBEAT | DRBD, "heartbeat", NO_STONITH),
    "heartbeat-drbd-ipv6": Variant(
        together(cards, version_6), HEARTBEAT | DRBD, "heartbeat", NO_STONITH
    ),
}
