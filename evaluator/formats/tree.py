"""The tree that every reader of a foreign text format gives: statements that know their place.

A reader is ``read(name, text) -> (root, findings)``.  The root has no key; its children are the
statements of the file.  A mistake in the text is a finding with code ``syntax``, and reading goes
on behind it.  What is read may be hostile, so size, depth and number are bounded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from evaluator.findings import Finding, Where

MAX_BYTES = 1_000_000
"""Bytes of one file that are read (ours, as the next two: far above what anybody writes)."""
MAX_LINE = 10_000
"""Characters of one line that are read."""
MAX_DEPTH = 40
MAX_STATEMENTS = 100_000
MAX_FINDINGS = 50
"""Mistakes of one file that are told; the rest repeats them as a rule (ours)."""
MAX_QUOTED = 60
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")


@dataclass(frozen=True)
class Entry:
    """One statement: its keyword, the words after it, and the statements inside it.

    Where a key stands more than once, :meth:`get` and :meth:`find` give the last one, which is the
    one that corosync and the shell take; :meth:`all` gives each.
    """

    key: str
    values: tuple[str, ...]
    children: tuple[Entry, ...]
    where: Where

    @property
    def value(self) -> str:
        """The words after the keyword, joined by one space; '' if there are none."""
        return " ".join(self.values)

    def get(self, key: str) -> Entry | None:
        """The last child of this key, if any."""
        return next((child for child in reversed(self.children) if child.key == key), None)

    def all(self, *path: str) -> tuple[Entry, ...]:
        """Every child of a key or, for several keys, every statement at that path below this."""
        found: tuple[Entry, ...] = (self,)
        for key in path:
            found = tuple(c for entry in found for c in entry.children if c.key == key)
        return found

    def find(self, *path: str) -> Entry | None:
        """The last statement at a path of keys, as in ``find("totem", "token")``, if any.

        A section that stands twice is one section, as its program sees it.
        """
        return (self.all(*path) or (None,))[-1]

    def text(self, *path: str, default: str = "") -> str:
        """The value at a path; ``default`` if nothing stands there."""
        found = self.find(*path)
        return default if found is None else found.value

    def number(self, *path: str) -> float | None:
        """The value at a path as a number without unit; None if absent or no plain number."""
        text = self.text(*path)
        return float(text) if NUMBER.fullmatch(text) else None

    def walk(self) -> Iterator[Entry]:
        """The statement itself and every one inside it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def same(self, other: Entry) -> bool:
        """Whether both say the same, wherever they stand."""
        pairs = zip(self.children, other.children, strict=False)
        return (self.key, self.values, len(self.children)) == (
            other.key,
            other.values,
            len(other.children),
        ) and all(one.same(two) for one, two in pairs)

    def place(self, *path: str) -> Where:
        """Where the nearest existing statement of a path stands; of this one if there is none."""
        for length in range(len(path), 0, -1):
            if found := self.find(*path[:length]):
                return found.where
        return self.where


def root(name: str, children: tuple[Entry, ...] = ()) -> Entry:
    """The root of a file's tree; its place is the whole file."""
    return Entry("", (), children, Where(name))


def merged(name: str, trees: tuple[Entry, ...]) -> Entry:
    """One root over the statements of several files, in their order."""
    return root(name, tuple(child for tree in trees for child in tree.children))


def decoded(name: str, content: bytes) -> tuple[str, list[Finding]]:
    """Text of a file with plain line ends; what cannot be read of it is a finding.

    Bytes that are no UTF-8 and NUL characters become U+FFFD, so that lines and columns stay right.
    """
    found = []
    if len(content) > MAX_BYTES:
        message = f"{len(content)} bytes, of which the first {MAX_BYTES} were read"
        found.append(Finding("file-too-large", message, Where(name), "lint a smaller file"))
        content = content[:MAX_BYTES]
    text = content.decode("utf-8", errors="replace").removeprefix("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if len(line) > MAX_LINE:
            found.append(syntax(Where(name, number + 1, MAX_LINE + 1), "more", "shorter lines"))
            lines[number] = line[:MAX_LINE]
    text = "\n".join(lines)
    del found[MAX_FINDINGS:]
    at = text.find("\ufffd")
    if at >= 0:
        message = "a byte that is not UTF-8, or NUL, stands here"
        remedy = "save the file as UTF-8 text"
        found.append(Finding("not-utf8", message, Where.after(name, text[:at]), remedy))
    return text, found


def syntax(where: Where, stands: str, expected: str) -> Finding:
    """The finding for a mistake in the text: what stands there, and what is expected instead."""
    shown = stands if len(stands) <= MAX_QUOTED else stands[: MAX_QUOTED - 1] + "…"
    return Finding("syntax", f"{shown!r} stands here", where, f"expected: {expected}")


Reading = tuple[Entry, list[Finding]]
"""What a reader gives: the root of the tree, and the mistakes in the text."""


@dataclass
class _Section:
    key: str
    values: tuple[str, ...]
    where: Where
    children: list[Entry] = field(default_factory=list)

    def entry(self) -> Entry:
        return Entry(self.key, self.values, tuple(self.children), self.where)


class Grower:
    """Grows a tree from a stream of statements, section starts and section ends."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []
        self._stack = [_Section("", (), Where(name))]
        self._too_deep = 0
        self._statements = 0

    @property
    def path(self) -> tuple[str, ...]:
        """Keys of the sections that are open."""
        return tuple(section.key for section in self._stack[1:])

    def add(self, key: str, values: tuple[str, ...], where: Where) -> None:
        """Take in a statement."""
        if self._room(where) and not self._too_deep:
            self._stack[-1].children.append(Entry(key, values, (), where))

    def open(self, key: str, values: tuple[str, ...], where: Where) -> None:
        """Start a section."""
        if self._too_deep or len(self._stack) > MAX_DEPTH:
            if not self._too_deep:
                self.wrong(where, f"{key} {{", f"sections at most {MAX_DEPTH} deep")
            self._too_deep += 1
        elif self._room(where):
            self._stack.append(_Section(key, values, where))
        else:
            self._too_deep += 1

    def close(self, where: Where) -> None:
        """End the innermost section."""
        if self._too_deep:
            self._too_deep -= 1
        elif len(self._stack) == 1:
            self.wrong(where, "}", "no section is open here")
        else:
            section = self._stack.pop()
            self._stack[-1].children.append(section.entry())

    def wrong(self, where: Where, stands: str, expected: str) -> None:
        """Note a mistake in the text."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(syntax(where, stands, expected))

    def finish(self) -> Reading:
        """The tree; what is still open ends here."""
        self._too_deep = 0
        while len(self._stack) > 1:
            open = self._stack[-1]
            self.wrong(open.where, f"{open.key} {{", "a '}' that ends this section")
            self.close(open.where)
        return self._stack[0].entry(), self.findings

    def _room(self, where: Where) -> bool:
        self._statements += 1
        if self._statements == MAX_STATEMENTS + 1:
            message = f"more than {MAX_STATEMENTS} statements; the rest was not read"
            self.findings.append(Finding("file-too-large", message, where, "lint a smaller file"))
        return self._statements <= MAX_STATEMENTS
