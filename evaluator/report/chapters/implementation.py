"""Chapter 9: the chosen stack's elements, its scheme, and the chain of the service."""

from __future__ import annotations

from evaluator.cluster import ClusterModel
from evaluator.report.case import Case
from evaluator.report.chapters.recovery import recovery
from evaluator.report.document import (
    Block,
    Bullets,
    Callout,
    Cell,
    Chapter,
    Code,
    Column,
    Figure,
    Heading,
    Inlines,
    Link,
    Missing,
    Paragraph,
    Ref,
    Strong,
    Table,
    cite,
)
from evaluator.report.figures import schemes
from evaluator.report.prose import count, enumeration, number, text_cell
from evaluator.result import StackResult


def implementation(case: Case) -> Chapter:
    shown = case.shown_stack
    if shown is None:
        return Chapter(
            "implementation",
            "Implementation",
            (Paragraph(("The study names no stack, so there is nothing to implement.",)),),
        )
    blocks: list[Block] = []
    if case.winner is None:
        blocks.append(
            Callout(
                "No stack was chosen",
                (
                    (
                        "Every stack was removed (",
                        Ref("trail"),
                        "). This chapter shows the parts of "
                        f"{shown.name}, the first in the result, as an example and not as advice.",
                    ),
                ),
                "warning",
            )
        )
    blocks += [
        Heading("Key software elements"),
        Paragraph(
            (
                Strong(shown.name),
                f": {shown.summary.strip()}",
                cite(*case.study.stacks[shown.id].compatibility.source),
            )
        ),
        _elements(case, shown),
        Heading("The stack"),
        Paragraph(
            (
                Ref("fig-stack"),
                f" puts the {count(len(shown.components), 'part')} of the stack on the nodes of "
                "the site: every data node carries all of them, so that each can take over "
                "from the other.",
            )
        ),
        Figure(
            "fig-stack",
            f"How do the parts of {shown.name} stack up on the nodes?",
            schemes.stack(case),
            f"Layers of {enumeration([case.name(c) for c in shown.components.values()])} on "
            f"{enumeration([n.name for n in case.site.nodes])}.",
            ("Arrows join parts that talk across nodes. Source: stack and site files.",),
        ),
        *_chain(case),
        *recovery(case),
        *_balancer(case, shown),
        *_fencing(case),
    ]
    return Chapter("implementation", "Implementation", tuple(blocks))


def _elements(case: Case, shown: StackResult) -> Table:
    rows = []
    for role, identifier in shown.components.items():
        entry = case.candidate(identifier)
        packages = [
            f"{p.name} {p.version} ({p.distribution} {p.release})"
            for p in (entry.packages if entry else [])
        ]
        rows.append(
            (
                text_cell(case.role_name(role)),
                Cell((Link(entry.name, entry.homepage),)) if entry else text_cell(identifier),
                text_cell(entry.licence.spdx) if entry else text_cell(""),
                text_cell("; ".join(packages[:4]))
                if packages
                else Cell((Missing("no package named"),)),
                text_cell(entry.summary.strip() if entry else ""),
            )
        )
    return Table(
        "elements",
        f"Which software fills which role in {shown.name}?",
        (
            Column("Role", share=1.2),
            Column("Software", share=1),
            Column("Licence", share=1.3),
            Column("Packages", share=1.6),
            Column("What it is", share=2.4),
        ),
        tuple(rows),
        layout="small",
    )


def _chain(case: Case) -> list[Block]:
    site = case.site
    if not site.services:
        return []
    items: list[Inlines] = []
    for service in site.services:
        steps = schemes.chain_steps(case, service)
        items.append(
            (
                Code(service.name),
                ": "
                + " → ".join(f"{verb} {what}" for verb, what in steps)
                + f". It may take {number(service.start_timeout_seconds, 0)} s to start and "
                f"{number(service.stop_timeout_seconds, 0)} s to stop, and is looked at every "
                f"{number(service.monitor_interval_seconds, 0)} s.",
            )
        )
    return [
        Heading("The chain of the service"),
        Paragraph(
            (
                "When a node is lost, the order of what follows is what keeps the data safe. "
                "First the lost node is switched off and that is confirmed; then, and only then, "
                "the other node takes the data, starts the service and lastly takes the address "
                "that clients know (",
                Ref("fig-chain"),
                "). Stopping runs the other way round.",
            )
        ),
        Bullets(tuple(items)),
        Figure(
            "fig-chain",
            "In which order does a node take over?",
            schemes.chain(case),
            "Chain of steps: fencing, storage, service and address.",
            (
                "Source: the site file and the cluster derived from it."
                if case.cluster
                else "Source: the site file.",
            ),
        ),
    ]


def _balancer(case: Case, shown: StackResult) -> list[Block]:
    """What a balancer does here, where a service runs on one node at a time."""
    balancer = shown.components.get("load-balancing")
    services = case.site.services
    if not balancer or not services or (case.cluster and not case.cluster.load_balancer):
        return []
    told = [e.name for s in services for e in s.endpoints if e.proxy_protocol]
    ports = enumeration([f"{e.name} ({e.port})" for s in services for e in s.endpoints])
    return [
        Heading("What the balancer does here"),
        Paragraph(
            (
                f"Each service runs on one node at a time, so {case.name(balancer)} has one "
                "backend for it and spreads no load yet. It is the front: it looks whether the "
                f"service answers, holds the ports of one address for all clients ({ports}), and "
                "is the place to which other systems, or a second active backend, can be added. ",
                f"To {enumeration(told)} it hands on the client's address (PROXY protocol)."
                if told
                else "",
            )
        ),
    ]


def _fencing(case: Case) -> list[Block]:
    site = case.site
    witnesses = [n.name for n in site.nodes if n.role == "witness"]
    devices: list[Inlines] = []
    for device in site.fence_devices:
        late = device.delay_seconds and not witnesses
        delay = f", after {device.delay_seconds} s" if late else ", at once"
        several = len(device.plugs) > 1
        switched = [f"{n} (outlet {p})" if several else n for n, p in device.plugs.items()]
        own = [n.name for n in site.nodes if n.name in device.plugs and n.power == device.power]
        devices.append(
            (
                Strong(device.name),
                f" ({device.agent}, {device.address}) switches {enumeration(switched)}{delay}; "
                f"it is fed by circuit {device.power}"
                + (
                    f", the circuit of {enumeration(own)} as well, so it dies with what it is to "
                    "switch."
                    if own
                    else "."
                ),
            )
        )
    content: list[Block] = [Heading("Fencing and quorum")]
    level = site.service_level.acknowledged_data_loss
    content.append(
        Paragraph(
            (
                "A node that does not answer may still be writing. Without fencing a cluster can "
                "only guess, and two nodes that both guess that they are alone end with two "
                "versions of the data. ",
                "Since no acknowledged message may be lost, replication is synchronous and its "
                "divergence is guarded. "
                if level == "none"
                else "",
                "The witness adds the vote that breaks a tie between two halves."
                if witnesses
                else "There is no witness, so the two-node rules have to break a tie.",
            )
        )
    )
    if devices:
        content.append(Bullets(tuple(devices)))
    if case.cluster:
        content.append(Paragraph(_membership(case.cluster)))
    return content


def _membership(cluster: ClusterModel) -> Inlines:
    """How the derived cluster finds a node lost, and who may go on."""
    if cluster.manager != "pacemaker":
        return (
            f"The cluster derived for {cluster.domain} declares a node lost after "
            f"{number(cluster.token_ms, 0)} ms without a sign of it. It has neither quorum nor "
            "fencing: in a partition both nodes serve.",
        )
    if cluster.quorum.witness:
        rule = f"the quorum device uses the algorithm {cluster.quorum.algorithm}"
    elif cluster.quorum.two_node:
        rule = "two-node mode"
    else:
        rule = f"a majority of {cluster.quorum.members} members goes on"
    return (
        f"The cluster derived for {cluster.domain} has "
        f"{count(len(cluster.links), 'link')} for its messages and declares a node "
        f"lost after {number(cluster.token_ms, 0)} ms without its token ({rule}).",
    )
