"""Unicast peers know each other."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.addresses import plain
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import Instance, instances, peers


@rule(
    "keepalived-unicast",
    rationale="A node that is missing among another's unicast peers gets no advertisement from it, "
    "takes it for dead and becomes master too.",
    remedy="unicast_src_ip is this node's address, unicast_peer those of all others",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """With unicast every node sends to every other, and not to itself."""
    for instance in instances(keepalived):
        if instance.entry.find("unicast_peer") and _source(instance) in _targets(instance):
            yield found(
                f"vrrp_instance {instance.name!r} has its own address among its peers",
                instance.entry.place("unicast_peer"),
            )
        elif instance.entry.find("unicast_src_ip") and not _targets(instance):
            message = f"vrrp_instance {instance.name!r} has a unicast_src_ip and no unicast_peer"
            yield found(message, instance.entry.place("unicast_src_ip"))
    for group in peers(keepalived):
        for instance in group:
            others = {_source(i): i for i in group if i is not instance and _source(i)}
            missing = sorted(set(others) - _targets(instance))
            if instance.entry.find("unicast_peer") and missing:
                message = f"vrrp_instance {instance.name!r} does not send to {', '.join(missing)}"
                yield found(message, instance.entry.place("unicast_peer"))


def _source(instance: Instance) -> str:
    return plain(instance.entry.text("unicast_src_ip"))


def _targets(instance: Instance) -> set[str]:
    return {plain(e.key) for block in instance.entry.all("unicast_peer") for e in block.children}
