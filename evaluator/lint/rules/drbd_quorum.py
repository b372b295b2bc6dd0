"""Three copies decide by majority."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-quorum",
    severity=Severity.INFO,
    rationale="With three peers DRBD can tell by itself who may write, at once and without waiting "
    "for a fence device; LINBIT recommends it over fencing by handlers.",
    remedy="options { quorum majority; on-no-quorum io-error; }",
    source=("drbd-conf-man", "drbd-utils-repo"),
)
def check(drbd: Entry) -> Iterator[Finding]:
    """A resource of three or more hosts has a quorum."""
    for resource in resources(drbd):
        quorum = resource.text("options", "quorum")
        if len(resource.hosts) > 2 and quorum in ("", "off", "no", "0"):
            message = f"resource {resource.name!r}: {len(resource.hosts)} hosts and no quorum"
            yield found(message, resource.place("options", "quorum"))
