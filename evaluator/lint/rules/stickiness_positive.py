"""A service stays where it is when its old node comes back."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.units import score
from evaluator.lint.agents import ADDRESSES, serves
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule

OLDER = "default-resource-stickiness"
"""The cluster property that Pacemaker 1 also knew."""


@rule(
    "stickiness-positive",
    severity=Severity.WARNING,
    rationale="With stickiness 0, the default, resources may move back as soon as a node returns: "
    "one more interruption, perhaps onto a node that fails again.",
    remedy="rsc_defaults resource-stickiness=200",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Every service or address outside clones has a stickiness above 0, from anywhere."""
    older = cib.properties().get(OLDER)
    if older and score(older.value) > 0 and cib.root.get("validate-with", "") < "pacemaker-2":
        return
    loose = []
    for resource in cib.resources():
        if resource.tag not in ("primitive", "group"):
            continue
        members = [p for p in resource.iter("primitive") if _matters(cib.agent(p))]
        for member in members:
            given = cib.effective_meta(member).get("resource-stickiness")
            if not given or score(given.value) <= 0:
                loose.append(name(resource))
                break
    if loose:
        default = cib.rsc_defaults().get("resource-stickiness")
        names = ", ".join(map(repr, loose))
        where = default.where if default else cib.where(cib.resource(loose[0]))
        yield found(f"{names}: no positive resource-stickiness", where)


def _matters(agent: str) -> bool:
    return serves(agent) or agent in ADDRESSES
