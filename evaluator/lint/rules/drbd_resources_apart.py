"""Two DRBD resources share nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.addresses import plain
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import Resource, resources


@rule(
    "drbd-resources-apart",
    rationale="Two resources on one disk destroy each other's data; with one device or one port "
    "only the first comes up, and the other is not replicated.",
    remedy="give each resource a device minor, a disk and a port of its own",
    source=("drbd-conf-man", "drbd-users-guide"),
)
def check(drbd: Entry) -> Iterator[Finding]:
    """No device, backing disk or address with port is that of two resources on a host."""
    taken: dict[tuple[str, str, str], str] = {}
    for resource in resources(drbd):
        told = set()
        for host in resource.hosts:
            for kind, what, entry in _used(resource, host):
                first = taken.setdefault((host, kind, what), resource.name)
                if first != resource.name and entry.where not in told:
                    told.add(entry.where)
                    message = f"resource {resource.name!r} has the {kind} {what} of {first!r}"
                    yield found(f"{message} on {host}", entry.where)


def _used(resource: Resource, host: str) -> Iterator[tuple[str, str, Entry]]:
    """Kind, name and statement of what a resource takes on a host."""
    own = resource.hosts[host]
    shared = (e for e in resource.entry.children if e.key in ("device", "disk", "volume"))
    for entry in (w for e in (*shared, own) for w in e.walk() if w.values):
        words = entry.values
        if entry.key == "device":
            yield "device", _device(words), entry
        elif entry.key == "disk" and words[0].startswith("/"):
            yield "disk", words[0], entry
        elif entry.key == "address":
            yield "address", _socket(words[-1]), entry
    for connection in resource.entry.walk():
        for entry in connection.all("host") if connection.key in ("connection", "path") else ():
            if entry.values[:1] == (host,) and "address" in entry.values[:-1]:
                yield "address", _socket(entry.values[-1]), entry


def _device(words: tuple[str, ...]) -> str:
    """A device by its minor number, whichever way it is written."""
    if "minor" in words[:-1]:
        return f"/dev/drbd{words[words.index('minor') + 1]}"
    return re.sub("^drbd", "/dev/drbd", words[0])


def _socket(text: str) -> str:
    address, _, port = text.rpartition(":")
    return f"{plain(address.strip('[]'))}:{port}"
