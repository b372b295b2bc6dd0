"""VRRP instances, and which of several nodes belong together.

Terms: keepalived.conf(5) of keepalived 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.findings import Where
from evaluator.formats.tree import Entry
from evaluator.lint.addresses import instance_addresses, plain
from evaluator.lint.configuration import Configuration

PRIORITY = 100
STORAGE = re.compile(r"\b(drbdadm|drbdsetup|mount|zpool|vgchange|multipath|sg_persist)\b")
"""Programs that take storage over."""
TRACKERS = ("track_script", "track_process", "track_file", "track_bfd")


@dataclass(frozen=True)
class Instance:
    """A vrrp_instance, and the file of the node that it stands in."""

    entry: Entry
    file: Entry

    @property
    def name(self) -> str:
        return self.entry.value

    @property
    def router_id(self) -> str:
        return self.entry.text("virtual_router_id")

    @property
    def priority(self) -> int:
        value = self.entry.text("priority")
        return int(value) if re.fullmatch(r"[0-9]{1,3}", value) else PRIORITY

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(plain(e.key) for e in instance_addresses(self.entry))

    def switch(self, *keys: str) -> Entry | None:
        """The statement that switches one of these on, if any stands here."""
        entries = (self.entry.get(key) for key in keys)
        return next((e for e in entries if e and e.value.lower() not in OFF), None)

    @property
    def strict(self) -> Entry | None:
        """What makes it keep strictly to the protocol, of its own or of the whole file."""
        own = self.entry.get("strict_mode")
        if own:
            return None if own.value.lower() in OFF else own
        return self.file.find("global_defs", "vrrp_strict")

    @property
    def groups(self) -> tuple[Entry, ...]:
        """The sync groups that it belongs to."""
        return tuple(g for g in self.file.all("vrrp_sync_group") if self.name in _members(g))

    def tracked(self) -> Iterator[Entry]:
        """What its health depends on, beside interfaces; its sync group's too."""
        for owner in (self.entry, *self.groups):
            for key in TRACKERS:
                for block in owner.all(key):
                    yield from block.children


OFF = frozenset({"off", "false", "no"})


def instances(files: tuple[Entry, ...]) -> tuple[Instance, ...]:
    """Every instance of every node's file."""
    return tuple(Instance(e, file) for file in files for e in file.all("vrrp_instance"))


def peers(files: tuple[Entry, ...]) -> tuple[tuple[Instance, ...], ...]:
    """Instances of the same name, from two or more nodes."""
    groups: dict[str, list[Instance]] = {}
    for instance in instances(files):
        groups.setdefault(instance.name, []).append(instance)
    return tuple(tuple(g) for g in groups.values() if len({i.entry.where.file for i in g}) > 1)


def decides_over_data(configuration: Configuration, instance: Instance) -> Where | None:
    """Where it shows that the master of this instance is who writes; None if nothing does.

    That is so with DRBD beside it, and with notify scripts that mount or promote, but not where
    Pacemaker manages the storage.
    """
    scripts = (e for e in instance.entry.children if e.key.startswith("notify"))
    if configuration.cib:
        return None
    if configuration.drbd and configuration.drbd.all("resource"):
        return instance.entry.where
    return next((e.where for e in scripts if STORAGE.search(e.value)), None)


def _members(group: Entry) -> frozenset[str]:
    return frozenset(w for b in group.all("group") for e in b.children for w in (e.key, *e.values))
