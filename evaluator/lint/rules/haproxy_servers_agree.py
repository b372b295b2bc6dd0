"""Every port of a service is served by the same hosts."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import Proxy, proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-servers-agree",
    severity=Severity.INFO,
    rationale="A host that was forgotten in one backend is no spare for that port: when the other "
    "one dies, part of the service is gone.",
    remedy="name the host in every backend, or give the other service names of its own",
    source="ours",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """Backends that have a server in common have all their servers in common."""
    groups: list[tuple[Proxy, set[str]]] = []
    for proxy in proxies(haproxy):
        names = {s.values[0] for s in proxy.servers() if s.key == "server" and s.values}
        groups += [(proxy, names)] if proxy.serves and names else []
    for proxy, names in groups:
        more = set().union(*(other for _, other in groups if other & names)) - names
        if more:
            message = f"{proxy.name} has no server {', '.join(sorted(more))}, which others have"
            yield found(message, proxy.section.where)
