"""An address is moved by one resource only."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.lint.addresses import virtual
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule


@rule(
    "duplicate-vip",
    rationale="Two that move the same address bring it up on two nodes at once: clients reach now "
    "one, now the other.",
    remedy="keep one of them",
    source=("pacemaker-explained", "keepalived-conf-man"),
    formats=("haresources|keepalived",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """No address has two owners; an instance of keepalived has the same on every node.

    Two resources of Pacemaker are the matter of ``duplicate-address``.
    """
    owners: dict[str, set[tuple[str, str]]] = {}
    for each in virtual(configuration):
        others = owners.setdefault(each.address, set())
        me = each.manager, each.owner
        if others - {me} and each.manager != "Pacemaker":
            manager, owner = min(others - {me})
            message = (
                f"{each.address} of {each.owner} ({each.manager}) is {owner}'s ({manager}) too"
            )
            yield found(message, each.where)
        others.add(me)
