"""VRRP must not decide who writes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import decides_over_data, instances


@rule(
    "keepalived-split-brain",
    rationale="VRRP has neither quorum nor fencing: cut off from each other both nodes become "
    "master, and with replicated or shared storage both write.",
    remedy="let Pacemaker with fencing decide over the storage; keep keepalived for services that "
    "keep no data",
    source=("rfc5798", "keepalived-conf-man"),
)
def check(configuration: Configuration, keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """No instance where DRBD is, or whose notify scripts mount or promote storage.

    Pacemaker's own storage beside it is not meant: that is fenced by Pacemaker.
    """
    for instance in instances(keepalived):
        if where := decides_over_data(configuration, instance):
            message = f"vrrp_instance {instance.name!r} decides alone who holds the data"
            yield found(message, where)
