"""The part of chapter 9 that holds the chain's bounds against the recovery that was promised."""

from __future__ import annotations

from evaluator.cluster.model import STONITH_TIMEOUT_SECONDS, corosync_seconds
from evaluator.report.case import Case
from evaluator.report.document import (
    Block,
    Cell,
    Code,
    Column,
    Heading,
    Inlines,
    Paragraph,
    Table,
    cite,
)
from evaluator.report.prose import number, text_cell
from evaluator.study.fact import OURS
from evaluator.study.site import Service, Site

Bound = tuple[str, float]


def failed_service(service: Service) -> list[Bound]:
    """Bounds in seconds when the service fails on a node that lives."""
    return [
        ("until the next look", service.monitor_interval_seconds),
        ("the look itself", service.monitor_timeout_seconds),
        ("stop", service.stop_timeout_seconds),
        ("start", service.start_timeout_seconds),
    ]


def lost_node(site: Site, service: Service) -> list[Bound]:
    """Bounds in seconds when a node is lost."""
    members = sum(n.role != "witness" for n in site.nodes)
    noticed = corosync_seconds(site.timing.token_ms, members)
    bounds: list[Bound] = [("token and consensus", noticed)]
    if site.fence_devices:
        # with a witness only one half may shoot, so the cluster holds no shot back
        race = all(n.role == "data" for n in site.nodes)
        slowest = max(max(d.delay_seconds, d.switch_seconds) for d in site.fence_devices)
        shot = max(d.delay_seconds for d in site.fence_devices)
        delay = shot + 2 * slowest if race else 0
        bounds.append(("fencing delay", delay))
        bounds.append(("fencing", STONITH_TIMEOUT_SECONDS))
    return [*bounds, ("start", service.start_timeout_seconds)]


def recovery(case: Case) -> list[Block]:
    site = case.site
    if not site.services:
        return []
    promised = site.service_level.recovery_time_seconds
    cases = [
        (service.name, what, bounds)
        for service in site.services
        for what, bounds in (
            ("the service fails on a healthy node", failed_service(service)),
            ("a node is lost", lost_node(site, service)),
        )
    ]
    beyond = [what for _, what, bounds in cases if sum(s for _, s in bounds) > promised]
    verdict: Inlines = (
        "Even in the worst case both fit. "
        if not beyond
        else "In the worst case neither fits. "
        if len(beyond) == len(cases)
        else f"In the worst case it does not fit when {beyond[0]}. ",
    )
    return [
        Heading("Does the chain fit the recovery objective?"),
        Paragraph(
            (
                f"The service is to be back within {number(promised, 0)} s",
                cite(*site.service_level.source),
                ". The bounds of the site file add up to the worst case in which each step still "
                "succeeds, just before it would count as failed",
                cite(OURS),
                ". ",
                *verdict,
                "To keep the promise there, either the objective or the timeouts have to move, "
                "once a laboratory has measured how long the service really takes. "
                if beyond
                else "",
                "A stop that runs out of time adds fencing to it; mounting and the replication's "
                "change of roles add seconds that are not bounded here; and where fencing itself "
                "fails, nothing recovers before a person has looked.",
            )
        ),
        Table(
            "table-recovery",
            "How long may a recovery take at most, and does that fit?",
            (
                Column("Service", share=0.7),
                Column("When", share=1.6),
                Column("Bounds, in s", share=3),
                Column("Sum, in s", "right", 0.7),
                Column("Objective", "right", 0.8),
                Column("Fits", share=0.5),
            ),
            tuple(
                (
                    Cell((Code(name),), name),
                    text_cell(what),
                    text_cell(" + ".join(f"{step} {number(s)}" for step, s in bounds if s)),
                    Cell((number(sum(s for _, s in bounds)),), sum(s for _, s in bounds)),
                    Cell((number(promised, 0),), promised),
                    text_cell("yes" if sum(s for _, s in bounds) <= promised else "no"),
                )
                for name, what, bounds in cases
            ),
            layout="small",
        ),
    ]
