"""DRBD's files: nested sections in braces, statements that end with ``;`` (drbd.conf(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from evaluator.findings import Where
from evaluator.formats.tree import Grower, Reading

TOKEN = re.compile(
    r"""(?P<blank>[ \t\f\v]+) | (?P<end>\n) | (?P<comment>\#[^\n]*) | (?P<mark>[{};])
      | "(?P<quoted>(?:[^"\\\n]|\\.)*)" | (?P<open>"[^\n]*)
      | (?P<word>[^\s{};"\#]+) | (?P<other>.)""",
    re.VERBOSE,
)
OVER_LINES = frozenset({"hosts", "on", "stacked-on-top-of", "floating", "resource", "volume"})
"""Statements whose words may well stand on several lines."""


class Token(NamedTuple):
    """A word, a mark ``{ } ;`` or a line end, and where it stands."""

    kind: str
    text: str
    where: Where


def read(name: str, text: str) -> Reading:
    """Read one file; ``include`` stays a statement, and what ``skip`` comments out is left out.

    An option without value, such as ``allow-two-primaries;``, is an entry whose value is ''.
    """
    tree = Grower(name)
    words: list[Token] = []
    skipped = 0
    lines = 0
    for token in _tokens(name, text):
        if token.kind == "unclosed":
            tree.wrong(token.where, '"', "a '\"' that ends this text, on the same line")
            words.append(token)
        elif token.kind == "end":
            lines += 1
        elif skipped or (token.text == "{" and words and words[0].text == "skip"):
            skipped += {"{": 1, "}": -1}.get(token.text, 0) if token.kind == "mark" else 0
            words = []
        elif token.kind == "word":
            if len(words) > 1 and lines and words[0].text not in OVER_LINES:
                _unended(tree, words)
                words = []
            words.append(token)
            lines = 0
        elif token.text == "{":
            if not words:
                tree.wrong(token.where, "{", "the name of a section before it")
            tree.open(*_statement(words or [token]))
            words = []
        elif token.text == ";":
            if words:
                tree.add(*_statement(words))
            words = []
        else:
            if words:
                _unended(tree, words)
            tree.close(token.where)
            words = []
    if words:
        _unended(tree, words)
    return tree.finish()


def _statement(words: list[Token]) -> tuple[str, tuple[str, ...], Where]:
    first, *rest = words
    return first.text, tuple(word.text for word in rest), first.where


def _unended(tree: Grower, words: list[Token]) -> None:
    key, values, where = _statement(words)
    tree.wrong(where, key, "a ';' at the end of this statement")
    tree.add(key, values, where)


def _tokens(name: str, text: str) -> Iterator[Token]:
    line, start = 1, 0
    for match in TOKEN.finditer(text):
        where = Where(name, line, match.start() - start + 1)
        kind = match.lastgroup
        if kind == "end":
            line, start = line + 1, match.end()
            yield Token("end", "", where)
        elif kind == "mark":
            yield Token("mark", match[0], where)
        elif kind == "quoted":
            yield Token("word", re.sub(r"\\(.)", r"\1", match["quoted"]), where)
        elif kind == "open":
            yield Token("unclosed", match[0][1:].rstrip("; \t"), where)
        elif kind in ("word", "other"):
            yield Token("word", match[0], where)
