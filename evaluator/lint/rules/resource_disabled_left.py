"""Nothing that should run is switched off."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule

OFF = frozenset({"stopped", "slave", "unpromoted"})


@rule(
    "resource-disabled-left",
    severity=Severity.WARNING,
    rationale="A target-role left from maintenance keeps the resource stopped, or its clone "
    "without a promoted instance, on every node.",
    remedy="remove target-role, or set it to Started: pcs resource enable, crm resource start",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """No target-role is Stopped or Unpromoted."""
    roles = [("rsc_defaults", cib.rsc_defaults().get("target-role"))]
    for top in cib.resources():
        for element in top.iter("primitive", "group", "clone", "master", "bundle"):
            roles.append((name(element), cib.meta(element).get("target-role")))
    for owner, role in roles:
        if role and role.value.lower() in OFF:
            yield found(f"{owner!r}: target-role is {role.value!r}", role.where)
