"""Ports are ports."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.proxies import proxies
from evaluator.lint.registry import found, rule

PORTS = range(1, 65536)
RANGE = re.compile(r"([0-9]+)(?:-([0-9]+))?")
LOCAL = re.compile(r"/|(unix|abns|fd|sockpair|rhttp)@")


@rule(
    "haproxy-port",
    rationale="HAProxy does not start with a port that is none: after the next reload or failover "
    "nothing answers.",
    remedy="write a port of 1 to 65535",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """Every port that a line ``bind`` or ``server`` names is 1 to 65535."""
    for proxy in proxies(haproxy):
        for line in (*proxy.section.all("bind"), *proxy.servers()):
            at = {"bind": 0, "server": 1}.get(line.key, 2)
            for socket in (line.values[at] if len(line.values) > at else "").split(","):
                address, colon, port = socket.rpartition(":")
                numbers = RANGE.fullmatch(port)
                # an IPv6 address may stand without brackets, and then without a port
                bare = ":" in address and address != "::" and not address.startswith("[")
                if not colon or not numbers or LOCAL.match(socket) or bare:
                    continue
                if any(int(n) not in PORTS for n in numbers.groups() if n):
                    said = f"{proxy.name}: {line.key} {socket!r} has port {port}"
                    yield found(said, line.where)
