"""After a partition clients learn which node has the address."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances


@rule(
    "keepalived-announces-again",
    severity=Severity.INFO,
    rationale="A master says once where the address is. Of two masters whose network heals one "
    "gives way, and clients that knew it go on asking it until their ARP entries expire: 32 and "
    "34 s in 2 of 10 trials.",
    remedy="garp_master_refresh 5 in the instance, or vrrp_garp_master_refresh in global_defs",
    source=("keepalived-conf-man", "ours"),
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """A master says again and again where the address is."""
    for instance in instances(keepalived):
        own = instance.entry.find("garp_master_refresh")
        entry = own or instance.file.find("global_defs", "vrrp_garp_master_refresh")
        if not entry or entry.value == "0":
            yield found(
                f"vrrp_instance {instance.name!r} says only once where its address is",
                entry.where if entry else instance.entry.where,
            )
