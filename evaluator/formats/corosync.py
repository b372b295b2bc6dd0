"""corosync.conf: sections in braces, ``key: value`` lines (corosync.conf(5))."""

from __future__ import annotations

from evaluator.findings import Where
from evaluator.formats.tree import Grower, Reading

EXPECTED = "'section {', 'key: value', '}' or '# comment', each on a line of its own"


def read(name: str, text: str) -> Reading:
    """Read corosync.conf.

    As corosync does, a comment is a line of its own: what follows a value belongs to it.  A mistake
    quotes a line's first word only, as the rest may be a key.
    """
    tree = Grower(name)
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip(" \t")
        where = Where(name, number, len(raw) - len(raw.lstrip(" \t")) + 1)
        if not line or line.startswith("#"):
            continue
        head, brace, rest = line.partition("{")
        key, colon, value = (part.strip(" \t") for part in line.partition(":"))
        if brace:
            head = head.rstrip(" \t:")
            if rest or not head:
                tree.wrong(where, line.partition(" ")[0], EXPECTED)
            if head:
                tree.open(head, (), where)
                if rest.rstrip().endswith("}"):
                    tree.close(where)
        elif colon and key:
            tree.add(key, (value,) if value else (), where)
        elif line.startswith("}"):
            if line != "}":
                tree.wrong(where, line.partition(" ")[0], EXPECTED)
            tree.close(where)
        else:
            tree.wrong(where, line.partition(" ")[0], EXPECTED)
    return tree.finish()
