"""Chapter 8: the organisation's infrastructure, network and supporting software."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.document import (
    Block,
    Cell,
    Chapter,
    Code,
    Column,
    Figure,
    Heading,
    Paragraph,
    Ref,
    Table,
    cite,
)
from evaluator.report.figures import network
from evaluator.report.prose import count, enumeration, interval, text_cell


def architecture(case: Case) -> Chapter:
    site = case.site
    data = [n.name for n in site.nodes if n.role == "data"]
    witnesses = [n.name for n in site.nodes if n.role == "witness"]
    feeds = sorted({n.power for n in site.nodes})
    fenced = {name for device in site.fence_devices for name in device.plugs}
    bare = [n for n in data if n not in fenced]
    blocks: list[Block] = [
        Heading("Infrastructure"),
        Paragraph(
            (
                f"{count(len(data), 'node').capitalize()} ({enumeration(data)}) can carry the "
                "service",
                f", and {count(len(witnesses), 'witness', 'witnesses')} "
                f"({enumeration(witnesses)}) only votes"
                if witnesses
                else "",
                f". They run {site.operating_system.value}",
                cite(*site.operating_system.source),
                f" and are fed by {count(len(feeds), 'power circuit')}. ",
                f"{count(len(site.fence_devices), 'fence device').capitalize()} can switch off "
                f"{enumeration(sorted(fenced))} from outside. "
                if fenced
                else "No fence device is known. ",
                f"Nothing can switch off {enumeration(bare)}, which a safe cluster needs. "
                if bare and fenced
                else "",
                f"{count(site.staff.administrators, 'administrator').capitalize()} at "
                f"{interval(site.staff.rate_eur_per_hour)} EUR an hour keep it running",
                cite(*site.staff.source),
                ".",
            )
        ),
        _nodes(case),
        Heading("Network scheme"),
        Paragraph(
            (
                Ref("fig-network"),
                f" is drawn from the site file. It shows {count(len(site.networks), 'network')}: "
                + enumeration([f"{n.name} for {_PURPOSES[n.purpose]}" for n in site.networks])
                + ". Cluster messages and replication have links of their own, so that neither "
                "can starve the other and the loss of one cable is not the loss of the cluster."
                if len([n for n in site.networks if n.purpose == "ring"]) > 1
                else f" is drawn from the site file. It shows "
                f"{count(len(site.networks), 'network')}.",
            )
        ),
        Figure(
            "fig-network",
            "What is connected to what? Nodes, networks, virtual addresses and fence devices of "
            f"{site.organisation.name}, with their addresses.",
            network.network(case),
            f"Network scheme of {enumeration([n.name for n in site.nodes])} on the networks "
            f"{enumeration([n.name for n in site.networks])}.",
            (
                "Addresses are from ranges for documentation. Source: the site file, ",
                Ref("inputs"),
                ".",
            ),
        ),
    ]
    if site.supporting_software:
        blocks += [Heading("Supporting software"), _software(case)]
    return Chapter("architecture", f"{site.organisation.name}'s architecture", tuple(blocks))


_PURPOSES = {
    "service": "the clients",
    "ring": "cluster messages",
    "replication": "replication",
    "management": "management and fencing",
}


def _nodes(case: Case) -> Table:
    site = case.site
    networks = [n.name for n in site.networks]
    return Table(
        "nodes",
        "Which nodes are there, and where are they reached?",
        (Column("Node"), Column("Role"), Column("Power"), *(Column(n) for n in networks)),
        tuple(
            (
                text_cell(node.name),
                text_cell(node.role),
                text_cell(node.power),
                *(
                    Cell((Code(node.addresses[n]),)) if n in node.addresses else text_cell("–")
                    for n in networks
                ),
            )
            for node in site.nodes
        ),
        layout="small",
        note=("A dash: not connected.",),
    )


def _software(case: Case) -> Table:
    return Table(
        "software",
        "Which software supports the service, and under which licence?",
        (Column("Software", share=1), Column("Purpose", share=2), Column("Licence", share=1.3)),
        tuple(
            (
                Cell((s.name, cite(*s.source))),
                text_cell(s.purpose),
                text_cell(s.spdx or "not stated"),
            )
            for s in case.site.supporting_software
        ),
    )
