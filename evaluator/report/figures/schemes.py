"""Schemes of the stack, the service chain and the pipeline, drawn from the result."""

from __future__ import annotations

from matplotlib.figure import Figure

from evaluator.report.case import Case
from evaluator.report.figures.canvas import GREEN, INK, MUTED, PANEL, SKY, WIDTH, drawn, label
from evaluator.report.figures.sheet import arrow, box, canvas
from evaluator.report.prose import number
from evaluator.study.site import Service

TALKING = {"membership", "resource-management", "storage"}
"""Roles whose parts talk to their like on the other nodes; the others work for their own node."""


@drawn
def stack(case: Case) -> Figure | None:
    """The layers of the shown stack on each node, and what joins them."""
    shown = case.shown_stack
    if shown is None or not shown.components:
        return None
    site = case.site
    known = [r.id for r in case.study.catalogue.roles]
    roles = [r for r in known if r in shown.components]
    roles += [r for r in shown.components if r not in known]
    data = [n for n in site.nodes if n.role == "data"] or list(site.nodes)
    witnesses = [n for n in site.nodes if n.role == "witness"]
    services = ", ".join(s.name for s in site.services) or "the service"
    system = str(site.operating_system.value)
    layers = [
        (services, "service"),
        *((case.name(shown.components[r]), case.role_name(r)) for r in reversed(roles)),
        (system, "operating system"),
    ]
    talking = [role in TALKING for role in ("", *reversed(roles), "")]
    device = case.cluster.quorum.witness if case.cluster else None
    columns = [*data, *witnesses]
    left, right, step, top = 0.1, 0.1, 0.46, 0.42
    width = WIDTH
    pitch = (width - left - right) / len(columns)
    side = pitch - 0.42
    height = top + step * len(layers) + 0.16
    figure, axes = canvas(width, height)
    for at, node in enumerate(columns):
        x = left + pitch * at + 0.21
        whole = node.role == "data"
        axes.text(
            x + side / 2,
            0.13,
            label(node.name, 26),
            ha="center",
            va="center",
            fontsize=8,
            fontweight="bold",
        )
        axes.text(
            x + side / 2,
            0.28,
            f"{node.role} node",
            ha="center",
            va="center",
            fontsize=6.6,
            color=MUTED,
        )
        for level, (name, role) in enumerate(layers):
            y = top + step * level
            ends = level in (0, len(layers) - 1)
            if whole:
                fill = "#dfe9d8" if level == 0 else PANEL if ends else "#dcebf7"
                box(
                    axes,
                    x,
                    y,
                    side,
                    step - 0.05,
                    [name, role],
                    size=6.8,
                    fill=fill,
                    ink=INK if fill == PANEL else "#1a1d21",
                )
                if at and columns[at - 1].role == "data" and talking[level]:
                    arrow(
                        axes, (x - 0.42, y + step / 2 - 0.02), (x, y + step / 2 - 0.02), both=True
                    )
        if not whole:
            y = top + step * (len(layers) - 2)
            box(
                axes,
                x,
                y,
                side,
                step - 0.05,
                [
                    "corosync-qnetd" if device else "vote for the quorum",
                    "votes; no data, no service",
                ],
                size=6.8,
                fill="#f6ead2",
                ink="#1a1d21",
            )
            box(axes, x, y + step, side, step - 0.05, [system, "operating system"], size=6.8)
            if "membership" in roles:
                beside = top + step * (1 + list(reversed(roles)).index("membership"))
                middle = step / 2 - 0.02
                arrow(axes, (x - 0.42, beside + middle), (x, y + middle), both=True)
    return figure


_VERBS = {"service": "start", "virtual address": "address", "load balancer": "start"}


def chain_steps(case: Case, service: Service) -> list[tuple[str, str]]:
    """What happens, in order, when the node that carried ``service`` is lost.

    From the cluster of the bundle when there is one for that service, else from the site alone.
    """
    site = case.site
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
    site = case.site
    rows = [chain_steps(case, s) for s in site.services]
    if not rows:
        return None
    fills = {
        "fence": "#f8ddd0",
        "promote": "#fbe9c6",
        "mount": "#fbe9c6",
        "start": "#dfe9d8",
        "address": "#dcebf7",
    }
    pitch = WIDTH / max(len(r) for r in rows)
    figure, axes = canvas(WIDTH, 0.72 * len(rows) + 0.04)
    for line, steps in enumerate(rows):
        for at, (verb, what) in enumerate(steps):
            x, y = pitch * at, 0.72 * line + 0.04
            box(
                axes,
                x,
                y,
                pitch - 0.22,
                0.62,
                [f"{at + 1}. {verb}", what],
                size=6.8,
                fill=fills[verb],
                ink="#1a1d21",
            )
            if at:
                arrow(axes, (x - 0.21, y + 0.31), (x - 0.01, y + 0.31), colour=INK)
    return figure


# --- pipeline -------------------------------------------------------------------------------


def pipeline_steps(case: Case) -> list[tuple[str, str]]:
    evaluation = case.evaluation
    items = sum(s.items for s in evaluation.sources)
    lights = sum(len(found) for found in case.lights.values())
    return [
        (
            "study",
            f"{len(case.study.candidates)} candidates"
            + (f", {len(evaluation.stacks)} stacks" if case.subject == "stack" else ""),
        ),
        ("mine", f"{len(evaluation.sources)} sources, {number(items)} items"),
        ("metrics", f"{number(len(evaluation.metrics))} values"),
        ("score", f"{number(lights)} lights, {len(evaluation.weights)} criteria"),
        ("rank", f"{len(case.study.criteria.methods)} methods, {number(evaluation.draws)} draws"),
        ("select", f"{len(case.ranked)} ranked, {len(case.removed)} removed"),
    ]


@drawn
def pipeline(case: Case) -> Figure | None:
    """The line from the question to the choice, with what passed through each stage."""
    steps = pipeline_steps(case)
    pitch = WIDTH / len(steps)
    figure, axes = canvas(WIDTH, 0.98)
    for at, (stage, what) in enumerate(steps):
        x = pitch * at
        last = at == len(steps) - 1
        box(
            axes,
            x,
            0.06,
            pitch - 0.2,
            0.82,
            [stage, *what.split(", ")],
            size=6.8,
            fill="#dfe9d8" if last else "#dcebf7",
            ink="#1a1d21",
            edge=SKY if not last else GREEN,
        )
        if at:
            arrow(axes, (x - 0.19, 0.47), (x - 0.01, 0.47), colour=INK)
    return figure
