"""Resources stay where they are when the node returns."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.formats.units import truth
from evaluator.lint import ha
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-auto-failback",
    severity=Severity.WARNING,
    rationale="With failback, which the default `legacy` also does, the service moves once more "
    "when its first node returns, and again and again if that node is sick.",
    remedy="auto_failback off",
    source="heartbeat-docs",
)
def check(ha_cf: Entry) -> Iterator[Finding]:
    """``auto_failback off`` is written, unless Pacemaker manages the resources."""
    if not ha.manages(ha_cf):
        return
    entry = ha_cf.get("auto_failback")
    if entry is None or truth(entry.value) is not False:
        said = f"auto_failback is {entry.value!r}" if entry else "auto_failback is not set"
        yield found(said, (entry or ha_cf).where)
