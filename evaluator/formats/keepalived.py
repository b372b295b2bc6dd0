"""keepalived.conf: nested blocks, one statement a line (keepalived.conf(5))."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from evaluator.findings import Where
from evaluator.formats.tree import Grower, Reading

Include = Callable[[str, str], list[tuple[str, str]]]
"""Names and texts of the files that a pattern means in a file; none if there are none."""

PART = re.compile(
    r"""[#!].* | "[^"]*"? | [{}] | \$\{\w+\} | (?:[^\s{}"\#!$]|\$(?!\{))+ | \S""", re.VERBOSE
)
CONDITION = re.compile(r"@\^?\w+")
DEFINITION = re.compile(r"\$(\w+)=(.*)")
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
INCLUDES = frozenset({"include", "includer", "includem", "includew", "includeb", "includea"})
MAX_WORD = 4096
MAX_INCLUDED = 100


def _nothing(_name: str, _pattern: str) -> list[tuple[str, str]]:
    return []


def read(name: str, text: str, include: Include = _nothing) -> Reading:
    """Read keepalived.conf with the files that it includes.

    A line for some configurations only (``@id``) is read like any other, so a key may stand more
    than once.  Variables of one line are put in; those of several lines, or with parameters, stay.
    """
    tree = Grower(name)
    variables: dict[str, str] = {}
    waiting: tuple[str, tuple[str, ...], Where] | None = None
    for where, words in _statements(name, text, include, (name,), variables, [MAX_INCLUDED], tree):
        if words == ["{"]:
            if waiting is None:
                tree.wrong(where, "{", "the name of a block before it")
            tree.open(*(waiting or ("{", (), where)))
            waiting = None
            continue
        if waiting:
            tree.add(*waiting)
            waiting = None
        if words == ["}"]:
            tree.close(where)
        else:
            waiting = words[0], tuple(words[1:]), where
    if waiting:
        tree.add(*waiting)
    return tree.finish()


def _statements(
    name: str,
    text: str,
    include: Include,
    inside: tuple[str, ...],
    variables: dict[str, str],
    left: list[int],
    tree: Grower,
) -> Iterator[tuple[Where, list[str]]]:
    """Words of every statement; a brace is a statement of its own."""
    for number, line in enumerate(text.split("\n"), 1):
        if definition := DEFINITION.fullmatch(line.strip()):
            variables[definition[1]] = definition[2].strip().strip('"')[:MAX_WORD]
            continue
        words: list[str] = []
        where = Where(name, number)
        for match in PART.finditer(line):
            part = match[0]
            if part[0] in "#!":
                break
            if not words:
                where = Where(name, number, match.start() + 1)
                if CONDITION.fullmatch(part):
                    continue
            if part in ("{", "}"):
                if words:
                    yield where, words
                yield Where(name, number, match.start() + 1), [part]
                words = []
                continue
            if part[0] == '"' and (len(part) == 1 or part[-1] != '"'):
                tree.wrong(where, '"', "a '\"' that ends this text, on the same line")
            joined = words and match.start() and line[match.start() - 1] not in ' \t{}"'
            value = _expanded(part.strip('"') if part[0] == '"' else part, variables)
            words[-1:] = [(words[-1] + value)[:MAX_WORD]] if joined else [*words[-1:], value]
        if words and words[0] in INCLUDES and len(words) > 1:
            for other, inner in include(name, words[1]):
                left[0] -= 1
                if other in inside or left[0] < 0:
                    tree.wrong(where, words[0], "files that do not include one another")
                else:
                    more = (*inside, other)
                    yield from _statements(other, inner, include, more, variables, left, tree)
        elif words:
            yield where, words


def _expanded(word: str, variables: dict[str, str]) -> str:
    return VARIABLE.sub(lambda m: variables.get(m[1] or m[2], m[0]), word)[:MAX_WORD]
