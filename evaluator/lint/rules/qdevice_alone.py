"""Votequorum's own tricks switch the quorum device off."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import is_set, quorum_device
from evaluator.lint.registry import found, rule


@rule(
    "qdevice-alone",
    rationale="Where last_man_standing or auto_tie_breaker is written, corosync disables the "
    "quorum device: the vote that was counted on is never given.",
    remedy="delete last_man_standing and auto_tie_breaker where there is a quorum device",
    source="votequorum-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """Neither stands beside a section ``quorum.device``."""
    if quorum_device(corosync) is None:
        return
    for name in ("last_man_standing", "auto_tie_breaker"):
        if is_set(corosync, "quorum", name):
            where = corosync.place("quorum", name)
            yield found(f"{name} is on and disables the quorum device", where)
