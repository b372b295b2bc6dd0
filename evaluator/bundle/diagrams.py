"""The stack and the networks of a cluster as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from evaluator.bundle.drawing import Drawing
from evaluator.cluster.model import ClusterModel

WIDTH = 1000.0
MARGIN = 20.0
GAP = 24.0
NARROWEST = 190.0
"""A column narrower than this cannot be read; with more columns the picture grows."""
LABELS = 250.0
"""Room for the names of the networks, left of the nodes."""

MANAGERS = {
    "pacemaker": "Pacemaker, Corosync",
    "keepalived": "keepalived (VRRP)",
    "heartbeat": "Heartbeat",
}
COLOURS = {"service": "green", "ring": "blue", "replication": "orange", "management": "purple"}


class Layer(NamedTuple):
    """A layer of the stack; ``turn`` is 0 where nothing is started when the service moves.

    ``everywhere`` tells whether it runs on all nodes at once, ``joined`` whether each copies it to
    the others.
    """

    turn: int
    name: str
    detail: str
    everywhere: bool
    joined: bool = False


class Host(NamedTuple):
    """A machine in the picture of the networks."""

    name: str
    role: str
    power: str
    addresses: Mapping[str, str]


def stack(cluster: ClusterModel) -> bytes:
    """Draw what runs on which machine, and the order in which it starts."""
    witness, storage = cluster.quorum.witness, cluster.storage
    shared = storage if storage and not storage.drbd else None
    # carriers first: their layers are joined, the others stand beside them
    members = [*cluster.carriers, *(m for m in cluster.members if not m.carries)]
    columns = len(members) + bool(witness)
    width = max(WIDTH, 2 * MARGIN + columns * (NARROWEST + GAP) - GAP)
    column = (width - 2 * MARGIN + GAP) / columns - GAP
    picture = Drawing(f"Stack of cluster {cluster.name}", width)
    layers = _layers(cluster)
    top, step = 166.0, 60.0
    floor = top + 68 + step * max(len(layers), 2)
    reach = len(cluster.carriers) * (column + GAP) - GAP
    _clients(picture, cluster, reach, _turn(cluster, layers))
    manager = MANAGERS[cluster.manager] + (", SBD" if cluster.watchdog else "")
    for place, member in enumerate(members):
        x = MARGIN + place * (column + GAP)
        middle = x + column / 2
        _machine(picture, x, top, column, floor, member.name)
        picture.box(x + 8, top + 34, column - 16, 26)
        picture.text(middle, top + 52, manager, column - 24, 12, "", "middle")
        if not member.carries:
            for row, line in enumerate(("has a vote, and never", "carries the service")):
                picture.text(middle, top + 92 + 18 * row, line, column - 24, 12, "quiet", "middle")
            continue
        active = place == 0
        wire = "wire" if active or layers[-1].everywhere else "wire waiting"
        picture.line(middle, 132, middle, top, wire)
        if shared:
            picture.line(middle, floor, middle, floor + GAP, wire)
        for row, layer in enumerate(reversed(layers)):
            y = top + 68 + step * row
            if layer.joined and place:
                picture.line(x - GAP - 8, y + 24, x + 8, y + 24, "bar orange")
            _layer(picture, x + 8, y, column - 16, layer, layer.everywhere or active)
    if witness:
        x = MARGIN + len(members) * (column + GAP)
        _machine(picture, x, top, column, floor, witness.name)
        quorum_device = Layer(0, "corosync-qnetd", "the deciding vote", True)
        _layer(picture, x + 8, top + 34, column - 16, quorum_device, True)
    if shared:
        # one disk, outside of all machines: what is written there is there for all of them
        disk = Layer(0, "shared disk", shared.backing_disk, True)
        _layer(picture, MARGIN, floor + GAP, reach, disk, True)
        floor += GAP + 48
    for row, line in enumerate(_legend(cluster)):
        picture.text(MARGIN, floor + 26 + 18 * row, line, width - 2 * MARGIN, 12, "quiet")
    return picture.svg(floor + 58)


def _clients(picture: Drawing, cluster: ClusterModel, reach: float, turn: int) -> None:
    vip, middle = cluster.vip, MARGIN + reach / 2
    picture.box(middle - 90, 12, 180, 34)
    picture.text(middle, 34, "clients", 160, 14, "strong", "middle")
    picture.line(middle, 46, middle, 76)
    picture.box(MARGIN, 76, reach, 56)
    if not cluster.everywhere:
        picture.badge(MARGIN + 20, 104, turn)
    words = f"{vip.name}.{cluster.domain} · {vip.address}/{vip.prefix}"
    picture.text(middle + 12, 99, words, reach - 70, 14, "strong", "middle")
    ports = ", ".join(f"{e.name} {e.port}" for e in cluster.application.endpoints)
    words = f"on one node at a time: {ports}"
    picture.text(middle + 12, 119, words, reach - 70, 12, "quiet", "middle")


def _machine(picture: Drawing, x: float, top: float, width: float, floor: float, name: str) -> None:
    picture.box(x, top, width, floor - top, "frame")
    picture.text(x + width / 2, top + 24, name, width - 20, 15, "strong", "middle")


def _layer(picture: Drawing, x: float, y: float, width: float, layer: Layer, running: bool) -> None:
    picture.box(x, y, width, 48, "box" if running else "box waiting")
    left = 34.0 if layer.turn else 6.0
    if layer.turn:
        picture.badge(x + 18, y + 24, layer.turn)
    middle, room = x + (left + width) / 2 - 3, width - left - 6
    picture.text(middle, y + 21, layer.name, room, 13, "strong", "middle")
    picture.text(middle, y + 38, layer.detail, room, 11, "quiet", "middle")


def _layers(cluster: ClusterModel) -> list[Layer]:
    """The layers of a node from the bottom up."""
    app, storage, everywhere = cluster.application, cluster.storage, cluster.everywhere
    # keepalived moves the address first; where all runs everywhere nothing has a turn
    turn = 2 if cluster.manager == "keepalived" else 1
    layers = []
    started = []
    if cluster.replicated:
        layers.append(Layer(0, "disk", cluster.replicated.backing_disk, True))
        started.append((f"DRBD {cluster.replicated.drbd}", "protocol C, one promoted", True))
    if storage:
        started.append((storage.filesystem, storage.mount, False))
    started.append((app.name, app.agent, everywhere))
    if cluster.load_balancer:
        what = "shares clients out" if everywhere else "public ports"
        started.append(("HAProxy", what, everywhere))
    for number, (name, detail, always) in enumerate(started, start=turn):
        joined = name.startswith("DRBD")
        # with Pacemaker the address comes before HAProxy
        number += cluster.manager == "pacemaker" and name == "HAProxy"
        layers.append(Layer(0 if everywhere else number, name, detail, always, joined))
    return layers


def _turn(cluster: ClusterModel, layers: list[Layer]) -> int:
    """When the address comes: last, before HAProxy with Pacemaker, and with keepalived first."""
    if cluster.manager == "keepalived":
        return 1
    last = max(layer.turn for layer in layers)
    return last - 1 if cluster.manager == "pacemaker" and cluster.load_balancer else last + 1


def _legend(cluster: ClusterModel) -> list[str]:
    if cluster.everywhere:
        return ["Everything runs on all nodes; only the address moves."]
    lines = ["Numbers: the order of start; stop is the reverse. Dashed: starts here when it moves."]
    if cluster.manager == "pacemaker":
        lines.append("A lost node is powered off before anything of its is started elsewhere.")
    else:
        lines.append("No fencing and no quorum: nodes that do not hear each other both start it.")
    return lines


def network(cluster: ClusterModel) -> bytes:
    """Draw networks, addresses, links, fence devices and power feeds."""
    hosts = _hosts(cluster)
    width = max(WIDTH, 2 * MARGIN + LABELS + len(hosts) * NARROWEST)
    column = (width - 2 * MARGIN - LABELS) / len(hosts)
    picture = Drawing(f"Networks of cluster {cluster.name}", width)
    fenced = _devices(cluster)
    used = {name for host in hosts for name in host.addresses}
    # service first, since clients come from above; what has fence devices last: these hang below
    networks = sorted(
        (n for n in cluster.declaration.networks if n.name in used | fenced.keys()),
        key=lambda n: (n.purpose != "service", n.name in fenced),
    )
    height = {n.name: 158 + 74.0 * row for row, n in enumerate(networks)}
    links = {link.network: link for link in cluster.links}
    for place, host in enumerate(hosts):
        x = MARGIN + LABELS + place * column
        picture.line(x + 16, 82, x + 16, max(height[name] for name in host.addresses))
        picture.box(x, 16, column - 12, 68)
        picture.text(x + 12, 38, host.name, column - 36, 15, "strong")
        picture.text(x + 12, 57, host.role, column - 36, 11, "quiet")
        picture.text(x + 12, 74, f"power: {host.power}", column - 36, 11, "quiet")
    for net in networks:
        y, colour, link = height[net.name], COLOURS[net.purpose], links.get(net.name)
        picture.line(MARGIN, y, width - MARGIN, y, f"bar {colour}")
        what = "" if net.purpose in net.name else f": {net.purpose}"
        if link:
            port = f", UDP {link.port}" if cluster.manager == "pacemaker" else ""
            what = f": link {link.number}{port}"
        picture.text(MARGIN, y - 26, f"{net.name}{what}", LABELS - 12, 13, "strong")
        picture.text(MARGIN, y - 9, net.cidr, LABELS - 12, 12)
        if net.name == cluster.vip.network:
            words = f"clients use {cluster.vip.address}"
            picture.text(MARGIN, y + 19, words, LABELS - 12, 12, "quiet")
        for place, host in enumerate(hosts):
            if net.name in host.addresses:
                x = MARGIN + LABELS + place * column + 16
                picture.dot(x, y, colour)
                picture.text(x + 12, y - 10, host.addresses[net.name], column - 36, 12)
    y = 158 + 74.0 * len(networks) - 38
    for name, devices in fenced.items():
        y = _below(picture, name, devices, height[name], y)
    return picture.svg(y + 4)


def _hosts(cluster: ClusterModel) -> list[Host]:
    witness = cluster.quorum.witness
    hosts = [
        Host(m.name, "carries the service" if m.carries else "votes only", m.power, m.addresses)
        for m in cluster.members
    ]
    if witness:
        power = next(n.power for n in cluster.declaration.nodes if n.name == witness.name)
        hosts.append(Host(witness.name, "quorum device", power, witness.addresses))
    return hosts


def _devices(cluster: ClusterModel) -> dict[str, list[tuple[str, str, str]]]:
    """Lines about each fence device, by its network."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for device in cluster.declaration.fence_devices:
        switches = [f for f in cluster.fencing if f.device == device.name]
        if switches:
            targets = ", ".join(f.target for f in switches)
            lines = (
                device.name,
                f"{device.address} · switches {targets}",
                f"{device.agent} · power: {device.power}",
            )
            found.setdefault(device.network, []).append(lines)
    return found


def _below(
    picture: Drawing, name: str, devices: list[tuple[str, str, str]], bar: float, top: float
) -> float:
    """Draw the fence devices of a network below it; gives the height at which they end."""
    per_row = max(1, int((picture.width - 2 * MARGIN) // 310))
    room = (picture.width - 2 * MARGIN - 24) / min(per_row, len(devices))
    rows = -(-len(devices) // per_row)
    picture.line(MARGIN + LABELS - 20, bar, MARGIN + LABELS - 20, top + 18)
    picture.box(MARGIN, top + 18, picture.width - 2 * MARGIN, 28 + 78 * rows, "frame")
    picture.text(MARGIN + 12, top + 38, f"fence devices on {name}", 400, 12, "quiet")
    for number, lines in enumerate(devices):
        x = MARGIN + 12 + (number % per_row) * room
        y = top + 46 + 78 * (number // per_row)
        picture.box(x, y, room - 12, 66)
        for row, words in enumerate(lines):
            size, kind = (14, "strong") if row == 0 else (11, "quiet")
            picture.text(x + 12, y + 21 + 18 * row, words, room - 36, size, kind)
    return top + 18 + 28 + 78 * rows + 16
