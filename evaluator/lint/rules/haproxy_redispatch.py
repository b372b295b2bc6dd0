"""A connection that a server refused is given to another one."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.lint.configuration import Configuration
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-redispatch",
    severity=Severity.INFO,
    rationale="Until its checks have failed a dead server is tried again and again for the same "
    "client, though another one would answer.",
    remedy="option redispatch",
    source="haproxy-manual",
    formats=("haproxy",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """A backend of several servers has ``option redispatch``."""
    assert configuration.haproxy
    for proxy in proxies(configuration.haproxy):
        several = proxy.serves and len(list(proxy.servers())) > 1
        if several and not proxy.setting("option", "redispatch"):
            yield found(f"{proxy.name}: no redispatch", proxy.section.where)
