"""The statistics page is not the whole world's to try passwords on."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import EVERYWHERE, Proxy, frontends_of, proxies
from evaluator.lint.registry import found, rule
from evaluator.lint.rules.haproxy_stats_protected import LOOPBACK

GUESSED = frozenset({
    "", "123456", "12345678", "1234", "admin", "admin123", "changeme", "default", "guest",
    "haproxy", "letmein", "pass", "passw0rd", "password", "qwerty", "root", "secret", "stats",
    "test", "user",
})  # fmt: skip
"""Passwords that anybody tries first (ours)."""


@rule(
    "haproxy-stats-exposed",
    severity=Severity.WARNING,
    rationale="Who guesses the password, or reads it on the way as it goes in the clear, sees "
    "every server and, with admin rights, switches them off.",
    remedy="bind the page to the management address with ssl, and choose a long random password",
    source=("haproxy-manual", "ours"),
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """A page is on chosen addresses, or loopback, or with TLS; its passwords are not guessable."""
    every = proxies(haproxy)
    for proxy in every:
        binds = [bind for each in frontends_of(proxy, every) for bind in each.binds()]
        if not _page(proxy) or all(LOOPBACK.match(address) for address, _, _ in binds):
            continue
        for address, port, line in binds:
            if address in EVERYWHERE and "ssl" not in line.values:
                message = f"{proxy.name}: the statistics are on every address, port {port}"
                yield found(f"{message}, in the clear", line.where)
        for line in (*proxy.section.all("stats"), *_inherited(proxy)):
            user, _, password = (line.values[1] if len(line.values) > 1 else "").partition(":")
            if line.values[:1] == ("auth",) and password.lower() in GUESSED | {user.lower()}:
                yield found(f"{proxy.name}: {user!r} has a password that is guessed", line.where)


def _page(proxy: Proxy) -> bool:
    return any(proxy.setting("stats", word) for word in ("enable", "uri", "auth"))


def _inherited(proxy: Proxy) -> tuple[Entry, ...]:
    own = any(line.values[:1] == ("auth",) for line in proxy.section.all("stats"))
    return () if own else tuple(e for each in proxy.defaults for e in each.all("stats"))
