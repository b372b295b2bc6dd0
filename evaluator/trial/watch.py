"""What is true on the nodes while a fault goes on, seen from their machine without asking them.

The kernel's own tables tell who holds the
virtual address, who has the volume mounted and who serves, whatever the node itself believes, and
all by one clock.  A container's are this machine's; a guest's are brought out
(:mod:`evaluator.lab.mirror`) and a moment old.  One that says nothing is not known.
"""

from __future__ import annotations

import ipaddress
import re
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, Self

from evaluator.findings import EvaluationError
from evaluator.lab.mirror import HEARD

Nodes = frozenset[str]
LISTEN = "0A"
"""State of a socket in ``/proc/net/tcp``."""

SILENT_SECONDS = 10.0
"""For which nothing is known of a node before that counts: an emulated one says something every
second and may be late by some (ours; measured on a busy one that is alone: 1.1)."""


class Seen(NamedTuple):
    """Names of the nodes of which something was true from ``time`` on (seconds since the epoch)."""

    time: float
    address: Nodes
    volume: Nodes
    service: Nodes


def holds_address(process: Path, address: str) -> bool:
    """Whether an address is one of the network namespace of a process (its folder in /proc)."""
    if ":" in address:
        wanted = ipaddress.ip_address(address).packed.hex()
        return f"{wanted} " in (process / "net/if_inet6").read_text()
    trie = (process / "net/fib_trie").read_text()
    return bool(re.search(rf"\|-- {re.escape(address)}\n\s+/32 host LOCAL", trie))


def has_mounted(process: Path, folder: str) -> bool:
    """Whether something is mounted at a folder, as a process sees it."""
    return f" {folder} " in (process / "mounts").read_text()


def listens(process: Path, port: int) -> bool:
    """Whether a TCP port has a listener in the network namespace of a process."""
    ending = re.compile(rf"^\s*\d+: [0-9A-F]+:{port:04X} [0-9A-F:]+ {LISTEN} ", re.MULTILINE)
    return any(ending.search((process / f"net/{table}").read_text()) for table in ("tcp", "tcp6"))


def _heard(process: Path) -> float:
    """When the tables were as they are: now those of a process, a guest's when it last said so."""
    try:
        return (process / HEARD).stat().st_mtime
    except FileNotFoundError:
        return time.time()


class Watch:
    """Looks at all nodes over and over until its block ends.

    Parameters
    ----------
    leaders
        Gives a node's PID 1 as this machine numbers it, or a folder that looks like that one's in
        /proc; None while it is off, or boots and has no such folder yet.
    nodes
        Names of the nodes.
    address, mount, port
        The virtual address; where the volume is mounted ('' without one); a port on which the
        service listens by itself, without a load balancer.
    every
        Seconds from one look to the next.
    """

    def __init__(
        self,
        leaders: Callable[[str], int | str | None],
        nodes: Iterable[str],
        *,
        address: str,
        mount: str,
        port: int,
        every: float = 0.05,
    ) -> None:
        self._leaders, self._nodes = leaders, tuple(nodes)
        self._address, self._mount, self._port, self._every = address, mount, port, every
        self._found: dict[str, Path | None] = {}
        self._known: dict[str, float] = {}
        self._unknown: dict[str, float] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self.seen: list[Seen] = []
        """Changes only, the first look included."""
        self.pauses: list[tuple[float, float]] = []
        """(time, seconds) of looks that were long apart, or in which nothing was heard of a node
        that should run: what happened meanwhile is not known."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()
        for since in self._unknown.values():
            self.pauses.append((since, time.time() - since))

    def look(self) -> Seen:
        """One look, now."""
        found: dict[str, set[str]] = {"address": set(), "volume": set(), "service": set()}
        for node in self._nodes:
            try:
                process = self._process(node)
                if process is None:
                    self._account(node, time.time())
                    continue
                heard = _heard(process)
                checks = {
                    "address": holds_address(process, self._address),
                    "volume": bool(self._mount) and has_mounted(process, self._mount),
                    "service": listens(process, self._port),
                }
            except (OSError, ValueError, EvaluationError):
                self._found.pop(node, None)  # it ended while it was looked at, most likely
                self._account(node, None)
                continue
            self._account(node, heard)
            for what, true in checks.items():
                if true:
                    found[what].add(node)
        # the time of its end: else what a fault did could bear a time before the fault
        return Seen(time.time(), *(frozenset(nodes) for nodes in found.values()))

    def since(self, moment: float) -> list[Seen]:
        """What was true then, and every change after it."""
        before = [s for s in self.seen if s.time <= moment][-1:]
        return before + [s for s in self.seen if s.time > moment]

    def _account(self, node: str, until: float | None) -> None:
        """Note until when it is known what a node has; None for no longer than before."""
        now = time.time()
        known = self._known[node] = until or self._known.get(node, now)
        if now - known > SILENT_SECONDS:
            self._unknown.setdefault(node, known)
        elif since := self._unknown.pop(node, None):
            self.pauses.append((since, now - since))

    def _process(self, node: str) -> Path | None:
        found = self._found.get(node)
        if found is None or not found.exists():
            leader = self._leaders(node)
            found = self._found[node] = Path("/proc", str(leader)) if leader else None
        return found

    def _look_on(self) -> None:
        last = time.monotonic()
        while not self._end.wait(self._every):
            now = self.look()
            if not self.seen or now[1:] != self.seen[-1][1:]:
                self.seen.append(now)
            passed, last = time.monotonic() - last, time.monotonic()
            if passed > max(1.0, 10 * self._every):
                self.pauses.append((now.time - passed, passed))
