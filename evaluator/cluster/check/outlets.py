"""What each fence device really switches: the right machine, and all of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from evaluator.cluster.check.problem import Problem
from evaluator.cluster.declaration import Declaration
from evaluator.cluster.power import STRIP, outlet, unsafe_options

VAULT_PREFIX = "vault_"
"""Ours: no variable of a bundle's own inventory begins so."""
MOST_LEVELS = 9
"""Pacemaker numbers the levels of a topology from 1 to 9 (Pacemaker Explained, "Fencing")."""


def outlets(site: Declaration) -> Iterator[Problem]:
    """No two nodes on one outlet, and a controller for one node only."""
    owners: dict[tuple[str, ...], tuple[str, str]] = {}
    for d in site.fence_devices:
        for target, plug in d.plugs.items():
            own = outlet(d.agent, d.address, plug, d.options)
            node, device = owners.setdefault(own, (target, d.name))
            if node != target:
                yield Problem(
                    "fence-outlet-shared",
                    f"fence_devices.{d.name}.plugs.{target}",
                    f"{' '.join(own)} is also what {device!r} switches for {node!r}; to fence "
                    "one would switch the other off and report success",
                    "give the address and the outlet that feed this node and no other",
                )


def options(site: Declaration) -> Iterator[Problem]:
    """No option that makes a failure of fencing look like success, and real secrets only."""
    for d in site.fence_devices:
        at = f"fence_devices.{d.name}"
        for option, why in unsafe_options(d.options):
            yield Problem("fence-option-unsafe", f"{at}.options.{option}", why, "delete the option")
        if not d.secret.startswith(VAULT_PREFIX):
            yield Problem(
                "secret-not-of-vault",
                f"{at}.secret",
                f"{d.secret!r} may be a variable of the inventory, which everybody may read",
                f"name a variable of the vault: {VAULT_PREFIX}{d.secret}",
            )


def reach(site: Declaration) -> Iterator[Problem]:
    """Another member has an address on the network of each device."""
    members = [n for n in site.nodes if n.role != "witness"]
    known = {n.name for n in site.networks}
    for d in site.fence_devices if site.stack.profile == "pacemaker" else ():
        for target in d.plugs:
            others = [n for n in members if n.name != target]
            if d.network in known and not any(d.network in n.addresses for n in others):
                yield Problem(
                    "fence-device-unreachable",
                    f"fence_devices.{d.name}.network",
                    f"no member but {target!r} has an address on {d.network!r}",
                    f"give the members addresses on {d.network!r}",
                )


def levels(site: Declaration) -> Iterator[Problem]:
    """Levels are numbered alike, and all supplies of a node are cut in one of them."""
    most = MOST_LEVELS - bool(site.sbd and site.sbd.devices)  # the last one is SBD's
    for node in site.nodes:
        devices = [d for d in site.fence_devices if node.name in d.plugs]
        for d in devices:
            at = f"fence_devices.{d.name}.level"
            if d.level is not None and not 1 <= d.level <= most:
                yield Problem(
                    "fence-level", at, f"{d.level}", f"use 1 to {most}, the best one first"
                )
            elif d.level is None and any(other.level is not None for other in devices):
                yield Problem(
                    "fence-level",
                    at,
                    f"none, but another device of {node.name!r} has one",
                    "number all devices of a node, or none of them",
                )
        strips = [d for d in devices if STRIP.fullmatch(d.agent)]
        for one, other in itertools.combinations(strips, 2):
            if one.address != other.address and (one.level is None or one.level != other.level):
                yield Problem(
                    "fence-supplies-together",
                    f"fence_devices.{other.name}.level",
                    f"{node.name!r} hangs on the strips {one.name!r} and {other.name!r}, which are "
                    "of different levels; one alone reports success while the other feeds the node",
                    "give both the same level",
                )
