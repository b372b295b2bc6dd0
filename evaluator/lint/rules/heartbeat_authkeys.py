"""Heartbeat's messages are signed."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-authkeys",
    severity=Severity.WARNING,
    rationale="crc signs nothing, so anybody on the network may send heartbeats of a dead node; "
    "md5 is weaker than sha1, the strongest that Heartbeat knows.",
    remedy="auth 1 and `1 sha1 SECRET` with a long random secret, mode 0600",
    source="heartbeat-docs",
)
def check(authkeys: Entry) -> Iterator[Finding]:
    """The key in use is one of method sha1 with a secret."""
    used = authkeys.text("auth")
    key = authkeys.get(used) if used else None
    if not key:
        where = authkeys.place("auth")
        yield found(f"there is no key {used!r}" if used else "no key is in use", where)
    elif key.values[:1] != ("sha1",):
        yield found(f"key {used} is {' '.join(key.values[:1])}", key.where)
    elif len(key.values) < 2:
        yield found(f"key {used} has no secret", key.where)
