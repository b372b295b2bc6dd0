"""A mail server must not take every client for itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import frontends_of, proxies
from evaluator.lint.registry import found, rule

SMTP = frozenset({25, 465, 587})
LOOPBACK = re.compile(r"(ipv[46]@)?\[?(127\.|::1\b|localhost\b)")


@rule(
    "haproxy-mail-trusts-loopback",
    rationale="Behind HAProxy on the same host every client of the mail server comes from "
    "loopback, which mail servers trust: the host becomes an open relay.",
    remedy="send-proxy-v2 and a mail server that takes it, or `source` with an address that it "
    "does not trust",
    source=("haproxy-manual", "ours"),
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """SMTP servers on loopback are told the client, or at least see another source address."""
    every = proxies(haproxy)
    for proxy in every:
        ports = {port for front in frontends_of(proxy, every) for _, port, _ in front.binds()}
        if not proxy.serves or not ports & SMTP or proxy.setting("source"):
            continue
        for server in proxy.servers():
            words = set(proxy.server_words(server))
            if len(server.values) > 1 and LOOPBACK.match(server.values[1]) and not (
                words & {"send-proxy", "send-proxy-v2", "source"}
            ):  # fmt: skip
                message = f"{proxy.name}: clients reach {server.values[1]} as loopback"
                yield found(message, server.where)
