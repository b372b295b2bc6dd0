"""corosync.conf says which version of the protocol it is."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "totem-version",
    rationale="corosync refuses to start without version: 2, so a node that reboots does not come "
    "back.",
    remedy="write version: 2 into the section totem",
    source="corosync-conf-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``totem.version`` is 2."""
    version = corosync.text("totem", "version")
    if version != "2":
        typed = f"version is {version!r}" if version else "there is no version"
        yield found(f"{typed}; allowed: 2", corosync.place("totem", "version"))
