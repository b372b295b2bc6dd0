"""Who votes, who carries the service, and how each of them can be powered off."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.cluster.check.problem import Problem
from evaluator.cluster.declaration import Declaration
from evaluator.cluster.fence_agents import meant
from evaluator.cluster.networks import witness_network
from evaluator.findings import allowed_values
from evaluator.study.site import Sbd

SECRET_WORD = re.compile(r"pass|secret|key|token|credential", re.IGNORECASE)
OURS = frozenset({"ip", "ipaddr", "plug", "port", "username", "login", "action", "delay"})


def members(site: Declaration) -> Iterator[Problem]:
    """Enough nodes carry the service, and an odd number of votes can be counted."""
    data = [n for n in site.nodes if n.role == "data"]
    pacemaker = site.stack.profile == "pacemaker"
    voting = [n for n in site.nodes if n.role in (("data", "voter") if pacemaker else ("data",))]
    witnesses = [n for n in site.nodes if n.role == "witness"]
    most, why, remedy = _most(site)
    if not 2 <= len(data) <= most:
        yield Problem(
            "two-data-nodes",
            "nodes",
            f"{len(data)} nodes of role 'data'; {why}",
            remedy,
        )
    if pacemaker and witnesses and len(voting) % 2:
        yield Problem(
            "voters-odd",
            f"nodes.{witnesses[0].name}",
            f"{len(voting)} members have a majority without a witness",
            "take the witness or a member out",
        )
    if len(witnesses) > 1:
        yield Problem(
            "one-witness",
            "nodes",
            f"{len(witnesses)} nodes of role 'witness'; a cluster has one quorum device",
            "keep one",
        )
    if pacemaker and witnesses and witness_network(site) is None:
        yield Problem(
            "witness-unreachable",
            f"nodes.{witnesses[0].name}.addresses",
            "no management, service or ring network joins it with every data node",
            "give the witness and the data nodes addresses on one common network",
        )
    public = [v.network for v in site.virtual_addresses]
    replicated = any(v.kind == "drbd" for v in site.volumes)
    for node in voting:
        purposes = ["ring"] if site.stack.profile != "keepalived" else []
        if replicated and node.role == "data":
            purposes.append("replication")
        wanted = [n.name for n in site.networks if n.purpose in purposes]
        for network in dict.fromkeys(wanted + (public if node.role == "data" else [])):
            if network not in node.addresses:
                yield Problem(
                    "address-missing",
                    f"nodes.{node.name}.addresses",
                    f"no address on {network!r}",
                    f"add one for {network!r}",
                )


def _most(site: Declaration) -> tuple[int, str, str]:
    """How many nodes may carry the service, what bounds them, and what to do about others."""
    if site.stack.profile != "pacemaker":
        return 2, f"{site.stack.profile} is rendered for two", "give exactly two"
    versions = [v.drbd for v in site.volumes if v.kind == "drbd"]
    if "8.4" in versions:
        return (
            2,
            "DRBD 8.4 replicates between two",
            "give exactly two; a third can have role: voter (a vote, and no data), or the volume "
            'drbd: "9", which replicates to three',
        )
    if versions:
        return 3, "DRBD 9 is rendered for three at most", "give two or three"
    return 16, "Corosync's limit", "give two to 16"


def fencing(site: Declaration) -> Iterator[Problem]:
    """Every member can be powered off by a device that outlives it."""
    nodes = {n.name: n for n in site.nodes}
    fenced = ("data", "voter") if site.stack.profile == "pacemaker" else ()
    for node in nodes.values():
        if node.role in fenced and not any(node.name in d.plugs for d in site.fence_devices):
            yield Problem(
                "fence-device-per-node",
                f"nodes.{node.name}",
                "no fence device can switch it; a cluster without fencing loses data",
                f"add {node.name!r} to the 'plugs' of a fence device",
            )
    for d in site.fence_devices:
        at = f"fence_devices.{d.name}"
        if known := meant(d.agent):
            yield Problem(
                "fence-agent-misspelt",
                f"{at}.agent",
                f"Debian 12 has no {d.agent!r}",
                f"did you mean {known!r}? An agent of your own needs a name less like that one",
            )
        for target in d.plugs:
            if target not in nodes:
                yield Problem(
                    "unknown-node",
                    f"{at}.plugs",
                    f"no node {target!r}",
                    allowed_values(target, nodes),
                )
            elif nodes[target].power == d.power:
                yield Problem(
                    "fence-device-not-on-own-power",
                    f"{at}.power",
                    f"it hangs on {d.power!r} like {target!r}, which it must be able to switch; "
                    "it would die with the node and the cluster would wait for it for ever",
                    f"feed the device from something other than {d.power!r}",
                )
        for option in d.options:
            if SECRET_WORD.search(option):
                yield Problem(
                    "secret-in-options",
                    f"{at}.options.{option}",
                    "secrets do not belong in a site file",
                    "name the vault's variable in 'secret' and delete the option",
                )
            elif option in OURS or option.startswith("pcmk_"):
                yield Problem(
                    "option-is-derived",
                    f"{at}.options.{option}",
                    "it follows from the device's other keys",
                    "delete the option",
                )
        if d.delay_seconds < 0:
            yield Problem(
                "negative-time", f"{at}.delay_seconds", f"{d.delay_seconds}", "use 0 or more"
            )
    if site.sbd:
        yield from _watchdog(site, site.sbd)


def _watchdog(site: Declaration, sbd: Sbd) -> Iterator[Problem]:
    votes = len(site.nodes)
    if not sbd.devices and votes < 3:
        yield Problem(
            "sbd-diskless-needs-3",
            "sbd.devices",
            f"none, and there are {votes} votes",
            "name a shared disk, or add a voter or a witness",
        )
    if sbd.watchdog_timeout_seconds <= 0:
        yield Problem(
            "time-not-positive",
            "sbd.watchdog_timeout_seconds",
            f"{sbd.watchdog_timeout_seconds}",
            "use more than 0",
        )
    msgwait = sbd.msgwait_timeout_seconds
    if msgwait is not None and msgwait < 2 * sbd.watchdog_timeout_seconds:
        yield Problem(
            "sbd-msgwait-2x-watchdog",
            "sbd.msgwait_timeout_seconds",
            f"{msgwait} is less than twice the watchdog's {sbd.watchdog_timeout_seconds}",
            f"use {2 * sbd.watchdog_timeout_seconds} or more",
        )
