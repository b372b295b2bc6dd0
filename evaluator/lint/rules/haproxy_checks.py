"""A dead server must not be given clients."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-checks",
    severity=Severity.WARNING,
    rationale="A server without check is taken for healthy for ever: its share of the clients "
    "meets errors when it is dead.",
    remedy="add `check` to the server, or to default-server",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """Every server is checked or tracks one that is."""
    for proxy in proxies(haproxy):
        for server in proxy.servers() if proxy.serves else ():
            words = proxy.server_words(server)
            checked = "check" in words and "no-check" not in words[words.index("check") :]
            if not checked and not {"track", "disabled"} & set(words):
                name = server.values[0] if server.values else ""
                yield found(f"{proxy.name}: server {name!r} is not checked", server.where)
