"""A node of unicast VRRP says which address is its own."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances


@rule(
    "keepalived-unicast-source",
    severity=Severity.INFO,
    rationale="Without unicast_src_ip the node speaks from the first address of the interface, "
    "which may be another one: its peers then do not take it for the one that they know.",
    remedy="write unicast_src_ip into the instance: the address that the peers list",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """Instances with ``unicast_peer`` name their own address."""
    for instance in instances(keepalived):
        entry = instance.entry
        if entry.all("unicast_peer") and not entry.text("unicast_src_ip"):
            message = f"vrrp_instance {instance.name!r} has no unicast_src_ip"
            yield found(message, entry.place("unicast_peer"))
