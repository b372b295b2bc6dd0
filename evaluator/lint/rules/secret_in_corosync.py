"""The key is not in corosync.conf."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "secret-in-corosync",
    rationale="corosync.conf may be read by everybody and is in every report that is sent to "
    "support; the key in it makes any reader a member of the cluster.",
    remedy="delete totem.key, make a new key with corosync-keygen, and write keyfile if it is not "
    "at /etc/corosync/authkey",
    source="corosync-conf-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """There is no ``totem.key``; its value is not repeated here."""
    for entry in corosync.all("totem", "key"):
        yield found("the key itself stands in corosync.conf", entry.where)
