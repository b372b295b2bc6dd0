"""Somebody must count the votes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule

ONLY = "corosync_votequorum"


@rule(
    "quorum-provider",
    rationale="Without a provider corosync counts no votes: each half of a split cluster goes on "
    "as if it were whole.",
    remedy=f"write provider: {ONLY} into the section quorum",
    source=("corosync-conf-man", "votequorum-man"),
)
def check(corosync: Entry) -> Iterator[Finding]:
    """``quorum.provider`` is votequorum."""
    provider = corosync.text("quorum", "provider")
    if provider != ONLY:
        where = corosync.place("quorum", "provider")
        typed = f"quorum.provider is {provider!r}" if provider else "there is no quorum.provider"
        yield found(f"{typed}; allowed: {ONLY}", where)
