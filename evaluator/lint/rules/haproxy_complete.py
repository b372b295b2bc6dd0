"""Every client of HAProxy is led to a server."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import Proxy, proxies
from evaluator.lint.registry import found, rule

LEADING = ("use_backend", "redirect", "http-request")


@rule(
    "haproxy-complete",
    rationale="A frontend without address or backend, a backend without server, or two of "
    "different modes: HAProxy does not start, or answers every client with an error.",
    remedy="give each frontend a bind and a default_backend of its own mode, each backend a server",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """Frontends listen and lead to a backend of their mode; those used have servers."""
    every = proxies(haproxy)
    serving = {p.section.values[0]: p for p in every if p.serves and p.section.values}
    for proxy in every:
        where = proxy.section.where
        if proxy.listens and not proxy.section.all("bind"):
            yield found(f"{proxy.name} has no bind", where)
        if proxy.section.key == "frontend":
            yield from _leads(proxy, serving)
    for name in sorted({n for p in every for n in p.backends()} & set(serving)):
        backend = serving[name]
        if not any(backend.servers()) and not backend.section.all("http-request"):
            yield found(f"{backend.name} has no server", backend.section.where)


def _leads(frontend: Proxy, serving: dict[str, Proxy]) -> Iterator[Finding]:
    where = frontend.section.where
    if not frontend.backends() and not any(frontend.section.all(key) for key in LEADING):
        yield found(f"{frontend.name} has no default_backend", where)
    for name, line in sorted(frontend.backends().items()):
        if "%" in name:
            continue
        if name not in serving:
            message = f"{frontend.name} leads to {name!r}; {allowed_values(name, serving)}"
            yield found(message, line.where)
        elif serving[name].mode != frontend.mode:
            other = serving[name]
            message = f"{frontend.name} is of mode {frontend.mode}, {other.name} of {other.mode}"
            yield found(message, where)
