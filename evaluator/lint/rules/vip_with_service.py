"""An address goes where its service goes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.agents import ADDRESSES, DRBD, STORAGE, serves
from evaluator.lint.placement import name, outermost, placed_with
from evaluator.lint.registry import found, rule


@rule(
    "vip-with-service",
    rationale="Nothing keeps the address and the service on one node; the cluster spreads "
    "resources by default, and clients reach a node without service.",
    remedy="put them into one group, or colocate them with score INFINITY",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """An address is placed with a service or its storage, where there are services at all.

    That goes for services that run on every node too: one of them may have failed.  A cloned
    address is a matter of its own.
    """
    beside = placed_with(cib)
    single = [p for p in cib.primitives() if outermost(p).tag in ("primitive", "group")]
    company = {name(p) for p in cib.primitives() if _matters(cib.agent(p))}
    services = [p for p in cib.primitives() if serves(cib.agent(p))]
    addresses = [p for p in single if cib.agent(p) in ADDRESSES]
    for address in addresses if services else ():
        here = (name(address), "")
        near = {step[0] for step in beside.after(here) | beside.before(here)}
        if not near & company:
            message = f"address {name(address)!r} is placed without regard to any service"
            yield found(message, cib.where(address))


def _matters(agent: str) -> bool:
    return serves(agent) or agent in STORAGE | DRBD
