"""A VRRP instance is whole, and is on every node."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances

NEEDED = ("interface", "virtual_router_id")


@rule(
    "keepalived-complete",
    rationale="An instance that only one node has, or that lacks a part, takes nothing over; "
    "nodes of different versions do not hear each other, and each becomes master.",
    remedy="write the same instance on every node: interface, virtual_router_id and "
    "addresses, and the same vrrp_version in global_defs",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """Instances have their parts and stand in every file; scripts and versions too."""
    every = instances(keepalived)
    for instance in every:
        said = f"vrrp_instance {instance.name!r}"
        for key in NEEDED:
            if not instance.entry.text(key):
                yield found(f"{said} has no {key}", instance.entry.where)
    for file in keepalived:
        for name in sorted({i.name for i in every} - {e.value for e in file.all("vrrp_instance")}):
            yield found(f"there is no vrrp_instance {name!r}, which another node has", file.where)
        for script in file.all("vrrp_script"):
            if not script.text("script"):
                yield found(f"vrrp_script {script.value!r} has no script", script.where)
    versions = {file.text("global_defs", "vrrp_version", default="2") for file in keepalived}
    if len(versions) > 1:
        for file in keepalived:
            version = file.text("global_defs", "vrrp_version", default="2")
            if version != max(versions):
                message = f"vrrp_version is {version}, on another node {max(versions)}"
                yield found(message, file.place("global_defs", "vrrp_version"))
