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
    "agent-essential-unit": (
        "The cluster stops its service on all nodes but one, and takes it from systemd "
        "everywhere; ssh or the cluster itself would go with it."
    ),
    "disk-not-for-data": (
        "The volume's disk is formatted and written to; it must be one, and the service's."
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
    "fence-agent-misspelt": (
        "An agent that is not installed fences nobody; the cluster waits for it for ever."
    ),
    "fence-device-not-on-own-power": (
        "A device on its target's circuit dies with it; fencing then fails and the cluster "
        "waits for ever."
    ),
    "fence-device-per-node": (
        "A node that cannot be powered off may still write; without fencing the service is "
        "never safely taken over."
    ),
    "fence-device-unreachable": (
        "A device that no surviving member reaches fences nobody; the cluster waits for ever."
    ),
    "fence-level": (
        "Pacemaker tries levels 1 to 9 in their order, and within one all devices together."
    ),
    "fence-option-unsafe": (
        "A fence device that reports success for a node that is alive lets two nodes write at once."
    ),
    "fence-outlet-shared": (
        "Fencing through another node's outlet kills the healthy node and reports the lost one "
        "as off."
    ),
    "fence-supplies-together": (
        "A node with two supplies lives on with one of them off; only both together fence it."
    ),
    "interface-missing": (
        "keepalived and Heartbeat send by a card's name; with another one they are silent."
    ),
    "links-share-card": (
        "Links on one card fail together, and a resynchronisation delays the cluster's messages."
    ),
    "minor-out-of-range": "DRBD numbers its devices from 0 to 1048575.",
    "mount-hides-system": (
        "A file system mounted over a folder of the system hides what is in it; the node fails."
    ),
    "negative-time": "A time below zero means nothing.",
    "network-not-for-hosts": (
        "Loopback, multicast, link-local and reserved addresses do not join two hosts."
    ),
    "networks-overlap": (
        "Traffic of overlapping networks takes one way, so links that should fail apart fail "
        "together."
    ),
    "no-endpoints": "A service that no client can reach needs no cluster.",
    "one-service": "A bundle carries one service on one volume under one address.",
    "one-witness": "A cluster has one quorum device.",
    "operating-system-not-rendered": (
        "Every file is written for the versions that one system ships."
    ),
    "option-is-derived": "A parameter written twice can contradict itself.",
    "port-out-of-range": "Ports below 1024 belong to services of the system.",
    "port-taken": "One port of a node has one owner; the second program to ask does not start.",
    "probe-contradicts-endpoints": (
        "The agent waits until everything that it asks has answered; what it asks where nobody "
        "listens never does, so the service never counts as started."
    ),
    "replication-apart": (
        "A resynchronisation fills its link; the cluster's messages on the same link come "
        "late, and a healthy node is fenced."
    ),
    "sbd-diskless-needs-3": (
        "Without a disk SBD trusts quorum alone; two votes cannot tell who lost."
    ),
    "sbd-msgwait-2x-watchdog": (
        "A message must be waited for longer than a watchdog may take, or a node counts as "
        "dead while it still writes."
    ),
    "sbd-not-declared": (
        "A stack that was chosen for its self-fencing and has none is not that stack."
    ),
    "secret-in-options": (
        "A site file and its bundle are copied, mailed and committed; secrets are not."
    ),
    "secret-not-of-vault": (
        "A variable of the inventory as a password is a password that is in every bundle."
    ),
    "service-needs-storage": (
        "A service that keeps data and finds none of it on the other node has lost it."
    ),
    "stack-not-rendered": "There is a renderer for each file of these stacks and for no others.",
    "storage-kind": "The stack replicates what the site shares, or the other way round.",
    "time-not-positive": "A timer of zero or less never or always fires.",
    "time-too-long": "A timer that runs for hours leaves the service down for hours.",
    "timeout-impossible": (
        "A time that the thing it bounds cannot keep turns every slow day into an outage."
    ),
    "token-retransmit-too-short": (
        "Corosync refuses to start when it should resend the token oftener than every 30 ms "
        "(corosync.conf(5))."
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
