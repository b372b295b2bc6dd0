"""A name is given once."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-unique-names",
    rationale="HAProxy does not start with two servers of one name in a backend: after the next "
    "reload or failover nothing answers.",
    remedy="give each server of a backend a name of its own",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """No two servers of a backend have the same name."""
    for proxy in proxies(haproxy):
        named: dict[str, int] = {}
        for server in proxy.section.all("server"):
            name = server.values[0] if server.values else ""
            if name in named:
                message = f"{proxy.name}: server {name!r} stands in line {named[name]} already"
                yield found(message, server.where)
            named.setdefault(name, server.where.line)
