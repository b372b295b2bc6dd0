"""Only peers may take part in the election."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances


@rule(
    "keepalived-check-unicast-src",
    severity=Severity.INFO,
    rationale="Adverts from any address are believed unless keepalived is told to look; one of "
    "high priority makes the master give up its address.",
    remedy="global_defs { vrrp_check_unicast_src }",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """Instances with unicast peers check the source of adverts."""
    for instance in instances(keepalived):
        entry = instance.entry
        if not entry.find("unicast_peer") or entry.find("check_unicast_src"):
            continue
        if not instance.file.find("global_defs", "vrrp_check_unicast_src"):
            message = f"vrrp_instance {instance.name!r} believes adverts from anywhere"
            yield found(message, entry.place("unicast_peer"))
