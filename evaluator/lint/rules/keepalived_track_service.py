"""The address leaves a node whose service died."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances

DEFINITIONS = ("vrrp_script", "vrrp_track_process", "track_file", "vrrp_track_file", "bfd_instance")


@rule(
    "keepalived-track-service",
    rationale="VRRP watches the node and its interface only: while the service is dead, the "
    "address stays where nobody answers.",
    remedy="a vrrp_script that asks the service, named in track_script of the instance",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """Instances with addresses track what is defined, and what is defined is tracked."""
    for file in keepalived:
        definitions = [e for key in DEFINITIONS for e in file.all(key)]
        used: set[str] = set()
        for instance in instances((file,)):
            tracked = list(instance.tracked())
            used |= {entry.key for entry in tracked}
            said = f"vrrp_instance {instance.name!r}"
            if instance.addresses and not tracked:
                yield found(f"{said} tracks no service", instance.entry.where)
            for entry in tracked:
                if entry.key not in {d.value for d in definitions}:
                    yield found(f"{said} tracks {entry.key!r}, which is not defined", entry.where)
        for definition in definitions:
            said = f"{definition.key} {definition.value!r}"
            if definition.value not in used:
                yield found(f"{said} is tracked by no instance", definition.where)
            elif definition.key == "vrrp_script" and not definition.get("script"):
                yield found(f"{said} runs nothing", definition.where)
