"""haproxy.cfg: sections begin with their keyword, lines are statements (HAProxy's manual, 2)."""

from __future__ import annotations

import re

from evaluator.findings import Where
from evaluator.formats.tree import Grower, Reading

SECTIONS = frozenset({
    "global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist",
    "mailers", "program", "http-errors", "cache", "ring", "fcgi-app", "log-forward", "log-profile",
    "crt-store", "traces",
})  # fmt: skip
PART = re.compile(
    r"""(?P<blank>[ \t]+) | (?P<comment>\#.*) | \\(?P<escaped>.) | '(?P<strong>[^']*)'
      | "(?P<weak>(?:[^"\\]|\\.)*)" | (?P<open>['"]) | (?P<plain>[^ \t\#\\'"]+ | \\$)""",
    re.VERBOSE,
)


def read(name: str, text: str) -> Reading:
    """Read haproxy.cfg: sections are the root's children, and lines theirs.

    The keyword of a line is its first word only: ``option httpchk`` is ``option`` with the value
    ``httpchk``, and ``no option httpchk`` is ``no``.  Variables of the environment stay as written.
    """
    tree = Grower(name)
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        words, columns, closed = _words(line)
        if not words:
            continue
        where = Where(name, number, columns[0])
        if not closed:
            tree.wrong(where, words[0], "a quote that ends the quoted text of this line")
        if words[0] in SECTIONS:
            if tree.path:
                tree.close(where)
            tree.open(words[0], tuple(words[1:]), where)
        else:
            if not tree.path and not words[0].startswith("."):
                tree.wrong(where, words[0], "a section such as 'global' or 'frontend NAME' before")
            tree.add(words[0], tuple(words[1:]), where)
    if tree.path:
        tree.close(Where(name, len(lines), 1))
    return tree.finish()


def _words(line: str) -> tuple[list[str], list[int], bool]:
    """Words of a line, their columns, and whether every quote is closed."""
    words: list[str] = []
    columns: list[int] = []
    inside = False
    closed = True
    for match in PART.finditer(line):
        if match.lastgroup in ("blank", "comment"):
            inside = False
            continue
        if not inside:
            words.append("")
            columns.append(match.start() + 1)
            inside = True
        if match.lastgroup == "escaped":
            words[-1] += match["escaped"]
        elif match.lastgroup == "weak":
            words[-1] += re.sub(r"\\(.)", r"\1", match["weak"])
        elif match.lastgroup == "open":
            closed = False
            words[-1] += line[match.end() :]
            break
        else:
            words[-1] += match[match.lastgroup or 0]
    return words, columns, closed
