"""In a cluster where nothing may run by itself, everything is allowed somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.locations import may_run_on, opt_in
from evaluator.lint.registry import found, rule


@rule(
    "opt-in-placed",
    rationale="With symmetric-cluster=false a resource runs only where a location constraint "
    "allows it; without one on a second node it has nowhere to go when its node is lost.",
    remedy="delete symmetric-cluster, or allow the resource on two nodes at least",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """With ``symmetric-cluster=false`` each resource is allowed on two nodes, a device on one."""
    if not opt_in(cib):
        return
    for resource in cib.resources():
        id = resource.get("id", "")
        device = cib.agent(resource).startswith("stonith:")
        allowed = may_run_on(cib, id)
        if len(allowed) < (1 if device else min(2, len(cib.nodes()))):
            places = ", ".join(map(repr, allowed)) or "no node"
            yield found(f"{id!r} is allowed on {places}", cib.where(resource))
