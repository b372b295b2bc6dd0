"""Every link is described once, and every description has its link."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.membership import links, members, transport
from evaluator.lint.registry import found, rule


@rule(
    "link-numbers",
    rationale="An interface without number means link 0: its port and timeouts then go to the "
    "wrong link, and a firewall that lets the intended port through cuts the other link off.",
    remedy="give each interface a linknumber of its own, one for each ringX_addr",
    source="corosync-conf-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """With knet and a node list: ``interface.linknumber`` differ and are numbers of links."""
    used = {number for node in members(corosync) for number in links(node)}
    if transport(corosync) != "knet" or not used:
        return
    seen: set[str] = set()
    for interface in corosync.all("totem", "interface"):
        number = interface.text("linknumber", default=interface.text("ringnumber", default="0"))
        where = interface.place("linknumber")
        if number in seen:
            yield found(f"link {number} is described twice", where)
        elif number not in map(str, used):
            yield found(f"no node has an address on link {number} (ring{number}_addr)", where)
        seen.add(number)
