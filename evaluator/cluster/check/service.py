"""The service, its volume, its address and its times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evaluator.cluster.check.nodes import SECRET_WORD
from evaluator.cluster.check.problem import Problem
from evaluator.cluster.declaration import Declaration
from evaluator.cluster.model import ZCS_AGENT
from evaluator.cluster.probe import PARAMETER, contradictions, derived
from evaluator.findings import allowed_values

SHORTEST_TOKEN_MS = 500
SHORTEST_STOP_SECONDS = 5
"""Ours: below these, an ordinary moment of load looks like a failure."""


def service(site: Declaration) -> Iterator[Problem]:
    """One service, with the volume and the address that it names."""
    for place in ("services", "volumes", "virtual_addresses"):
        count = len(getattr(site, place))
        if count != 1 and not (place == "volumes" and count == 0):
            yield Problem(
                "one-service",
                place,
                f"{count} given; a bundle carries one service on one volume under one address",
                "give exactly one, and make one site file per service",
            )
    names = {v.name for v in site.volumes}
    addresses = {v.name for v in site.virtual_addresses}
    for s in site.services:
        at = f"services.{s.name}"
        if s.volume is None and names:
            yield Problem(
                "unknown-volume",
                f"{at}.volume",
                "it names no volume, and there is one",
                f"write volume: {min(names)}, or delete the volume",
            )
        if s.volume is not None and s.volume not in names:
            yield Problem(
                "unknown-volume",
                f"{at}.volume",
                f"no volume {s.volume!r}",
                allowed_values(s.volume, names),
            )
        if s.virtual_address not in addresses:
            yield Problem(
                "unknown-virtual-address",
                f"{at}.virtual_address",
                f"no virtual address {s.virtual_address!r}",
                allowed_values(s.virtual_address, addresses),
            )
        for port, count in Counter(e.port for e in s.endpoints).items():
            if count > 1:
                yield Problem(
                    "duplicate-port",
                    f"{at}.endpoints",
                    f"port {port} is offered {count} times",
                    "keep one endpoint per port",
                )
        for name in s.parameters:
            if SECRET_WORD.search(name):
                yield Problem(
                    "secret-in-options",
                    f"{at}.parameters.{name}",
                    "secrets do not belong in a site file",
                    "delete the parameter; the service keeps its own secrets",
                )
    for v in site.virtual_addresses:
        if any(n.name == v.network and n.purpose != "service" for n in site.networks):
            yield Problem(
                "vip-not-on-service-network",
                f"virtual_addresses.{v.name}.network",
                f"{v.network!r} is not a network of purpose 'service'",
                "clients use the service network; move the address there",
            )


def probe(site: Declaration) -> Iterator[Problem]:
    """The agent asks for what the endpoints say; else its first look never succeeds."""
    if not (site.services and site.virtual_addresses):
        return
    asked = site.services[0]
    if asked.agent == ZCS_AGENT and PARAMETER in asked.parameters:
        right = derived(site)
        for message in contradictions(site, asked.parameters[PARAMETER]):
            yield Problem(
                "probe-contradicts-endpoints",
                f"services.{asked.name}.parameters.{PARAMETER}",
                message,
                f"delete the parameter; the endpoints with this stack give: {right or 'nothing'}",
            )


def volumes(site: Declaration) -> Iterator[Problem]:
    """Numbers that DRBD and the system take."""
    for volume in site.volumes:
        at = f"volumes.{volume.name}"
        if not 1024 <= volume.port <= 65535:
            yield Problem("port-out-of-range", f"{at}.port", f"{volume.port}", "use 1024 to 65535")
        if not 0 <= volume.minor < 1_048_576:
            yield Problem("minor-out-of-range", f"{at}.minor", f"{volume.minor}", "use 0 or more")


def timing(site: Declaration) -> Iterator[Problem]:
    """Times that can be kept."""
    times = {
        "timing.token_ms": site.timing.token_ms,
        "timing.token_retransmits_before_loss_const": (
            site.timing.token_retransmits_before_loss_const
        ),
    }
    if site.timing.dc_deadtime_seconds is not None:
        times["timing.dc_deadtime_seconds"] = site.timing.dc_deadtime_seconds
    if 0 < site.timing.token_ms < SHORTEST_TOKEN_MS:
        yield Problem(
            "timeout-impossible",
            "timing.token_ms",
            f"{site.timing.token_ms} ms; a busy node that misses one beat would be fenced",
            f"use {SHORTEST_TOKEN_MS} or more; Corosync's own default is 3000",
        )
    for s in site.services:
        if 0 < s.stop_timeout_seconds < SHORTEST_STOP_SECONDS:
            yield Problem(
                "timeout-impossible",
                f"services.{s.name}.stop_timeout_seconds",
                f"{s.stop_timeout_seconds} s; a stop that takes longer gets the node fenced",
                f"use {SHORTEST_STOP_SECONDS} or more",
            )
        for name in ("start_timeout", "stop_timeout", "monitor_interval", "monitor_timeout"):
            times[f"services.{s.name}.{name}_seconds"] = getattr(s, f"{name}_seconds")
    for place, value in times.items():
        if value <= 0:
            yield Problem("time-not-positive", place, f"{value}", "use more than 0")
