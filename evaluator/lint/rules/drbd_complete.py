"""A DRBD resource has hosts, and each host an address, a device, a disk and metadata."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import Resource, resources

NEEDED = ("device", "disk", "meta-disk")


@rule(
    "drbd-complete",
    rationale="A resource that lacks a part does not come up: the data are on one node only, and "
    "nobody is told before that node is lost.",
    remedy="give each 'on HOST' an address, and device, disk and meta-disk to it or the resource",
    source="drbd-conf-man",
)
def check(drbd: Entry) -> Iterator[Finding]:
    """Two hosts or more, complete, connected, and all with a ``node-id`` or none."""
    for resource in resources(drbd):
        if not resource.entry.all("floating") and not resource.entry.all("stacked-on-top-of"):
            yield from _hosts(resource)


def _hosts(resource: Resource) -> Iterator[Finding]:
    where, hosts = resource.entry.where, resource.hosts
    said = f"resource {resource.name!r}"
    if len(hosts) < 2:
        yield found(f"{said} has {len(hosts)} hosts (sections 'on')", where)
    connections = resource.entry.all("connection")
    apart = {e.values[0]: e for c in connections for e in c.all("host") if len(e.values) > 1}
    shared = _parts(resource.entry)
    for name, host in hosts.items():
        for part in NEEDED:
            if part not in shared and part not in _parts(host):
                yield found(f"{said} has no {part} on {name}", host.where)
        if host.get("address") is None and name not in apart:
            yield found(f"{said} has no address on {name}", host.where)
    numbered = {name for name, host in hosts.items() if host.get("node-id")}
    if resource.dialect == "9" and numbered != set(hosts):
        names = ", ".join(sorted(set(hosts) - numbered))
        yield found(f"{said} has no node-id on {names}", where)
    meshes = [h.values for m in resource.entry.all("connection-mesh") for h in m.all("hosts")]
    for mesh in resource.entry.all("connection-mesh"):
        if not any(mesh.all("hosts")):
            yield found(f"{said} has a connection-mesh without hosts", mesh.where)
    if len(hosts) > 2 and not connections and not any(set(hosts) <= set(m) for m in meshes):
        yield found(f"{said} does not connect all of its {len(hosts)} hosts", where)


def _parts(owner: Entry) -> set[str]:
    """Which of the needed statements stand in a section or in its volumes."""
    volumes = owner.all("volume")
    inside = [{e.key for e in volume.children if e.values} for volume in volumes]
    return {e.key for e in owner.children if e.values and not e.children}.union(*inside)
