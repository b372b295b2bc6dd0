"""A service behind HAProxy can tell clients from its own host."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule
from evaluator.lint.rules.haproxy_mail_trusts_loopback import LOOPBACK

TELLING = {"send-proxy", "send-proxy-v2", "source"}


@rule(
    "haproxy-clients-as-loopback",
    severity=Severity.INFO,
    rationale="Services give their own host rights that no client should have; behind HAProxy on "
    "the same host every client comes from loopback.",
    remedy="send-proxy-v2 (the service must expect it), or source with an address of the host",
    source=("haproxy-manual", "ours"),
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """Servers on loopback get the PROXY protocol or see another source address."""
    for proxy in proxies(haproxy):
        if not proxy.serves or proxy.setting("source"):
            continue
        for server in proxy.servers():
            address = server.values[1] if len(server.values) > 1 else ""
            if LOOPBACK.match(address) and not set(proxy.server_words(server)) & TELLING:
                yield found(f"{proxy.name}: {address} sees every client as loopback", server.where)
