"""An address that carries services must accept packets."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances


@rule(
    "keepalived-strict",
    rationale="vrrp_strict implies no_accept: unless its priority is 255 the node drops every "
    "packet to the address, and no service answers; unicast and passwords are refused too.",
    remedy="remove vrrp_strict and no_accept",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """No instance is strict, or drops packets to its addresses."""
    for instance in instances(keepalived):
        entry = instance.switch("no_accept")
        if not entry and not instance.entry.get("accept"):
            entry = instance.strict
        if entry and instance.priority != 255:
            message = f"vrrp_instance {instance.name!r}: {entry.key} drops packets to its address"
            yield found(message, entry.where)
