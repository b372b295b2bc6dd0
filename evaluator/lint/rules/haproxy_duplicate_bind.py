"""Who answers on a port is no matter of chance."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import ANY_IPV4, proxies
from evaluator.lint.registry import found, rule

ON_PURPOSE = frozenset({"process", "thread", "shards", "interface", "namespace"})
"""Options of sockets that may well have the address of another."""


@rule(
    "haproxy-duplicate-bind",
    severity=Severity.WARNING,
    rationale="HAProxy lets two proxies listen on one address and port (SO_REUSEPORT) without a "
    "word; the kernel then deals clients out between them at random.",
    remedy="give each its own address or port, or make one frontend with use_backend",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """No address and port is bound twice, but where threads or interfaces part the sockets."""
    taken: dict[tuple[str, int], str] = {}
    for proxy in proxies(haproxy):
        for address, port, line in proxy.binds():
            if ON_PURPOSE & set(line.values):
                continue
            socket = "*" if address in ANY_IPV4 else address, port
            if socket in taken:
                owner = taken[socket]
                twice = "twice" if owner == proxy.name else f"as {owner} does"
                yield found(f"{proxy.name} binds {socket[0]}:{port} {twice}", line.where)
            taken.setdefault(socket, proxy.name)
