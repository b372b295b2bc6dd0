"""HAProxy's own controls are not for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule

LOOPBACK = re.compile(r"127\.|::1$|localhost$")


@rule(
    "haproxy-stats-protected",
    severity=Severity.WARNING,
    rationale="The statistics tell every server's name and state, and with admin rights, or over "
    "the socket, anybody may switch servers off.",
    remedy="stats auth USER:PASSWORD or a bind to loopback; a unix socket of mode 660",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """Pages ask for a password or listen on loopback; sockets are local and not for all."""
    for proxy in proxies(haproxy):
        on = proxy.setting("stats", "enable") or proxy.setting("stats", "uri")
        guarded = proxy.setting("stats", "auth") or proxy.setting("stats", "http-request")
        binds = [address for address, _, _ in proxy.binds()]
        if on and not guarded and not (binds and all(map(LOOPBACK.match, binds))):
            yield found(f"{proxy.name}: the statistics ask for no password", on.where)
    for line in haproxy.all("global", "stats"):
        if line.values[:1] != ("socket",) or len(line.values) < 2:
            continue
        words = line.values
        local = words[1].startswith(("/", "unix@", "abns@", "fd@"))
        mode = words[words.index("mode") + 1] if "mode" in words[:-1] else ""
        if not local and not LOOPBACK.match(words[1].rpartition("@")[2]):
            yield found(f"the socket {words[1]} can be reached over the network", line.where)
        elif re.fullmatch(r"[0-7]*[2367]", mode):
            yield found(f"everybody may write to the socket: mode {mode}", line.where)
