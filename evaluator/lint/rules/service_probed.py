"""A suite whose processes run may still answer nobody."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.cluster.model import ZCS_AGENT
from evaluator.cluster.probe import PARAMETER
from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.registry import found, rule


@rule(
    "service-probed",
    severity=Severity.WARNING,
    rationale="Without endpoints to ask, the agent judges by processes alone: a service that hangs "
    "is taken for healthy and never moved.",
    remedy="write the parameter probe, such as smtp:127.0.0.1:25,imaps:127.0.0.1:993",
    source="ours",
)
def check(cib: Cib) -> Iterator[Finding]:
    """A resource of the agent that can probe by protocol is told what to probe."""
    for primitive in cib.primitives():
        given = cib.parameters(primitive).get(PARAMETER)
        if cib.agent(primitive) == ZCS_AGENT and not (given and given.value):
            name = primitive.get("id")
            yield found(f"{name!r}: no protocol of the service is probed", cib.where(primitive))
