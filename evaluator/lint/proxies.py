"""HAProxy's proxies with the defaults that they take.

Terms: HAProxy 2.6 configuration manual, 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.formats.tree import Entry

LISTENING = frozenset({"frontend", "listen"})
PORT = re.compile(r"[0-9]{1,5}")
"""A port, or the first of a range."""
ANY_IPV4 = frozenset({"", "*", "0.0.0.0"})  # noqa: S104 - what is read, not what is bound
EVERYWHERE = ANY_IPV4 | {"::"}
"""Addresses of a socket that listens on all of the machine's."""
SERVING = frozenset({"backend", "listen"})


@dataclass(frozen=True)
class Proxy:
    """A frontend, backend or listen section, and the defaults that stand before it."""

    section: Entry
    defaults: tuple[Entry, ...]
    """Those that count, then those that they are made from, and so on."""

    @property
    def name(self) -> str:
        """Kind and name, as they stand in the file."""
        return " ".join((self.section.key, *self.section.values[:1]))

    @property
    def listens(self) -> bool:
        return self.section.key in LISTENING

    @property
    def serves(self) -> bool:
        return self.section.key in SERVING

    def setting(self, *words: str) -> Entry | None:
        """The line that begins with these words and counts: its own, else its defaults'."""
        for owner in (self.section, *self.defaults):
            for line in reversed(owner.children):
                said = (line.key, *line.values)
                if said[: len(words)] == words:
                    return line
                if said[: len(words) + 1] == ("no", *words):
                    return None
        return None

    @property
    def mode(self) -> str:
        """``tcp`` (the default), ``http`` or another."""
        line = self.setting("mode")
        return line.value if line else "tcp"

    def servers(self) -> Iterator[Entry]:
        """Its lines ``server`` and ``server-template``."""
        return (line for line in self.section.children if line.key in ("server", "server-template"))

    def server_words(self, server: Entry) -> tuple[str, ...]:
        """Parameters of a server, those of ``default-server`` before its own."""
        default = self.setting("default-server")
        first = 3 if server.key == "server-template" else 2
        return (*(default.values if default else ()), *server.values[first:])

    def binds(self) -> Iterator[tuple[str, int, Entry]]:
        """Address, port and line of every socket that it listens on."""
        for line in self.section.all("bind"):
            for socket in (line.values[0] if line.values else "").split(","):
                address, _, port = socket.rpartition(":")
                if first := PORT.match(port):
                    yield address.strip("[]"), int(first[0]), line

    def backends(self) -> dict[str, Entry]:
        """Names of the backends that it sends clients to, with the line of each."""
        lines = (*self.section.all("default_backend"), *self.section.all("use_backend"))
        default = self.setting("default_backend")
        return {e.values[0]: e for e in (*filter(None, [default]), *lines) if e.values}


def proxies(haproxy: Entry) -> tuple[Proxy, ...]:
    """Every frontend, backend and listen section.

    ``defaults NAME`` counts where it is named; with or without a name, it may itself be made
    ``from`` another (since 2.4).
    """
    found = []
    latest: tuple[Entry, ...] = ()
    named: dict[str, tuple[Entry, ...]] = {}
    for section in haproxy.children:
        words = section.values
        base = words[words.index("from") + 1] if "from" in words[:-1] else None
        other = None if base is None else named.get(base, ())
        if section.key == "defaults":
            latest = (section, *(other or ()))
            named.update(dict.fromkeys(words[:1], latest))
        elif section.key in LISTENING | SERVING:
            found.append(Proxy(section, latest if other is None else other))
    return tuple(found)


def frontends_of(backend: Proxy, every: tuple[Proxy, ...]) -> tuple[Proxy, ...]:
    """The proxies through which clients come to a backend; a ``listen`` is its own."""
    name = backend.section.values[0] if backend.section.values else ""
    if backend.listens:
        return (backend,)
    return tuple(p for p in every if p.listens and name in p.backends())
