"""What corosync makes of its file: defaults, and what follows from options together.

Terms and defaults: corosync.conf(5), votequorum(5), corosync-qdevice(8) of corosync 3.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.formats.tree import Entry
from evaluator.formats.units import truth

TOKEN_MS = 3000
TOKEN_COEFFICIENT_MS = 650
RING = re.compile(r"ring([0-7])_addr")


def members(corosync: Entry) -> tuple[Entry, ...]:
    """The nodes of the node list."""
    return corosync.all("nodelist", "node")


def name_of(node: Entry) -> str:
    """How messages call a node: its name or, without one, its first address or its id."""
    return node.text("name") or node.text("ring0_addr") or node.text("nodeid") or "a node"


def links(node: Entry) -> dict[int, Entry]:
    """A node's addresses by number of the link."""
    found = ((RING.fullmatch(entry.key), entry) for entry in node.children)
    return {int(match[1]): entry for match, entry in found if match}


def transport(corosync: Entry) -> str:
    """The transport in force."""
    return corosync.text("totem", "transport", default="knet").lower()


def is_set(corosync: Entry, *path: str) -> bool:
    """Whether a switch is on; all switches that are asked for here are off by default."""
    return truth(corosync.text(*path)) is True


def quorum_device(corosync: Entry) -> Entry | None:
    """The section of the quorum device, if there is one."""
    return corosync.find("quorum", "device")


def two_votes(corosync: Entry) -> bool:
    """Whether two nodes are alone with each other, so that neither half has a majority."""
    return len(members(corosync)) == 2 and quorum_device(corosync) is None


def token_ms(corosync: Entry) -> float:
    """The real token timeout in milliseconds, which grows with the third node."""
    written = corosync.number("totem", "token")
    step = corosync.number("totem", "token_coefficient")
    more = max(0, len(members(corosync)) - 2)
    base = TOKEN_MS if written is None else written
    return base + more * (TOKEN_COEFFICIENT_MS if step is None else step)


def addresses(corosync: Entry) -> Iterator[tuple[Entry, Entry]]:
    """Every node with each of its addresses."""
    for node in members(corosync):
        for entry in links(node).values():
            yield node, entry
