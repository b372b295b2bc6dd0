"""HAProxy can only bind an address that is there, unless the kernel lets it."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.addresses import plain, virtual
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import follows
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule


@rule(
    "haproxy-nonlocal-bind",
    severity=Severity.INFO,
    rationale="On a node that does not hold the virtual address HAProxy does not start, nor does "
    "it where it starts before the address.",
    remedy="sysctl net.ipv4.ip_nonlocal_bind=1 (net.ipv6.ip_nonlocal_bind), or `transparent` at "
    "the bind, or start HAProxy after the address",
    source="haproxy-manual",
    formats=("cib|haresources|keepalived",),
)
def check(configuration: Configuration, haproxy: Entry) -> Iterator[Finding]:
    """A bind to a virtual address is transparent, or HAProxy starts after the address.

    What the kernel allows is not in the files; the build of a bundle sees to it.
    """
    if configuration.manifest:
        return
    moving = {each.address for each in virtual(configuration)}
    for proxy in proxies(haproxy):
        for address, port, line in proxy.binds():
            free = "transparent" in line.values or _after(configuration, plain(address))
            if plain(address) in moving and not free:
                message = f"{proxy.name} binds {address}:{port}, a virtual address"
                yield found(message, line.where)


def _after(configuration: Configuration, address: str) -> bool:
    cib = configuration.cib
    if not cib:
        return False
    order = follows(cib)
    balancers = [p.get("id", "") for p in cib.primitives() if "haproxy" in cib.agent(p)]
    for primitive in cib.primitives():
        given = cib.parameters(primitive).get("ip")
        if given and plain(given.value) == address:
            after = order.after((primitive.get("id", ""), "start"))
            return bool(balancers) and all((b, "start") in after for b in balancers)
    return False
