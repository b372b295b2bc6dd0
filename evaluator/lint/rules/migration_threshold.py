"""A node where a service keeps failing must lose it."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.units import score
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule


@rule(
    "migration-threshold",
    severity=Severity.WARNING,
    rationale="Without a threshold a resource that fails again and again is restarted on the same "
    "sick node for ever, though the other one would run it.",
    remedy="rsc_defaults migration-threshold=3 and a failure-timeout",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Every resource has a finite migration-threshold above 0; fence devices need none."""
    endless = []
    for primitive in cib.primitives():
        given = cib.effective_meta(primitive).get("migration-threshold")
        finite = given and 0 < score(given.value) < float("inf")
        if not finite and not cib.agent(primitive).startswith("stonith:"):
            endless.append(primitive)
    if endless:
        default = cib.rsc_defaults().get("migration-threshold")
        where = default.where if default else cib.where(endless[0])
        yield found(f"no threshold for {', '.join(repr(name(p)) for p in endless)}", where)
