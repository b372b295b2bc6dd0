"""Upper bounds of times, and those that Corosync itself keeps."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.cluster.check.problem import Problem
from evaluator.cluster.declaration import Declaration

SHORTEST_RETRANSMIT_MS = 30
COEFFICIENT_MS = 650
"""corosync.conf(5), ``token_retransmit``, and what each member beyond two adds to the token."""
HOLD_SHARE = 0.2

LONGEST_TOKEN_MS = 60_000
LONGEST_SECONDS = 86_400
LONGEST_INTERVAL_SECONDS = 3_600
LONGEST_WAIT_SECONDS = 300
"""Ours, all four: beyond them a failure lasts so long that a person is there before the cluster."""


def retransmits(site: Declaration) -> Iterator[Problem]:
    """Corosync takes the token and its retransmissions together."""
    timing = site.timing
    members = sum(n.role != "witness" for n in site.nodes)
    token = timing.token_ms + COEFFICIENT_MS * max(0, members - 2)
    count = timing.token_retransmits_before_loss_const
    if site.stack.profile != "pacemaker" or token <= 0 or count <= 0:
        return
    every = int(token / (count + HOLD_SHARE))
    if every < SHORTEST_RETRANSMIT_MS:
        yield Problem(
            "token-retransmit-too-short",
            "timing.token_retransmits_before_loss_const",
            f"{count} in {token} ms is one every {every} ms; Corosync does not start with less "
            f"than {SHORTEST_RETRANSMIT_MS}",
            f"use {int(token / SHORTEST_RETRANSMIT_MS - HOLD_SHARE)} or less",
        )


def bounds(site: Declaration) -> Iterator[Problem]:
    """No time is so long that the cluster never acts."""
    wait = site.timing.dc_deadtime_seconds or 0
    times = [
        ("timing.token_ms", site.timing.token_ms, LONGEST_TOKEN_MS),
        ("timing.dc_deadtime_seconds", wait, LONGEST_WAIT_SECONDS),
    ]
    for s in site.services:
        for name in ("start_timeout", "stop_timeout", "monitor_timeout"):
            seconds = getattr(s, f"{name}_seconds")
            times.append((f"services.{s.name}.{name}_seconds", seconds, LONGEST_SECONDS))
        interval = s.monitor_interval_seconds
        at = f"services.{s.name}.monitor_interval_seconds"
        times.append((at, interval, LONGEST_INTERVAL_SECONDS))
    for d in site.fence_devices:
        at = f"fence_devices.{d.name}.delay_seconds"
        times.append((at, d.delay_seconds, LONGEST_WAIT_SECONDS))
        at = f"fence_devices.{d.name}.switch_seconds"
        times.append((at, d.switch_seconds, LONGEST_WAIT_SECONDS))
    if site.sbd:
        for name in ("watchdog_timeout", "msgwait_timeout"):
            seconds = getattr(site.sbd, f"{name}_seconds") or 0
            times.append((f"sbd.{name}_seconds", seconds, LONGEST_WAIT_SECONDS))
    for place, value, most in times:
        if value > most:
            yield Problem("time-too-long", place, f"{value}", f"use {most} or less")


def self_fencing(site: Declaration) -> Iterator[Problem]:
    """A stack with SBD has a watchdog to fence with."""
    if "sbd" in site.stack.components.values() and site.sbd is None:
        yield Problem(
            "sbd-not-declared",
            "stack.components",
            "the stack has sbd, and the site declares no watchdog; nothing would fence itself",
            "write sbd: {watchdog: /dev/watchdog, watchdog_timeout_seconds: 5} into the site",
        )
