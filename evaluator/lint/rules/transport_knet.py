"""The transport is knet."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity, allowed_values
from evaluator.formats.tree import Entry
from evaluator.lint.membership import transport
from evaluator.lint.registry import found, rule


@rule(
    "transport-knet",
    severity=Severity.WARNING,
    rationale="Only knet has more than one link and encryption: with udp or udpu one broken cable "
    "splits the cluster, and corosync 3 sends in the clear.",
    remedy="write transport: knet (or nothing, it is the default of corosync 3)",
    source="corosync-conf-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``totem.transport`` is ``knet``."""
    written = transport(corosync)
    if written != "knet":
        where = corosync.place("totem", "transport")
        yield found(f"transport is {written!r}; {allowed_values(written, ['knet'])}", where)
