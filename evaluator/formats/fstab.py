"""fstab: a file system a line (fstab(5))."""

from __future__ import annotations

import re

from evaluator.findings import Where
from evaluator.formats.tree import Grower, Reading

WORD = re.compile(r"\S+")


def read(name: str, text: str) -> Reading:
    """Read fstab: the key of an entry is the device; its values are directory, type, options."""
    tree = Grower(name)
    for number, line in enumerate(text.split("\n"), 1):
        words = [] if line.lstrip().startswith("#") else list(WORD.finditer(line))
        if words:
            where = Where(name, number, words[0].start() + 1)
            tree.add(words[0][0], tuple(word[0] for word in words[1:]), where)
    return tree.finish()
