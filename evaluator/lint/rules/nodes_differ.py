"""Files that every node has are the same on each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "nodes-differ",
    rationale="Nodes that were started with different settings of the membership, the quorum or "
    "the replication do not form one cluster, or form it until the next restart.",
    remedy="keep the file the same on every node: 'pcs cluster sync', 'csync2 -x' or copy it",
    source=("corosync-conf-man", "drbd-conf-man", "heartbeat-docs"),
)
def check(copies: tuple[tuple[Entry, ...], ...]) -> Iterator[Finding]:
    """Copies of one file hold the same statements; comments and blanks may differ."""
    for first, *others in copies:
        for other in others:
            for there, here in zip_longest(_statements(first), _statements(other), fillvalue=None):
                if there is None or here is None or there[1:] != here[1:]:
                    where = here[0].where if here else other.where
                    message = f"{_said(here)} here, {_said(there)} in {first.where.file}"
                    yield found(message, where)
                    break


SECRET = re.compile(r"secret|key|pass")

Statement = tuple[Entry, int, str, tuple[str, ...]]


def _statements(entry: Entry, depth: int = 0) -> Iterator[Statement]:
    for child in entry.children:
        yield child, depth, child.key, child.values
        yield from _statements(child, depth + 1)


def _said(statement: Statement | None) -> str:
    if statement is None:
        return "nothing"
    _, _, key, values = statement
    return repr(key if SECRET.search(key) else " ".join((key, *values)))
