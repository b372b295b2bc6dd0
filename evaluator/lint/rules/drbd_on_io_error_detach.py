"""A node with a failing disk goes on with its peer's."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-on-io-error-detach",
    severity=Severity.WARNING,
    rationale="With pass_on the file system sees every error of the local disk although the peer "
    "has good data; detach goes on with the peer's disk.",
    remedy="disk { on-io-error detach; }",
    source=("drbd-conf-man", "drbd-users-guide"),
)
def check(drbd: Entry) -> Iterator[Finding]:
    """``on-io-error`` is ``detach``, or calls a handler that is there."""
    for resource in resources(drbd):
        for entry in resource.options("disk", "on-io-error"):
            handled = resource.option("handlers", "local-io-error")
            if entry.value == "pass_on" or (entry.value == "call-local-io-error" and not handled):
                yield found(f"resource {resource.name!r}: on-io-error {entry.value}", entry.where)
