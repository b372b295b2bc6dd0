"""Who comes in the clear is sent to TLS."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-redirects-to-https",
    severity=Severity.WARNING,
    rationale="Where port 443 is served and port 80 is not redirected, a user who types the bare "
    "name sends the password in the clear.",
    remedy="http-request redirect scheme https code 301 in the frontend of port 80",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """A frontend of port 80 redirects to https where another listens on port 443."""
    every = [proxy for proxy in proxies(haproxy) if proxy.listens]
    ports = {port for proxy in every for _, port, _ in proxy.binds()}
    for proxy in every:
        for _, port, line in proxy.binds():
            redirects = any(
                {"scheme", "https"} <= set(entry.values)
                for key in ("redirect", "http-request")
                for entry in proxy.section.all(key)
            )
            if port == 80 and 443 in ports and proxy.mode == "http" and not redirects:
                yield found(f"{proxy.name} is not redirected to https", line.where)
