"""From what is declared to the model that the renderers read."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from evaluator.cluster import probe
from evaluator.cluster.check import refuse_unsafe
from evaluator.cluster.declaration import Declaration
from evaluator.cluster.model import (
    ZCS_AGENT,
    Application,
    ClusterModel,
    Fence,
    Link,
    Member,
    Quorum,
    Storage,
    Vip,
    Watchdog,
    Witness,
)
from evaluator.cluster.networks import (
    REACHABLE_BY_ALL,
    replication_networks,
    ring_networks,
    witness_network,
)
from evaluator.findings import Where
from evaluator.study.site import Node, Sbd, Service, Topology, Volume

TOTEM_PORT = 5405


def build(declaration: Declaration, places: Mapping[str, Where] | None = None) -> ClusterModel:
    """Derive the cluster from its declaration.

    Parameters
    ----------
    declaration : Declaration
        What the cluster is to be.
    places : Mapping[str, Where], optional
        Where each value was written, by dotted path, so that findings can point there.

    Raises
    ------
    EvaluationError
        With every finding of :func:`evaluator.cluster.check.findings`, exit code 2.
    """
    refuse_unsafe(declaration, places or {})
    pacemaker = declaration.stack.profile == "pacemaker"
    networks = {n.name: n for n in declaration.networks}
    rings, replication = ring_networks(declaration), replication_networks(declaration)
    service, address = declaration.services[0], declaration.virtual_addresses[0]
    volume = next((v for v in declaration.volumes if v.name == service.volume), None)
    replicated = replication[0].name if volume and volume.kind == "drbd" else ""
    roles = ("data", "voter") if pacemaker else ("data",)
    voting = [n for n in declaration.nodes if n.role in roles]
    witness = _witness(declaration) if pacemaker else None
    quorum = Quorum(witness, len(voting))
    timing = declaration.timing
    return ClusterModel(
        declaration=declaration,
        manager=declaration.stack.profile,
        links=tuple(
            Link(number, n.name, n.cidr, TOTEM_PORT + number) for number, n in enumerate(rings)
        ),
        members=tuple(
            Member(
                id=number,
                name=n.name,
                carries=n.role == "data",
                links=tuple(n.addresses[r.name] for r in rings),
                replication=n.addresses[replicated] if replicated and n.role == "data" else "",
                addresses=n.addresses,
                power=n.power,
                login=_login(n, declaration),
            )
            for number, n in enumerate(voting, start=1)
        ),
        quorum=quorum,
        fencing=_fences(declaration, [n.name for n in voting], race=quorum.two_node)
        if pacemaker
        else (),
        watchdog=_watchdog(declaration.sbd) if pacemaker and declaration.sbd else None,
        storage=_storage(volume) if volume else None,
        application=_application(declaration, service),
        vip=Vip(
            name=address.name,
            address=address.address,
            prefix=ipaddress.ip_network(networks[address.network].cidr).prefixlen,
            network=address.network,
        ),
        load_balancer="haproxy" in declaration.stack.components.values(),
        token_ms=timing.token_ms,
        token_retransmits=timing.token_retransmits_before_loss_const,
        dc_deadtime=timing.dc_deadtime_seconds,
    )


def _watchdog(sbd: Sbd) -> Watchdog:
    timeout = sbd.watchdog_timeout_seconds
    msgwait = sbd.msgwait_timeout_seconds or 2 * timeout
    return Watchdog(sbd.watchdog, timeout, msgwait, tuple(sbd.devices))


def _application(declaration: Declaration, service: Service) -> Application:
    parameters = dict(service.parameters)
    if service.agent == ZCS_AGENT and (asked := probe.derived(declaration)):
        parameters.setdefault(probe.PARAMETER, asked)
    return Application(
        name=service.name,
        agent=service.agent,
        stand_in=service.stand_in,
        parameters=tuple(sorted(parameters.items())),
        start_timeout=service.start_timeout_seconds,
        stop_timeout=service.stop_timeout_seconds,
        monitor_interval=service.monitor_interval_seconds,
        monitor_timeout=service.monitor_timeout_seconds,
        endpoints=tuple(service.endpoints),
    )


def _storage(volume: Volume) -> Storage:
    replicated = volume.kind == "drbd"
    return Storage(
        name=volume.name,
        drbd=volume.drbd if replicated else "",
        device=f"/dev/drbd{volume.minor}" if replicated else volume.backing_disk,
        minor=volume.minor,
        backing_disk=volume.backing_disk,
        port=volume.port,
        filesystem=volume.filesystem,
        mount=volume.mount,
        size_gib=volume.size_gib,
    )


def _witness(topology: Topology) -> Witness | None:
    reach = witness_network(topology)
    for node in topology.nodes:
        if node.role == "witness" and reach:
            return Witness(
                name=node.name,
                address=node.addresses[reach.name],
                network=reach.name,
                login=_login(node, topology),
                addresses=node.addresses,
            )
    return None


def _login(node: Node, site: Topology) -> str:
    for purpose in REACHABLE_BY_ALL:
        for network in site.networks:
            if network.purpose == purpose and network.name in node.addresses:
                return node.addresses[network.name]
    return next(iter(node.addresses.values()))


def _fences(site: Topology, targets: list[str], race: bool) -> tuple[Fence, ...]:
    found = []
    for target in targets:
        devices = [d for d in site.fence_devices if target in d.plugs]
        for number, d in enumerate(devices, start=1):
            found.append(
                Fence(
                    id=f"fence-{target}" if len(devices) == 1 else f"fence-{target}-{number}",
                    device=d.name,
                    target=target,
                    level=number if d.level is None else d.level,
                    agent=d.agent,
                    address=d.address,
                    plug=d.plugs[target],
                    delay_seconds=d.delay_seconds if race else 0,
                    switch_seconds=d.switch_seconds,
                    username=d.username,
                    secret=d.secret,
                    options=tuple(sorted(d.options.items())),
                )
            )
    return tuple(found)
