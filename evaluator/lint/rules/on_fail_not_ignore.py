"""A failure must lead to recovery."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule

DEAF = {
    "ignore": "the failure is taken for success",
    "block": "nothing is done until an administrator comes",
    "stop": "the resource is started nowhere else",
}


@rule(
    "on-fail-not-ignore",
    rationale="With on-fail ignore, block or stop the cluster does not bring the service back; a "
    "failed stop that is blocked instead of fenced ends the failover there.",
    remedy="remove on-fail: the defaults restart, and fence after a failed stop",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """No operation of a resource has such an on-fail."""
    for primitive in cib.primitives():
        for operation in cib.operations(primitive):
            policy = operation.values.get("on-fail", "").lower()
            if policy in DEAF:
                message = (
                    f"{name(primitive)!r}: {operation.name} has on-fail={policy}: {DEAF[policy]}"
                )
                yield found(message, operation.where)
