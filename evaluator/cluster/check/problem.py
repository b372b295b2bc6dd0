"""A problem of a declaration, and why each code of refusal is one."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong at a place (dotted path; members of a list by their name)."""

    code: str
    place: str
    message: str
    remedy: str


REASONS = {
    "address-missing": (
        "A node without an address on a network cannot take part in what runs there."
    ),
    "address-not-of-a-host": ("The first and last address of a network mean the network, no host."),
    "address-outside-network": (
        "An address outside its network is reached through a router or not at all; a virtual "
        "address there is announced to nobody."
    ),
    "duplicate-address": (
        "Two owners of an address answer in turns; cluster messages, replication or clients "
        "reach the wrong one."
    ),
    "duplicate-name": "Names tell machines, networks and devices apart in every file.",
    "duplicate-port": "One socket cannot serve two endpoints.",
    "endpoint-port": (
        "HAProxy takes the public port on the virtual address; on the same port the service "
        "cannot start."
    ),
    "fence-device-not-on-own-power": (
        "A device on its target's circuit dies with it; fencing then fails and the cluster "
        "waits for ever."
    ),
    "fence-device-per-node": (
        "A node that cannot be powered off may still write; without fencing the service is "
        "never safely taken over."
    ),
    "interface-missing": (
        "keepalived and Heartbeat send by a card's name; with another one they are silent."
    ),
    "minor-out-of-range": "DRBD numbers its devices from 0 to 1048575.",
    "negative-time": "A time below zero means nothing.",
    "networks-overlap": (
        "Traffic of overlapping networks takes one way, so links that should fail apart fail "
        "together."
    ),
    "one-service": "A bundle carries one service on one volume under one address.",
    "one-witness": "A cluster has one quorum device.",
    "operating-system-not-rendered": (
        "Every file is written for the versions that one system ships."
    ),
    "option-is-derived": "A parameter written twice can contradict itself.",
    "port-out-of-range": "Ports below 1024 belong to services of the system.",
    "replication-apart": (
        "A resynchronisation fills its link; the cluster's messages on the same link come "
        "late, and a healthy node is fenced."
    ),
    "sbd-msgwait-2x-watchdog": (
        "A message must be waited for longer than a watchdog may take, or a node counts as "
        "dead while it still writes."
    ),
    "sbd-diskless-needs-3": (
        "Without a disk SBD trusts quorum alone; two votes cannot tell who lost."
    ),
    "secret-in-options": (
        "A site file and its bundle are copied, mailed and committed; secrets are not."
    ),
    "service-needs-storage": (
        "A service that keeps data and finds none of it on the other node has lost it."
    ),
    "stack-not-rendered": "There is a renderer for each file of these stacks and for no others.",
    "storage-kind": "The stack replicates what the site shares, or the other way round.",
    "time-not-positive": "A timer of zero or less never or always fires.",
    "timeout-impossible": (
        "A time that the thing it bounds cannot keep turns every slow day into an outage."
    ),
    "two-data-nodes": (
        "The service needs a second node to run on, and each storage knows how many it can serve."
    ),
    "two-links": "One broken cable or switch must not split the cluster.",
    "unknown-network": "What is on no network is reached by nobody.",
    "unknown-node": "A plug of a node that is not there switches somebody else's machine.",
    "unknown-virtual-address": "The service would have no address.",
    "unknown-volume": "The service would have no data.",
    "unsafe-text": (
        "A word with spaces, quotes, braces or line ends says something else in at least one "
        "of the file formats."
    ),
    "vip-not-on-service-network": "Clients use the service network.",
    "voters-odd": (
        "A witness gives an even number of votes a majority; an odd one has it already."
    ),
    "witness-unreachable": ("A quorum device that some node cannot reach votes against that node."),
}
"""Why a declaration with this problem is refused; ours, each for the reason it states."""
