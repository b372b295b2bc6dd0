"""The one cluster model that every file of a bundle is rendered from.

A :class:`ClusterModel` is derived from a site and a stack; what cannot become a safe cluster is
refused by :mod:`evaluator.bundle.check` before anything is rendered.  Networks keep the order of
the site file, so link 0 is the first network of purpose ``ring``.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from evaluator.bundle.check import refuse_unsafe
from evaluator.bundle.networks import (
    REACHABLE_BY_ALL,
    replication_networks,
    ring_networks,
    witness_network,
)
from evaluator.study.site import Endpoint, Node, Site
from evaluator.study.stack import Stack

DRBD_MODULE = "8.4.11"
"""Kernel module of the target (Debian 12, kernel 6.1); it decides the dialect of the resource."""

OPERATING_SYSTEM = "Debian 12"
SECRETS_FOLDER = "/etc/cluster-secrets"
ZCS_AGENT = "ocf:netnovation:zcs"
FENCE_DELAY_FLOOR_SECONDS = 10
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
    """A node that votes and can carry the service."""

    id: int
    name: str
    links: tuple[str, ...]
    replication: str
    addresses: tuple[tuple[str, str], ...]
    power: str
    login: str


@dataclass(frozen=True)
class Witness:
    """The host of the quorum device; it never carries the service."""

    name: str
    address: str
    network: str
    login: str
    addresses: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Quorum:
    """Majority by a quorum device, or the two-node rules when there is no witness."""

    witness: Witness | None
    algorithm: str = "ffsplit"
    device_votes: int = 1

    @property
    def two_node(self) -> bool:
        """Whether corosync's ``two_node`` (and with it ``wait_for_all``) must be set."""
        return self.witness is None


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
    """The replicated volume."""

    name: str
    device: str
    minor: int
    backing_disk: str
    port: int
    filesystem: str
    mount: str
    size_gib: int


@dataclass(frozen=True)
class Application:
    """The service as its resource agent sees it; all times in seconds."""

    name: str
    agent: str
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
        return "127.0.0.1" if ipaddress.ip_address(self.address).version == 4 else "::1"


@dataclass(frozen=True)
class ClusterModel:
    """Everything that the renderers may know; frozen, in the order of the site file."""

    name: str
    title: str
    domain: str
    links: tuple[Link, ...]
    members: tuple[Member, ...]
    quorum: Quorum
    fencing: tuple[Fence, ...]
    replication_network: str
    storage: Storage
    application: Application
    vip: Vip
    load_balancer: bool
    token_ms: int
    token_retransmits: int

    @property
    def chain(self) -> tuple[tuple[str, str], ...]:
        """Resources of the service as (id, what starts), first to last; stop is the reverse."""
        steps = [
            (f"drbd-{self.storage.name}-clone", "promote"),
            (f"fs-{self.storage.name}", "mount"),
            (f"service-{self.application.name}", "service"),
        ]
        if self.load_balancer:
            steps.append((f"haproxy-{self.application.name}", "load balancer"))
        return (*steps, (f"vip-{self.vip.name}", "virtual address"))

    @property
    def ipmi(self) -> bool:
        """Whether fencing goes through ``ipmitool`` (the agents that are ``fence_ipmilan``)."""
        return any(fence.ipmi for fence in self.fencing)

    @property
    def priority_fencing_delay(self) -> int:
        """Head start in seconds of the half that runs the service, 0 with a quorum device.

        With a quorum device only one half keeps quorum and only it may fence, so a delay would
        merely lengthen every recovery.  Without one it must be at least twice the largest delay
        of a device, since the two add up.
        """
        if not self.quorum.two_node:
            return 0
        return max(FENCE_DELAY_FLOOR_SECONDS, *(2 * f.delay_seconds for f in self.fencing))


def _login(node: Node, site: Site) -> str:
    for purpose in REACHABLE_BY_ALL:
        for network in site.networks:
            if network.purpose == purpose and network.name in node.addresses:
                return node.addresses[network.name]
    return next(iter(node.addresses.values()))


def _fences(site: Site, targets: list[str], race: bool) -> tuple[Fence, ...]:
    found = []
    for target in targets:
        devices = [d for d in site.fence_devices if target in d.plugs]
        for level, d in enumerate(devices, start=1):
            found.append(
                Fence(
                    id=f"fence-{target}" if len(devices) == 1 else f"fence-{target}-{level}",
                    device=d.name,
                    target=target,
                    level=level,
                    agent=d.agent,
                    address=d.address,
                    plug=d.plugs[target],
                    delay_seconds=d.delay_seconds if race else 0,
                    username=d.username,
                    secret=d.secret,
                    options=tuple(sorted(d.options.items())),
                )
            )
    return tuple(found)


def build(site: Site, stack: Stack) -> ClusterModel:
    """Derive the cluster from a site and a stack.

    Parameters
    ----------
    site : Site
        Where the cluster is to run.
    stack : Stack
        What it is to be made of.

    Returns
    -------
    ClusterModel

    Raises
    ------
    EvaluationError
        With every finding of :func:`evaluator.bundle.check.findings`, exit code 2.
    """
    refuse_unsafe(site, stack)
    networks = {n.name: n for n in site.networks}
    rings = ring_networks(site)
    replication = replication_networks(site)[0].name
    data = [n for n in site.nodes if n.role == "data"]
    witnesses = [n for n in site.nodes if n.role == "witness"]
    service, volume, address = site.services[0], site.volumes[0], site.virtual_addresses[0]
    witness = None
    reach = witness_network(site)
    if witnesses and reach:
        w = witnesses[0]
        witness = Witness(
            name=w.name,
            address=w.addresses[reach.name],
            network=reach.name,
            login=_login(w, site),
            addresses=tuple(w.addresses.items()),
        )
    return ClusterModel(
        name=site.id,
        title=stack.name,
        domain=site.domain,
        links=tuple(Link(number, n.name, n.cidr, 5405 + number) for number, n in enumerate(rings)),
        members=tuple(
            Member(
                id=number,
                name=n.name,
                links=tuple(n.addresses[r.name] for r in rings),
                replication=n.addresses[replication],
                addresses=tuple(n.addresses.items()),
                power=n.power,
                login=_login(n, site),
            )
            for number, n in enumerate(data, start=1)
        ),
        quorum=Quorum(witness),
        fencing=_fences(site, [n.name for n in data], race=witness is None),
        replication_network=replication,
        storage=Storage(
            name=volume.name,
            device=f"/dev/drbd{volume.minor}",
            minor=volume.minor,
            backing_disk=volume.backing_disk,
            port=volume.port,
            filesystem=volume.filesystem,
            mount=volume.mount,
            size_gib=volume.size_gib,
        ),
        application=Application(
            name=service.name,
            agent=service.agent,
            parameters=tuple(sorted(service.parameters.items())),
            start_timeout=service.start_timeout_seconds,
            stop_timeout=service.stop_timeout_seconds,
            monitor_interval=service.monitor_interval_seconds,
            monitor_timeout=service.monitor_timeout_seconds,
            endpoints=tuple(service.endpoints),
        ),
        vip=Vip(
            name=address.name,
            address=address.address,
            prefix=ipaddress.ip_network(networks[address.network].cidr).prefixlen,
            network=address.network,
        ),
        load_balancer="haproxy" in stack.components.values(),
        token_ms=site.timing.token_ms,
        token_retransmits=site.timing.token_retransmits_before_loss_const,
    )
