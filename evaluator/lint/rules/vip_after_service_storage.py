"""Clients get the address when there is something behind it."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Element
from evaluator.lint.agents import ADDRESSES, DRBD, STORAGE, serves
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import follows, name, outermost, placed_with
from evaluator.lint.registry import found, rule


@rule(
    "vip-after-service-storage",
    severity=Severity.WARNING,
    rationale="An address that comes first, or stays when its service stops, brings clients to a "
    "node that refuses them; in a failover it moves before the data do.",
    remedy="make the address the last member of the group, or order it after service and storage; "
    "a service that must bind it can with ip_nonlocal_bind",
    source=("pacemaker-explained", "ours"),
    formats=("cib",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """An address starts after the storage and the services that are placed with it."""
    assert configuration.cib
    cib = configuration.cib
    later, beside = follows(cib), placed_with(cib)

    def together(one: Element, other: Element) -> bool:
        return (name(other), "") in beside.get((name(one), ""), ()) or (
            (name(one), "") in beside.get((name(other), ""), ())
        )

    for address in cib.primitives():
        if cib.agent(address) not in ADDRESSES or outermost(address).tag == "clone":
            continue
        early = [
            name(other)
            for other in cib.primitives()
            if (serves(cib.agent(other)) or cib.agent(other) in STORAGE - DRBD)
            and together(address, other)
            and (name(address), "start") not in later.get((name(other), "start"), ())
        ]
        if early:
            message = f"{name(address)!r} does not wait for {', '.join(map(repr, early))}"
            yield found(message, cib.where(address))
