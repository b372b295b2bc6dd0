"""haresources starts services and does not look after them."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-no-monitoring",
    severity=Severity.INFO,
    rationale="With haresources only the death of a node moves anything: a service that died stays "
    "dead.",
    remedy="watch the service with something that ends Heartbeat when it cannot be restarted, or "
    "use Pacemaker",
    source="pacemaker-history",
)
def check(haresources: Entry) -> Iterator[Finding]:
    """There is a haresources with resources."""
    for node in haresources.children:
        names = ", ".join(entry.key for entry in node.children)
        yield found(f"nothing monitors {names}", node.where)
