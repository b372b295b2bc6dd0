"""Unit files of systemd: sections in brackets, settings ``Key=value`` (systemd.syntax(7))."""

from __future__ import annotations

import re

from evaluator.findings import Where
from evaluator.formats.tree import Grower, Reading

SECTION = re.compile(r"\[([^\[\]]+)\]")
GOES_ON = "\\"


def read(name: str, text: str) -> Reading:
    """Read a unit or a part of one; a value is one word, with lines that go on joined."""
    tree = Grower(name)
    lines = text.split("\n")
    key, value, where = "", "", Where(name)
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if not key:
            where = Where(name, number, len(raw) - len(raw.lstrip()) + 1)
            if section := SECTION.fullmatch(line):
                if tree.path:
                    tree.close(where)
                tree.open(section[1], (), where)
                continue
            key, equals, line = (part.strip() for part in line.partition("="))
            if not equals or not tree.path:
                tree.wrong(where, key, "Key=value in a section such as [Service]")
                key = ""
                continue
        value = f"{value} {line.removesuffix(GOES_ON).strip()}".strip()
        if not line.endswith(GOES_ON):
            tree.add(key, (value,) if value else (), where)
            key, value = "", ""
    if key:
        tree.add(key, (value,) if value else (), where)
    if tree.path:
        tree.close(Where(name, len(lines), 1))
    return tree.finish()
