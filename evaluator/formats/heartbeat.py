"""Heartbeat's files: ha.cf, haresources and authkeys (Linux-HA's manual pages)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Where
from evaluator.formats.tree import Grower, Reading

WORD = re.compile(r"\S+")
METHODS = ("crc", "md5", "sha1")


def read_ha_cf(name: str, text: str) -> Reading:
    """Read ha.cf: a directive a line, with its words; ``node`` and links may stand repeatedly."""
    tree = Grower(name)
    for words in _lines(name, text):
        (key, where), *rest = words
        tree.add(key, tuple(word for word, _ in rest), where)
    return tree.finish()


def read_haresources(name: str, text: str) -> Reading:
    """Read haresources: an entry per node, and the resources it prefers as its children.

    ``Filesystem::/dev/drbd0::/opt::ext4`` is the entry ``Filesystem`` with three values; an
    address alone is ``IPaddr``, as Heartbeat takes it.
    """
    tree = Grower(name)
    for words in _lines(name, text, joined=True):
        (node, place), *resources = words
        if not resources:
            tree.wrong(place, node, "'NODE RESOURCE …': a node's name and its resources")
        tree.open(node, (), place)
        for resource, where in resources:
            key, *arguments = resource.split("::")
            if not arguments and re.match(r"\d+\.\d+\.\d+\.\d+", key):
                key, arguments = "IPaddr", [key]
            tree.add(key, tuple(arguments), where)
        tree.close(place)
    return tree.finish()


def read_authkeys(name: str, text: str) -> Reading:
    """Read authkeys: ``auth`` with the number in use, and each number with its method.

    The secrets are left where they are: an entry's values are the method, and ``secret`` if the
    line holds one.
    """
    tree = Grower(name)
    for words in _lines(name, text):
        (key, where), *rest = words
        if key == "auth" and rest:
            tree.add(key, tuple(word for word, _ in rest), where)
        elif key.isdigit() and rest:
            tree.add(key, (rest[0][0], *["secret" for _ in rest[1:2]]), where)
        else:
            tree.wrong(where, "this line", f"'auth NUMBER' or 'NUMBER {'|'.join(METHODS)} SECRET'")
    return tree.finish()


def _lines(name: str, text: str, *, joined: bool = False) -> Iterator[list[tuple[str, Where]]]:
    """Words and places of each line without comment; ``joined`` over a backslash at its end."""
    words: list[tuple[str, Where]] = []
    for number, line in enumerate(text.split("\n"), 1):
        body = re.sub(r"(^|\s)#.*", r"\1", line)
        more = joined and body.rstrip().endswith("\\")
        body = body.rstrip().removesuffix("\\") if more else body
        words += [(m[0], Where(name, number, m.start() + 1)) for m in WORD.finditer(body)]
        if words and not more:
            yield words
            words = []
    if words:
        yield words
