"""The network scheme, drawn from the site: positions follow from what is there."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluator.report.case import Case
from evaluator.report.figures.canvas import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    VERMILION,
    WIDTH,
    drawn,
    label,
)
from evaluator.report.figures.sheet import box, canvas
from evaluator.study.site import FenceDevice, Network, Node, Site

NETWORK_COLOURS = {"service": BLUE, "ring": GREEN, "replication": ORANGE, "management": PURPLE}
NETWORK_ORDER = ("service", "ring", "replication", "management")


@drawn
def network(case: Case) -> Figure | None:
    """Networks as buses, nodes and fence devices at the places where they are plugged in."""
    site = case.site
    nodes = list(site.nodes)
    if not nodes or not site.networks:
        return None
    order = {purpose: at for at, purpose in enumerate(NETWORK_ORDER)}
    nets = sorted(site.networks, key=lambda n: (order[n.purpose], n.name))
    above = [n for n in nets if n.purpose == "service"]
    below = [n for n in nets if n.purpose != "service"]
    pitch = max(1.9, 0.42 * len(below) + 0.9)
    left, gap = 1.32, 0.38
    width = max(WIDTH, left + pitch * len(nodes) + 0.1)
    pitch = (width - left - 0.1) / len(nodes)
    bus_y = {n.name: 0.62 + gap * at for at, n in enumerate(above)}
    node_top = 0.62 + gap * len(above) + 0.06
    node_height = 0.62
    first_below = node_top + node_height + 0.38
    bus_y |= {n.name: first_below + gap * at for at, n in enumerate(below)}
    fence_top = first_below + gap * len(below) + 0.12
    height = fence_top + (0.78 if site.fence_devices else 0.05)
    figure, axes = canvas(width, height)
    _buses(axes, nets, bus_y, width, left)
    _clients(axes, site, above, bus_y, (left, pitch))
    for at, node in enumerate(nodes):
        _node(axes, node, left + pitch * at, pitch, (node_top, node_height), (above, below), bus_y)
    _fences(axes, site.fence_devices, bus_y, fence_top, (left, width))
    return figure


def _buses(
    axes: Axes, nets: Sequence[Network], bus_y: dict[str, float], width: float, left: float
) -> None:
    for net in nets:
        y = bus_y[net.name]
        colour = NETWORK_COLOURS[net.purpose]
        axes.plot([left, width - 0.1], [y, y], color=colour, linewidth=2.4, solid_capstyle="round")
        axes.text(
            0.06,
            y - 0.055,
            label(net.name, 19),
            fontsize=7.2,
            fontweight="bold",
            va="center",
            color=INK,
        )
        axes.text(0.06, y + 0.07, label(net.cidr, 24), fontsize=6.6, va="center", color=MUTED)


def _clients(
    axes: Axes,
    site: Site,
    above: Sequence[Network],
    bus_y: dict[str, float],
    columns: tuple[float, float],
) -> None:
    left, pitch = columns
    box(axes, left, 0.02, 0.85, 0.36, ["clients"], size=7)
    if above:
        axes.plot([left + 0.4, left + 0.4], [0.38, bus_y[above[0].name]], color=MUTED, lw=0.8)
    # between the columns of two nodes, where no address of a node stands
    x = first = left + pitch - 0.14
    for vip in site.virtual_addresses:
        text = f"{label(vip.name, 20)} {vip.address}"
        if vip.network in bus_y:
            axes.plot(
                [x],
                [bus_y[vip.network]],
                "D",
                color=VERMILION,
                markersize=5,
                markeredgecolor=INK,
                markeredgewidth=0.5,
                zorder=5,
            )
        axes.text(x, 0.3, text, fontsize=6.6, va="center")
        axes.plot([x, x], [0.37, bus_y.get(vip.network, 0.4)], color=VERMILION, lw=0.6, ls=":")
        x += max(pitch, len(text) * 6.6 * 0.62 / 72 + 0.15)
    if site.virtual_addresses:
        axes.text(
            first,
            0.12,
            "virtual addresses, on the active node",
            fontsize=6.6,
            color=MUTED,
            va="center",
        )


def _node(
    axes: Axes,
    node: Node,
    x: float,
    pitch: float,
    vertical: tuple[float, float],
    nets: tuple[Sequence[Network], Sequence[Network]],
    bus_y: dict[str, float],
) -> None:
    top, height = vertical
    box_x, box_width = x + 0.06, pitch - 0.5
    for above, group in zip((True, False), nets, strict=True):
        plugged = [n for n in group if n.name in node.addresses]
        for at, net in enumerate(plugged):
            # the nearest bus is joined at the right, so that its address does not meet the
            # lines that go on to the farther ones
            place = box_x + box_width * (len(plugged) - at) / (len(plugged) + 1)
            y, colour = bus_y[net.name], NETWORK_COLOURS[net.purpose]
            axes.plot([place, place], [top if above else top + height, y], color=colour, lw=1.1)
            axes.plot([place], [y], "o", color=colour, markersize=3.6)
            axes.text(
                place + 0.045,
                y - 0.085,
                node.addresses[net.name],
                fontsize=6.5,
                va="center",
                color=INK,
            )
    fill = "#dcebf7" if node.role == "data" else "#f6ead2"
    lines = [node.name, f"{node.role} node", f"power: {node.power}"]
    box(axes, box_x, top, box_width, height, lines, fill=fill, size=7.2, ink="#1a1d21")


def _fences(
    axes: Axes,
    devices: Sequence[FenceDevice],
    bus_y: dict[str, float],
    top: float,
    horizontal: tuple[float, float],
) -> None:
    left, right = horizontal
    if not devices:
        return
    axes.text(0.06, top + 0.3, "fence devices", fontsize=7.2, fontweight="bold", va="center")
    pitch = (right - left - 0.1) / len(devices)
    for at, device in enumerate(devices):
        x = left + pitch * at + 0.06
        width = min(pitch - 0.12, 2.5)
        if device.network in bus_y:
            axes.plot([x + width / 2] * 2, [bus_y[device.network], top], color=PURPLE, lw=1.1)
            axes.plot([x + width / 2], [bus_y[device.network]], "o", color=PURPLE, markersize=3.6)
        plugs = ", ".join(device.plugs)
        box(
            axes,
            x,
            top,
            width,
            0.66,
            [device.name, device.address, f"switches {plugs}"],
            fill="#f3e3ee",
            size=6.6,
            ink="#1a1d21",
        )
