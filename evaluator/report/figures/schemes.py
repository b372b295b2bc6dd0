"""Schemes drawn from the site, the stack and the result; positions follow from what is there."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from evaluator.report.case import Case
from evaluator.report.figures.canvas import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PANEL,
    PURPLE,
    SKY,
    VERMILION,
    WIDTH,
    drawn,
    label,
)
from evaluator.report.prose import number
from evaluator.study.model import FenceDevice, Network, Node, Service, Site

NETWORK_COLOURS = {"service": BLUE, "ring": GREEN, "replication": ORANGE, "management": PURPLE}
NETWORK_ORDER = ("service", "ring", "replication", "management")


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A sheet whose coordinates are inches, origin at the top left."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return figure, axes


def _box(
    axes: Axes,
    x: float,
    y: float,
    width: float,
    height: float,
    lines: Sequence[str],
    *,
    fill: str = PANEL,
    edge: str = MUTED,
    size: float = 7.5,
    ink: str = INK,
) -> None:
    """A rounded box; its first line is bold, each line is wrapped to the width."""
    axes.add_patch(
        FancyBboxPatch(
            (x + 0.04, y + 0.04), width - 0.08, height - 0.08,
            boxstyle="round,pad=0.04,rounding_size=0.06", facecolor=fill, edgecolor=edge,
            linewidth=0.8,
        )
    )
    most = max(6, int((width - 0.12) * 72 / (size * 0.62)))
    wrapped = [
        (text, index == 0)
        for index, line in enumerate(lines)
        for text in (textwrap.wrap(label(line, most * 2), most) or [""])
    ]
    step = size * 1.32 / 72
    top = y + height / 2 - step * (len(wrapped) - 1) / 2
    for row, (text, bold) in enumerate(wrapped):
        axes.text(
            x + width / 2, top + row * step, text, ha="center", va="center_baseline",
            fontsize=size, fontweight="bold" if bold else "normal", color=ink,
        )


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    both: bool = False,
    colour: str = MUTED,
    style: str = "-",
) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="<|-|>" if both else "-|>", mutation_scale=8, color=colour,
            linewidth=1, linestyle=style, shrinkA=0, shrinkB=0,
        )
    )


# --- network --------------------------------------------------------------------------------


@drawn
def network(case: Case) -> Figure | None:
    """Networks as buses, nodes and fence devices at the places where they are plugged in."""
    site = case.study.site
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
    figure, axes = _canvas(width, height)
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
        axes.text(0.06, y - 0.055, label(net.name, 19), fontsize=7.2, fontweight="bold",
                  va="center", color=INK)
        axes.text(0.06, y + 0.07, label(net.cidr, 24), fontsize=6.6, va="center", color=MUTED)


def _clients(
    axes: Axes,
    site: Site,
    above: Sequence[Network],
    bus_y: dict[str, float],
    columns: tuple[float, float],
) -> None:
    left, pitch = columns
    _box(axes, left, 0.02, 0.85, 0.36, ["clients"], size=7)
    if above:
        axes.plot([left + 0.4, left + 0.4], [0.38, bus_y[above[0].name]], color=MUTED, lw=0.8)
    # between the columns of two nodes, where no address of a node stands
    x = first = left + pitch - 0.14
    for vip in site.virtual_addresses:
        text = f"{label(vip.name, 20)} {vip.address}"
        if vip.network in bus_y:
            axes.plot([x], [bus_y[vip.network]], "D", color=VERMILION, markersize=5,
                      markeredgecolor=INK, markeredgewidth=0.5, zorder=5)
        axes.text(x, 0.3, text, fontsize=6.6, va="center")
        axes.plot([x, x], [0.37, bus_y.get(vip.network, 0.4)], color=VERMILION, lw=0.6, ls=":")
        x += max(pitch, len(text) * 6.6 * 0.62 / 72 + 0.15)
    if site.virtual_addresses:
        axes.text(first, 0.12, "virtual addresses, on the active node", fontsize=6.6,
                  color=MUTED, va="center")


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
            axes.text(place + 0.045, y - 0.085, node.addresses[net.name], fontsize=6.5,
                      va="center", color=INK)
    fill = "#dcebf7" if node.role == "data" else "#f6ead2"
    lines = [node.name, f"{node.role} node", f"power: {node.power}"]
    _box(axes, box_x, top, box_width, height, lines, fill=fill, size=7.2, ink="#1a1d21")


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
        _box(axes, x, top, width, 0.66,
             [device.name, device.address, f"switches {plugs}"], fill="#f3e3ee", size=6.6,
             ink="#1a1d21")


# --- stack and service chain ----------------------------------------------------------------


@drawn
def stack(case: Case) -> Figure | None:
    """The layers of the shown stack on each node, and what joins them."""
    shown = case.shown_stack
    if shown is None or not shown.components:
        return None
    site = case.study.site
    known = [r.id for r in case.study.catalogue.roles]
    roles = [r for r in known if r in shown.components]
    roles += [r for r in shown.components if r not in known]
    data = [n for n in site.nodes if n.role == "data"] or list(site.nodes)
    witnesses = [n for n in site.nodes if n.role == "witness"]
    services = ", ".join(s.name for s in site.services) or "the service"
    system = str(site.operating_system.value)
    layers = [(services, "service"), *((case.name(shown.components[r]), case.role_name(r))
                                      for r in reversed(roles)), (system, "operating system")]
    columns = [*data, *witnesses]
    left, right, step, top = 0.1, 0.1, 0.46, 0.42
    width = WIDTH
    pitch = (width - left - right) / len(columns)
    box = pitch - 0.42
    height = top + step * len(layers) + 0.16
    figure, axes = _canvas(width, height)
    for at, node in enumerate(columns):
        x = left + pitch * at + 0.21
        whole = node.role == "data"
        axes.text(x + box / 2, 0.13, label(node.name, 26), ha="center", va="center",
                  fontsize=8, fontweight="bold")
        axes.text(x + box / 2, 0.28, f"{node.role} node", ha="center", va="center", fontsize=6.6,
                  color=MUTED)
        for level, (name, role) in enumerate(layers):
            y = top + step * level
            ends = level in (0, len(layers) - 1)
            if whole:
                fill = "#dfe9d8" if level == 0 else PANEL if ends else "#dcebf7"
                _box(axes, x, y, box, step - 0.05, [name, role], size=6.8, fill=fill,
                     ink=INK if fill == PANEL else "#1a1d21")
                if at and columns[at - 1].role == "data" and not ends:
                    _arrow(axes, (x - 0.42, y + step / 2 - 0.02), (x, y + step / 2 - 0.02),
                           both=True)
        if not whole:
            y = top + step * (len(layers) - 2)
            _box(axes, x, y, box, step - 0.05, ["vote for the quorum", "no data, no service"],
                 size=6.8, fill="#f6ead2", ink="#1a1d21")
            _box(axes, x, y + step, box, step - 0.05, [system, "operating system"], size=6.8)
            _arrow(axes, (x - 0.42, y + step / 2 - 0.02), (x, y + step / 2 - 0.02), both=True)
    return figure


_VERBS = {"service": "start", "virtual address": "address", "load balancer": "start"}


def chain_steps(case: Case, service: Service) -> list[tuple[str, str]]:
    """What happens, in order, when the node that carried ``service`` is lost.

    From the cluster of the bundle when there is one for that service, else from the site alone.
    """
    site = case.study.site
    if case.cluster and case.cluster.application.name == service.name:
        steps = [("fence", "lost node confirmed off")]
        return steps + [(_VERBS.get(what, what), name) for name, what in case.cluster.chain]
    volume = next((v for v in site.volumes if v.name == service.volume), None)
    vip = next((v for v in site.virtual_addresses if v.name == service.virtual_address), None)
    steps = [("fence", "lost node confirmed off")]
    if volume:
        steps += [("promote", volume.name), ("mount", f"{volume.mount} ({volume.filesystem})")]
    steps.append(("start", service.name))
    if vip:
        steps.append(("address", f"{vip.name} {vip.address}"))
    return steps


@drawn
def chain(case: Case) -> Figure | None:
    """The order in which a service is taken over, one line per service."""
    site = case.study.site
    rows = [chain_steps(case, s) for s in site.services]
    if not rows:
        return None
    fills = {"fence": "#f8ddd0", "promote": "#fbe9c6", "mount": "#fbe9c6", "start": "#dfe9d8",
             "address": "#dcebf7"}
    pitch = WIDTH / max(len(r) for r in rows)
    figure, axes = _canvas(WIDTH, 0.72 * len(rows) + 0.04)
    for line, steps in enumerate(rows):
        for at, (verb, what) in enumerate(steps):
            x, y = pitch * at, 0.72 * line + 0.04
            _box(axes, x, y, pitch - 0.22, 0.62, [f"{at + 1}. {verb}", what], size=6.8,
                 fill=fills[verb], ink="#1a1d21")
            if at:
                _arrow(axes, (x - 0.21, y + 0.31), (x - 0.01, y + 0.31), colour=INK)
    return figure


# --- pipeline -------------------------------------------------------------------------------


def pipeline_steps(case: Case) -> list[tuple[str, str]]:
    evaluation = case.evaluation
    items = sum(s.items for s in evaluation.sources)
    lights = sum(len(s.lights) for s in evaluation.stacks)
    return [
        ("study", f"{len(case.study.candidates)} candidates, {len(evaluation.stacks)} stacks"),
        ("mine", f"{len(evaluation.sources)} sources, {number(items)} items"),
        ("metrics", f"{number(len(evaluation.metrics))} values"),
        ("score", f"{lights} lights, {len(evaluation.weights)} criteria"),
        ("rank", f"{len(case.study.criteria.methods)} methods, "
                 f"{number(evaluation.draws)} draws"),
        ("select", f"{len(case.ranked)} ranked, {len(case.removed)} removed"),
    ]


@drawn
def pipeline(case: Case) -> Figure | None:
    """The line from the question to the choice, with what passed through each stage."""
    steps = pipeline_steps(case)
    pitch = WIDTH / len(steps)
    figure, axes = _canvas(WIDTH, 0.98)
    for at, (stage, what) in enumerate(steps):
        x = pitch * at
        last = at == len(steps) - 1
        _box(axes, x, 0.06, pitch - 0.2, 0.82, [stage, *what.split(", ")], size=6.8,
             fill="#dfe9d8" if last else "#dcebf7", ink="#1a1d21", edge=SKY if not last else GREEN)
        if at:
            _arrow(axes, (x - 0.19, 0.47), (x - 0.01, 0.47), colour=INK)
    return figure
