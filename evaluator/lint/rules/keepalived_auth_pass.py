"""The password of VRRP is no protection."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances

USED = 8


@rule(
    "keepalived-auth-pass",
    severity=Severity.INFO,
    rationale="auth_pass is sent in clear text, of which eight characters count; RFC 3768 removed "
    "it from VRRP in 2004. It tells groups apart and keeps nobody out.",
    remedy="let the firewall admit VRRP from the peers only; use unicast_peer",
    source=("keepalived-conf-man", "rfc5798"),
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """No instance relies on it."""
    for instance in instances(keepalived):
        password = instance.entry.find("authentication", "auth_pass")
        if password:
            long = len(password.value) > USED
            more = f", and only {USED} characters of it count" if long else ""
            message = f"vrrp_instance {instance.name!r}: auth_pass is sent in clear text{more}"
            yield found(message, password.where)
