"""A web server's check should ask for a page."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-httpchk",
    severity=Severity.INFO,
    rationale="Without option httpchk a check only opens a connection, which a web server that "
    "answers every request with an error still accepts.",
    remedy="option httpchk GET /",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """A backend of mode http with checked servers has ``option httpchk`` or another protocol's."""
    for proxy in proxies(haproxy):
        if not proxy.serves or proxy.mode != "http":
            continue
        checked = any("check" in proxy.server_words(s) for s in proxy.servers())
        if checked and not (proxy.setting("option", "httpchk") or _other(proxy.section.children)):
            yield found(f"{proxy.name}: its check does not speak HTTP", proxy.section.where)


def _other(lines: tuple[Entry, ...]) -> bool:
    words = {(e.key, *e.values[:1]) for e in lines}
    return bool(words & {("option", "external-check"), ("option", "tcp-check")})
