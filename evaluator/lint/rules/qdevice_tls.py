"""The quorum device must be spoken to under TLS."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.membership import quorum_device
from evaluator.lint.registry import found, rule


@rule(
    "qdevice-tls",
    severity=Severity.WARNING,
    rationale="With tls off, or on (which falls back to plain text), whoever stands between the "
    "nodes and the device can give the deciding vote.",
    remedy="write tls: required into quorum.device.net and set up the certificates",
    source="corosync-qdevice-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``quorum.device.net.tls`` is ``required``; the default ``on`` falls back."""
    device = quorum_device(corosync)
    if device and (tls := device.text("net", "tls", default="on")) != "required":
        yield found(f"tls is {tls!r}; required keeps it from falling back",
                    device.place("net", "tls"))  # fmt: skip
