"""What a DRBD primary does that has lost its quorum."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-on-no-quorum",
    severity=Severity.WARNING,
    rationale="Without quorum DRBD freezes every access by default: the service hangs, cannot be "
    "stopped, and its node has to be fenced before the service may move.",
    remedy="options { on-no-quorum io-error; }",
    source="drbd-conf-man",
)
def check(drbd: Entry) -> Iterator[Finding]:
    """With quorum accesses fail instead of freezing; without it on-no-quorum means nothing."""
    for resource in resources(drbd):
        quorum = resource.option("options", "quorum")
        policy = resource.option("options", "on-no-quorum")
        said = f"resource {resource.name!r}:"
        if not quorum or quorum.value in ("off", "no", "0"):
            if policy:
                yield found(f"{said} on-no-quorum without quorum", policy.where, "quorum majority;")
        elif not policy or policy.value != "io-error":
            value = policy.value if policy else "suspend-io, the default"
            yield found(f"{said} on-no-quorum is {value}", (policy or quorum).where)
        elif resource.text("options", "on-no-data-accessible") == "suspend-io":
            message = f"{said} on-no-data-accessible suspend-io takes precedence"
            yield found(message, resource.place("options", "on-no-data-accessible"))
