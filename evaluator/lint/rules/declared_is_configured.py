"""What a bundle declares is in its files."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.cluster import Declaration
from evaluator.findings import Finding, Where
from evaluator.formats.cib import Cib
from evaluator.lint.addresses import plain, virtual
from evaluator.lint.agents import FILESYSTEM
from evaluator.lint.configuration import Configuration
from evaluator.lint.proxies import EVERYWHERE, proxies
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "declared-is-configured",
    rationale="A bundle whose files leave out part of what cluster.yml declares builds a cluster "
    "that looks healthy and lacks the service, its address or its data.",
    remedy="render the bundle again from its cluster.yml, or change cluster.yml",
    source="ours",
)
def check(declaration: Declaration, configuration: Configuration) -> Iterator[Finding]:
    """Services, mounts, volumes, addresses, ports and fence devices are there."""
    if cib := configuration.cib:
        yield from _managed(declaration, cib)
    moved = {address.address for address in virtual(configuration)}
    for vip in declaration.virtual_addresses if _manager(configuration) else ():
        if plain(vip.address) not in moved:
            yield found(f"nothing moves the virtual address {vip.address}", _manager(configuration))
    if drbd := configuration.drbd:
        known = {resource.name for resource in resources(drbd)}
        for volume in declaration.volumes:
            if volume.kind == "drbd" and volume.name not in known:
                yield found(f"DRBD has no resource {volume.name!r}", drbd.where)
    if haproxy := configuration.haproxy:
        bound = {
            (plain(address) if address else "*", port)
            for proxy in proxies(haproxy)
            for address, port, _ in proxy.binds()
        }
        vips = {vip.name: plain(vip.address) for vip in declaration.virtual_addresses}
        for service in declaration.services:
            for endpoint in service.endpoints:
                address = vips.get(service.virtual_address, "")
                if not bound & {(a, endpoint.port) for a in (address, *EVERYWHERE)}:
                    message = f"HAProxy does not listen on {endpoint.port} ({endpoint.name})"
                    yield found(message, haproxy.where)


def _manager(configuration: Configuration) -> Where | None:
    if configuration.cib:
        return configuration.cib.where()
    trees = (configuration.haresources, *configuration.keepalived)
    return next((tree.where for tree in trees if tree), None)


def _managed(declared: Declaration, cib: Cib) -> Iterator[Finding]:
    agents = {cib.agent(primitive) for primitive in cib.primitives()}
    wanted = [service.agent for service in declared.services]
    if "haproxy" in declared.stack.components.values():
        wanted.append("systemd:haproxy")
    for agent in wanted:
        if agent not in agents:
            yield found(f"no resource of {agent} is in the CIB", cib.where())
    switches = {
        plain(entry.value)
        for device in cib.fence_devices()
        for key in ("ip", "ipaddr", "hostname")
        if (entry := cib.parameters(device).get(key))
    }
    for switch in declared.fence_devices:
        if plain(switch.address) not in switches:
            yield found(f"no fence device at {switch.address} ({switch.name})", cib.where())
    mounted = {
        entry.value
        for primitive in cib.primitives()
        if cib.agent(primitive) == FILESYSTEM
        and (entry := cib.parameters(primitive).get("directory"))
    }
    for volume in declared.volumes:
        if volume.mount not in mounted:
            yield found(f"nothing mounts {volume.mount}", cib.where())
