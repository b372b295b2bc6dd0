"""A dead real server must not be given clients."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "keepalived-real-server-check",
    severity=Severity.WARNING,
    rationale="A real server without a check is taken for healthy for ever: its share of the "
    "clients meets errors when it is dead.",
    remedy="add TCP_CHECK, HTTP_GET, SSL_GET, SMTP_CHECK, MISC_CHECK or the like",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """Every ``real_server`` of a virtual server has a check."""
    for file in keepalived:
        for server in file.all("virtual_server"):
            for real in server.all("real_server"):
                if not any(e.key.endswith(("_CHECK", "_GET")) for e in real.children):
                    message = f"virtual_server {server.value}: {real.value} is not checked"
                    yield found(message, real.where)
