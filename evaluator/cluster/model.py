"""The one cluster model that every file of a bundle is rendered from.

Networks keep the order of the declaration, so link 0 is the first network of purpose ``ring``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from evaluator.cluster.declaration import Declaration, Manager
from evaluator.cluster.networks import loopback
from evaluator.study.site import Endpoint

DRBD_MODULES = {"8.4": "8.4.11", "9": "9.2.0"}
"""Kernel module by declared version: Debian 12's own, and LINBIT's; it decides the dialect."""

OPERATING_SYSTEM = "Debian 12"
SECRETS_FOLDER = "/etc/cluster-secrets"
ZCS_AGENT = "ocf:netnovation:zcs"
UNHEARD_TOKENS = 2.2
"""How long a cluster that has lost a node delivers no message: Corosync's token and, by default,
its consensus of 1.2 tokens (corosync.conf(5))."""

TOKEN_COEFFICIENT_MS = 650
"""Corosync's default (corosync.conf(5))."""

DEVICE_TIMEOUT_FLOOR_MS = 1300
"""With less the heartbeat were below the shortest that corosync-qnetd takes, 1 s."""


def corosync_seconds(token_ms: int, members: int) -> float:
    """Longest time in which Corosync notices a lost node: token and consensus.

    It adds ``token_coefficient`` to the token for each member after the second.
    """
    return UNHEARD_TOKENS * (token_ms + TOKEN_COEFFICIENT_MS * max(0, members - 2)) / 1000


STONITH_TIMEOUT_SECONDS = 120
"""Off and on again take up to 20 s each at a slow controller, and it may need a retry."""


@dataclass(frozen=True)
class Link:
    """One knet link of the cluster transport."""

    number: int
    network: str
    cidr: str
    port: int


@dataclass(frozen=True)
class Member:
    """A node that votes; ``carries`` tells whether the service may run on it.

    ``replication`` is empty when nothing is replicated to it.
    """

    id: int
    name: str
    carries: bool
    links: tuple[str, ...]
    replication: str
    addresses: Mapping[str, str]
    power: str
    login: str


@dataclass(frozen=True)
class Witness:
    """The host of the quorum device; it never carries the service."""

    name: str
    address: str
    network: str
    login: str
    addresses: Mapping[str, str]


@dataclass(frozen=True)
class Quorum:
    """Majority of the members, of the members and a quorum device, or the two-node rules."""

    witness: Witness | None
    members: int
    algorithm: str = "ffsplit"
    device_votes: int = 1

    @property
    def two_node(self) -> bool:
        """Whether corosync's ``two_node`` (and with it ``wait_for_all``) must be set."""
        return self.witness is None and self.members == 2


@dataclass(frozen=True)
class Fence:
    """One way to power off one target."""

    id: str
    device: str
    target: str
    level: int
    agent: str
    address: str
    plug: str
    delay_seconds: int
    switch_seconds: int
    username: str
    secret: str
    options: tuple[tuple[str, str], ...]

    @property
    def ipmi(self) -> bool:
        """Whether it is a management controller, which can switch its own server only."""
        return bool(re.match(r"fence_(ipmilan|idrac|imm|ilo[3-9])", self.agent))

    @property
    def password_script(self) -> str:
        """Path of the script that prints the password; installed when the cluster is built."""
        return f"{SECRETS_FOLDER}/{self.device}"


@dataclass(frozen=True)
class Storage:
    """The volume of the service; ``drbd`` is the version that replicates it, '' for a shared disk.

    ``device`` is what is mounted: DRBD's own, or the shared disk itself.
    """

    name: str
    drbd: str
    device: str
    minor: int
    backing_disk: str
    port: int
    filesystem: str
    mount: str
    size_gib: int

    @property
    def module(self) -> str:
        """Version of DRBD's kernel module that the resource file is written for."""
        return DRBD_MODULES[self.drbd]


@dataclass(frozen=True)
class Watchdog:
    """Self-fencing by SBD; times in seconds, ``devices`` empty for diskless."""

    device: str
    timeout: int
    msgwait: int
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Application:
    """The service as its resource agent sees it; all times in seconds."""

    name: str
    agent: str
    stand_in: bool
    parameters: tuple[tuple[str, str], ...]
    start_timeout: int
    stop_timeout: int
    monitor_interval: int
    monitor_timeout: int
    endpoints: tuple[Endpoint, ...]

    @property
    def zcs(self) -> bool:
        """Whether it is the Zimbra Collaboration Suite under the agent of ``deploy/``."""
        return self.agent == ZCS_AGENT

    @property
    def boot_unit(self) -> str | None:
        """The unit by which the service would start at boot, without asking the cluster."""
        if self.zcs:
            return "zimbra"
        return self.agent.removeprefix("systemd:") if self.agent.startswith("systemd:") else None

    @property
    def restart_seconds(self) -> int:
        """Longest time from a failure of the service to its restart on the same node."""
        return self.monitor_interval + self.monitor_timeout + self.stop_timeout + self.start_timeout


@dataclass(frozen=True)
class Vip:
    """The address under which clients know the service."""

    name: str
    address: str
    prefix: int
    network: str

    @property
    def loopback(self) -> str:
        """Loopback address of the same family."""
        return loopback(self.address)


@dataclass(frozen=True)
class ClusterModel:
    """Everything that the renderers may know; frozen, in the order of the declaration."""

    declaration: Declaration
    manager: Manager
    links: tuple[Link, ...]
    members: tuple[Member, ...]
    quorum: Quorum
    fencing: tuple[Fence, ...]
    watchdog: Watchdog | None
    storage: Storage | None
    application: Application
    vip: Vip
    load_balancer: bool
    token_ms: int
    token_retransmits: int
    dc_deadtime: int | None

    @property
    def detection_seconds(self) -> float:
        """Longest time in which the manager is set to notice a lost node.

        The timers of keepalived and Heartbeat are derived from the token alone.
        """
        if self.manager != "pacemaker":
            return self.token_ms / 1000
        return corosync_seconds(self.token_ms, len(self.members))

    @property
    def device_timeout_ms(self) -> int:
        """How often the quorum device is asked; it has to miss a node as soon as the members do.

        Until its server has, the members wait for its vote.  It counts a node as lost after 1.5
        heartbeats, and a heartbeat is 0.8 of this (corosync-qnetd(8), corosync-qdevice(8)); the
        default, 10 s, makes that 12 s.
        """
        seconds = 0.9 * corosync_seconds(self.token_ms, len(self.members)) / (1.5 * 0.8)
        return min(10000, max(DEVICE_TIMEOUT_FLOOR_MS, int(10 * seconds) * 100))

    @property
    def name(self) -> str:
        """Name of the cluster."""
        return self.declaration.id

    @property
    def title(self) -> str:
        """Name of the stack."""
        return self.declaration.stack.name

    @property
    def domain(self) -> str:
        """Domain of all its machines."""
        return self.declaration.domain

    @property
    def slowness(self) -> int:
        """How many times as long its checks may take, and how many times rarer they are."""
        return self.declaration.timing.slowness

    @property
    def carriers(self) -> tuple[Member, ...]:
        """The members that the service may run on."""
        return tuple(member for member in self.members if member.carries)

    def interface(self, network: str) -> str:
        """Name of the network's card, the same on all nodes; '' where nobody must know it."""
        return next(n.interface for n in self.declaration.networks if n.name == network)

    @property
    def everywhere(self) -> bool:
        """Whether the service runs on all carriers at once, and only the address moves.

        What keeps nothing can; Heartbeat has no way to say so.
        """
        return self.manager != "heartbeat" and not self.storage

    @property
    def watched_interface(self) -> str:
        """The card to the clients, whose loss Pacemaker notices; '' where the site names none."""
        return self.interface(self.vip.network) if self.manager == "pacemaker" else ""

    @property
    def replicated(self) -> Storage | None:
        """The volume, when DRBD replicates it."""
        return self.storage if self.storage and self.storage.drbd else None

    @property
    def chain(self) -> tuple[tuple[str, str], ...]:
        """Resources of the service as (id, what starts), first to last; stop is the reverse."""
        steps = []
        if self.replicated:
            steps.append((f"drbd-{self.replicated.name}-clone", "promote"))
        if self.storage:
            steps.append((f"fs-{self.storage.name}", "mount"))
        steps.append((f"service-{self.application.name}", "service"))
        ends = [(f"vip-{self.vip.name}", "virtual address")]
        if self.load_balancer:
            # Pacemaker asks a unit that it has started for 2 s: nothing should have to wait for it
            at = 1 if self.manager == "pacemaker" and not self.everywhere else 0
            ends.insert(at, (f"haproxy-{self.application.name}", "load balancer"))
        return (*steps, *ends)

    @property
    def ipmi(self) -> bool:
        """Whether fencing goes through ``ipmitool`` (the agents that are ``fence_ipmilan``)."""
        return any(fence.ipmi for fence in self.fencing)

    @property
    def priority_fencing_delay(self) -> int:
        """Head start in seconds of the half that runs the service, 0 unless there are two votes.

        With a third vote only one half keeps quorum and only it may fence, so a delay would merely
        lengthen every recovery.  Without one it must be at least twice the largest delay of a
        device, since the two add up, and give the order of the half to keep time to be carried out:
        twice what the slowest device takes.
        """
        if not self.quorum.two_node:
            return 0
        return max(2 * max(f.delay_seconds, f.switch_seconds) for f in self.fencing)
