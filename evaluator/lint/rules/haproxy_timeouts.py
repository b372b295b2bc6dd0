"""Connections must not wait for ever."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import Proxy, proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-timeouts",
    severity=Severity.WARNING,
    rationale="Without timeouts connections of vanished clients and servers are never given back, "
    "until none is left for anybody.",
    remedy="set timeout connect, timeout client and timeout server in defaults; for HTTP also "
    "timeout http-request, which ends slow attacks",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """Every proxy has the timeouts of its side, none of them 0."""
    for proxy in proxies(haproxy):
        for kind in _wanted(proxy):
            line = proxy.setting("timeout", kind)
            if line is None or line.values[1:2] in ((), ("0",)):
                said = "is 0" if line else "is missing"
                where = (line or proxy.section).where
                yield found(f"{proxy.name}: timeout {kind} {said}", where)


def _wanted(proxy: Proxy) -> Iterator[str]:
    if proxy.listens:
        yield "client"
        if proxy.mode == "http":
            yield "http-request"
    if proxy.serves and any(proxy.servers()):
        yield from ("connect", "server")
