"""DRBD resources as DRBD sees them: their own statements over those of ``common``.

Terms: drbd.conf(5) of 8.4 and of 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.findings import Where
from evaluator.formats.cib import Cib, Element
from evaluator.formats.tree import Entry
from evaluator.formats.units import truth
from evaluator.lint.agents import DRBD

BY_RESOURCE = "/dev/drbd/by-res/"


@dataclass(frozen=True)
class Resource:
    """A resource and the ``common`` sections that it takes the rest from."""

    name: str
    entry: Entry
    common: tuple[Entry, ...]

    def options(self, *path: str) -> tuple[Entry, ...]:
        """Every setting of an option by (section, option), of any volume, host or connection.

        Those of ``common`` count where the resource has none.  Sections may be given as
        ``"disk|net"``, as an option may have moved between versions.
        """
        sections, option = path[0].split("|"), path[1]
        for owners in ((self.entry,), self.common):
            inside = (e for owner in owners for e in owner.walk() if e.key in sections)
            if found := tuple(o for section in inside for o in section.all(option)):
                return found
        return ()

    def option(self, *path: str) -> Entry | None:
        """The setting that counts, the last one."""
        return next(reversed(self.options(*path)), None)

    def text(self, *path: str) -> str:
        """Value of :meth:`option`, '' if it is not set."""
        entry = self.option(*path)
        return entry.value if entry else ""

    def place(self, *path: str) -> Where:
        """Where an option stands; its resource if it is not set."""
        entry = self.option(*path)
        return entry.where if entry else self.entry.where

    @property
    def hosts(self) -> dict[str, Entry]:
        """Sections ``on`` by the name of their host."""
        return {host: entry for entry in self.entry.all("on") for host in entry.values}

    @property
    def devices(self) -> frozenset[str]:
        """Paths of its block devices, of every host and volume."""
        found = set()
        for entry in self._statements("device"):
            words = entry.values
            if words and words[0].startswith("/"):
                found.add(words[0])
            if "minor" in words[:-1]:
                found.add(f"/dev/drbd{words[words.index('minor') + 1]}")
        return frozenset(found)

    @property
    def backing_disks(self) -> frozenset[str]:
        """Paths of the disks below it, of every host and volume."""
        words = (e.values[0] for e in self._statements("disk") if e.values and not e.children)
        return frozenset(w for w in words if w.startswith("/"))

    @property
    def dialect(self) -> str:
        """``9`` or ``8.4`` if the file can only be of one of them, else ''."""
        keys = {e.key for e in self.entry.walk()} | {e.key for c in self.common for e in c.walk()}
        if keys & {"node-id", "connection", "connection-mesh", "quorum", "unfence-peer"}:
            return "9"
        if self.option("disk", "fencing"):
            return "8.4"
        return "9" if self.option("net", "fencing") else ""

    def owns(self, device: str) -> bool:
        """Whether a path is one of its devices."""
        link = f"{BY_RESOURCE}{self.name}"  # of an only volume that has no number the device
        return device in self.devices or device == link or device.startswith(f"{link}/")

    def _statements(self, key: str) -> Iterator[Entry]:
        return (e for e in self.entry.walk() if e.key == key and e.values)


def resources(drbd: Entry) -> tuple[Resource, ...]:
    """Every resource of the files."""
    common = drbd.all("common")
    return tuple(Resource(e.value, e, common) for e in drbd.all("resource") if e.value)


def is_on(entry: Entry) -> bool:
    """Whether a switch is on: DRBD takes one without a value for yes."""
    return not entry.value or truth(entry.value) is True


def clones(cib: Cib) -> Iterator[tuple[Element, Element]]:
    """Clones of DRBD with the primitive inside each."""
    for clone in cib.clones():
        for primitive in clone.iterfind("primitive"):
            if cib.agent(primitive) in DRBD:
                yield clone, primitive


def users(cib: Cib, primitive: Element, drbd: Entry | None) -> Iterator[tuple[Element, Entry]]:
    """Primitives with a parameter that is a device of a DRBD primitive, and the parameter.

    Where DRBD's files do not tell, every DRBD device is taken for that of an only DRBD clone.
    """
    given = cib.parameters(primitive).get("drbd_resource")
    resource = given.value if given else ""
    own = [r for r in resources(drbd) if r.name == resource] if drbd else []
    alone = len(list(clones(cib))) == 1
    for other in cib.primitives():
        if cib.agent(other) in DRBD:
            continue
        for parameter in cib.parameters(other).values():
            device = parameter.value
            if own:
                hit = any(r.owns(device) for r in own)
            elif device.startswith(BY_RESOURCE):
                hit = device.startswith(f"{BY_RESOURCE}{resource}/")
            else:
                hit = alone and device.startswith("/dev/drbd")
            if hit:
                yield other, parameter
                break
