"""The nodes of a virtual router agree on it."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import Instance, peers

SAME = ("virtual_router_id", "advert_int", "version")


@rule(
    "keepalived-peers-agree",
    rationale="Nodes that differ in router id, addresses or password do not hear each other, and "
    "each becomes master; with equal priorities it is chance who does.",
    remedy="same virtual_router_id, advert_int, authentication and addresses on every node, and a "
    "different priority on each",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """Instances of one name, from several files, differ in priority and in nothing else."""
    for group in peers(keepalived):
        first, *others = group
        for number, other in enumerate(others, 1):
            said = f"vrrp_instance {first.name!r} has"
            for key in SAME:
                ours, theirs = first.entry.text(key), other.entry.text(key)
                if ours != theirs:
                    message = f"{said} {key} {theirs!r}, in {_file(first)} it is {ours!r}"
                    yield found(message, other.entry.place(key))
            if first.addresses != other.addresses:
                message = f"{said} other addresses than in {_file(first)}"
                yield found(message, other.entry.place("virtual_ipaddress"))
            if _authentication(first) != _authentication(other):
                message = f"{said} another authentication than in {_file(first)}"
                yield found(message, other.entry.place("authentication"))
            for earlier in group[:number]:
                if other.priority == earlier.priority:
                    message = f"{said} priority {other.priority}, as in {_file(earlier)}"
                    yield found(message, other.entry.place("priority"))


def _authentication(instance: Instance) -> tuple[str, str]:
    text = instance.entry.text
    # keepalived uses the first eight characters only
    return text("authentication", "auth_type"), text("authentication", "auth_pass")[:8]


def _file(instance: Instance) -> str:
    return instance.entry.where.file
