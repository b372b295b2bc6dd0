"""A connection that a server refused is given to another one."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-redispatch",
    severity=Severity.INFO,
    rationale="Until its checks have failed a dead server is tried again and again for the same "
    "client, though another one would answer.",
    remedy="option redispatch",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """A backend of several servers has ``option redispatch``."""
    for proxy in proxies(haproxy):
        several = proxy.serves and len(list(proxy.servers())) > 1
        if several and not proxy.setting("option", "redispatch"):
            yield found(f"{proxy.name}: no redispatch", proxy.section.where)
