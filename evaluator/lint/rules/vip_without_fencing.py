"""An address without fencing may be on two nodes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.lint import ha
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import decides_over_data, instances


@rule(
    "vip-without-fencing",
    severity=Severity.WARNING,
    rationale="When the nodes lose sight of each other each brings the address up; clients reach "
    "one of two services, and which one changes.",
    remedy="accept it for services without state of their own, or let Pacemaker with fencing "
    "decide",
    source=("rfc5798", "heartbeat-docs"),
    formats=("keepalived|haresources",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """Addresses of keepalived, and of Heartbeat without stonith.

    Where data are at stake too, ``keepalived-split-brain`` and ``heartbeat-stonith`` say so.
    """
    for instance in instances(configuration.keepalived):
        if instance.addresses and not decides_over_data(configuration, instance):
            message = f"vrrp_instance {instance.name!r}: VRRP does not fence"
            yield found(message, instance.entry.where)
    haresources = configuration.haresources
    if haresources and not ha.fences(configuration.ha_cf) and not any(ha.stored(haresources)):
        for node in haresources.children:
            if any(entry.key.startswith("IP") for entry in node.children):
                message = f"{node.key!r} holds an address, and Heartbeat does not fence"
                yield found(message, node.where)
