"""A mail server's check should wait for its greeting."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule

MAIL_PORTS = frozenset({25, 587})


@rule(
    "haproxy-smtpchk",
    severity=Severity.WARNING,
    rationale="A check that connects and hangs up at once is no mail client. Behind the PROXY "
    "protocol it ends Postfix's smtpd with a fatal error (measured: Postfix 3.7.11, HAProxy 2.6), "
    "Postfix then holds back every new one for a minute, and clients wait without a greeting.",
    remedy="option smtpchk EHLO your.host.name",
    source=("haproxy-manual", "ours"),
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """What answers on port 25 or 587 is checked in SMTP."""
    every = proxies(haproxy)
    fronts = [p for p in every if any(port in MAIL_PORTS for _, port, _ in p.binds())]
    mail = {name for p in fronts for name in (p.name, *(f"backend {b}" for b in p.backends()))}
    for proxy in every:
        if not proxy.serves or proxy.name not in mail:
            continue
        checked = any("check" in proxy.server_words(server) for server in proxy.servers())
        spoken = any(
            proxy.setting("option", kind) for kind in ("smtpchk", "tcp-check", "external-check")
        )
        if checked and not spoken:
            yield found(f"{proxy.name}: its check does not speak SMTP", proxy.section.where)
