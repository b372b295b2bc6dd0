"""The clusters that the laboratory builds: one site, changed as each of them needs it.

``deploy/lab/site.yml`` is two nodes, a witness and a disk that both nodes see.  What cannot fence
must not have that disk (a bundle for it is refused), so there each node keeps its own data.  All
of :data:`STORAGE` ``shared`` are set to notice a lost node within the same time.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from evaluator.cluster import Declaration, declare
from evaluator.cluster.model import TOKEN_COEFFICIENT_MS, UNHEARD_TOKENS
from evaluator.content import content_root
from evaluator.findings import EvaluationError, Finding, allowed_values
from evaluator.study.document import read_document, validate
from evaluator.study.site import Site
from evaluator.study.stack import Stack
from evaluator.trial.replicated import replicate

FOLDER = "deploy/lab"
Words = dict[str, Any]


def _two(words: Words) -> None:
    words["nodes"] = [n for n in words["nodes"] if n["role"] != "witness"]


def _witness(words: Words) -> None:
    """As it is."""


def _three(words: Words) -> None:
    _two(words)
    # Corosync itself adds as much for a third member
    words["timing"]["token_ms"] -= TOKEN_COEFFICIENT_MS
    third = copy.deepcopy(words["nodes"][-1])
    third |= {"name": "zcs3", "power": "feed-c"}
    third["addresses"] = {k: _next(address) for k, address in third["addresses"].items()}
    words["nodes"].append(third)
    device = copy.deepcopy(words["fence_devices"][-1])
    device |= {
        "name": "bmc-zcs3",
        "address": _next(device["address"]),
        "power": "standby-c",
        "plugs": {"zcs3": "1"},
        "secret": "vault_fence_zcs3",
    }
    words["fence_devices"].append(device)


def _own_data(words: Words) -> None:
    _two(words)
    # as long as Corosync's token and consensus
    words["timing"]["token_ms"] = round(UNHEARD_TOKENS * words["timing"]["token_ms"])
    _no_volume(words)


def _no_volume(words: Words) -> None:
    words["volumes"] = []
    del words["services"][0]["volume"]


def _next(address: str) -> str:
    head, _, last = address.rpartition(".")
    return f"{head}.{int(last) + 1}"


CLUSTERS: Mapping[str, tuple[str, Callable[[Words], None], str]] = {
    "pacemaker-2": ("pacemaker", _two, "Pacemaker, two nodes"),
    "pacemaker-2-witness": ("pacemaker", _witness, "Pacemaker, two nodes and a quorum device"),
    "pacemaker-3": ("pacemaker", _three, "Pacemaker, three nodes"),
    "pacemaker-own-data": (
        "pacemaker",
        _no_volume,
        "Pacemaker, two nodes and a quorum device, each with its own data",
    ),
    "keepalived": ("keepalived", _own_data, "keepalived, two nodes, each with its own data"),
    "heartbeat": ("heartbeat", _own_data, "Heartbeat, two nodes, each with its own data"),
    "pacemaker-drbd": (
        "pacemaker-drbd",
        replicate,
        "Pacemaker, two machines with replicated disks, and a quorum device",
    ),
}
"""Stack, change to the site, and title of each cluster, by name."""

OWN_DATA = frozenset(
    name for name, (_, change, _) in CLUSTERS.items() if change in (_no_volume, _own_data)
)
"""Clusters in which each node keeps its own data: what one has acknowledged the others lack."""

ALIKE = frozenset(name for name in OWN_DATA if CLUSTERS[name][0] != "heartbeat")
"""Those in which the service runs everywhere already; Heartbeat starts all that it moves."""

STORAGE: Mapping[str, tuple[str, ...]] = {
    "shared": tuple(name for name in CLUSTERS if name != "pacemaker-drbd"),
    "drbd": ("pacemaker-drbd",),
}
"""Clusters by how data are kept; the replicated ones are emulated machines, and slow."""

EMULATED = frozenset(STORAGE["drbd"])
"""Clusters whose seconds are those of an emulator."""


def declaration(name: str, change: Callable[[Words], object] | None = None) -> Declaration:
    """The declaration of a cluster of the laboratory, after a change to the words of its site.

    Raises
    ------
    EvaluationError
        ``unknown-cluster`` for a name that there is not.
    """
    if name not in CLUSTERS:
        remedy = allowed_values(name, CLUSTERS)
        raise EvaluationError(Finding("unknown-cluster", f"no cluster {name!r}", None, remedy))
    stack, adapt, title = CLUSTERS[name]
    folder = content_root() / FOLDER
    words = copy.deepcopy(read_document(folder / "site.yml").data)
    words["id"] = name
    adapt(words)
    if change:
        change(words)
    parts, findings = validate(read_document(folder / "stacks" / f"{stack}.yml"), Stack)
    if parts is None:
        raise EvaluationError(findings)
    site = Site.model_validate(words)
    return declare(site, parts, provenance={"site": site.id, "title": title})
