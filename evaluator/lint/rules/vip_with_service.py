"""An address goes where its service goes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.lint.agents import ADDRESSES, serves
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import name, outermost, placed_with
from evaluator.lint.registry import found, rule


@rule(
    "vip-with-service",
    rationale="Nothing keeps the address and the service on one node; the cluster spreads "
    "resources by default, and clients reach a node without service.",
    remedy="put them into one group, or colocate them with score INFINITY",
    source="pacemaker-explained",
    formats=("cib",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """An address has company by a group or a colocation, where there are services at all.

    Services that run on every node need none, and a cloned address is a matter of its own.
    """
    assert configuration.cib
    cib = configuration.cib
    beside = placed_with(cib)
    company = {step[0] for steps in beside.values() for step in steps}
    single = [p for p in cib.primitives() if outermost(p).tag in ("primitive", "group")]
    services = [p for p in single if serves(cib.agent(p))]
    for address in single if services else ():
        if cib.agent(address) in ADDRESSES:
            alone = not beside.get((name(address), "")) and name(address) not in company
            if alone:
                message = f"address {name(address)!r} is placed without regard to any service"
                yield found(message, cib.where(address))
