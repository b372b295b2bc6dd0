"""A web server should know who asks."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import frontends_of, proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-forwardfor",
    severity=Severity.INFO,
    rationale="Behind a proxy every request comes from the proxy: logs, limits and blocks by "
    "address then mean everybody or nobody.",
    remedy="option forwardfor, or send-proxy-v2",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """Mode http passes the client's address on, in the frontend or in the backend."""
    every = proxies(haproxy)
    for proxy in every:
        servers = list(proxy.servers()) if proxy.serves and proxy.mode == "http" else []
        told = any({"send-proxy", "send-proxy-v2"} & set(proxy.server_words(s)) for s in servers)
        sides = (proxy, *frontends_of(proxy, every))
        if servers and not told and not any(p.setting("option", "forwardfor") for p in sides):
            message = f"{proxy.name}: its servers do not learn the client's address"
            yield found(message, proxy.section.where)
