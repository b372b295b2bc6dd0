"""A virtual router has an id, and no other router on its network has the same."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances

IDS = frozenset(map(str, range(1, 256)))


@rule(
    "keepalived-router-id",
    rationale="Two virtual routers with one id on one interface take each other's advertisements "
    "for their own: addresses come and go.",
    remedy="give every instance a virtual_router_id of its own, 1 to 255",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """Every instance has an id of 1 to 255, its own on its interface and address family."""
    taken: dict[tuple[str, str, str, bool], str] = {}
    for instance in instances(keepalived):
        number, said = instance.router_id, f"vrrp_instance {instance.name!r}"
        where = instance.entry.place("virtual_router_id")
        if number not in IDS:
            yield found(f"{said}: virtual_router_id is {number or 'missing'}", where)
            continue
        interface = instance.entry.text("interface")
        six = any(":" in address for address in instance.addresses)
        key = instance.entry.where.file, interface, number, six
        if instance.entry.find("unicast_peer") is None and key in taken:
            yield found(f"{said}: virtual_router_id {number} is {taken[key]!r}'s", where)
        taken.setdefault(key, instance.name)
