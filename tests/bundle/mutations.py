"""Every statement of a configuration file, and the file without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

Element = etree._Element

NO_INTERVAL = ("interval", "0s")
"""How the CIB writes that an operation does not recur; so does leaving it out."""
ATTRIBUTES_OF = ("op", "rsc_order", "rsc_colocation", "rsc_location", "fencing-level")


class Dropped(NamedTuple):
    """One statement with its context, and the text without it."""

    statement: str
    text: bytes


def mutations(path: str, content: bytes) -> Iterator[Dropped]:
    """Every way to drop one statement of a file, or a section with all that is in it."""
    if path.endswith(".xml"):
        yield from _elements(content)
    elif path.endswith("haproxy.cfg"):
        yield from _indented(content.decode())
    else:
        yield from _braced(content.decode())


def _braced(text: str) -> Iterator[Dropped]:
    """Sections in braces, one statement a line; comments and closing braces are no statements."""
    lines = text.splitlines(keepends=True)
    open_sections: list[str] = []
    for number, raw in enumerate(lines):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line == "}":
            open_sections.pop()
            continue
        end = number + 1
        name = line
        if line.endswith("{"):
            name = line[:-1].strip()
            depth = 1
            while depth:
                depth += lines[end].strip().endswith("{") - (lines[end].strip() == "}")
                end += 1
        statement = " / ".join((*open_sections, name))
        yield Dropped(statement, "".join((*lines[:number], *lines[end:])).encode())
        if line.endswith("{"):
            open_sections.append(name)


def _indented(text: str) -> Iterator[Dropped]:
    """Sections by a line at the margin, their statements indented below it."""
    lines = text.splitlines(keepends=True)
    section = ""
    for number, raw in enumerate(lines):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        end = number + 1
        if raw[0] not in " \t":
            section = line
            while end < len(lines) and (lines[end].strip() == "" or lines[end][0] in " \t"):
                end += 1
        statement = section if line == section else f"{section} / {line}"
        yield Dropped(statement, "".join((*lines[:number], *lines[end:])).encode())


def _elements(content: bytes) -> Iterator[Dropped]:
    """Every element below ``configuration``, and each attribute of operations and constraints."""
    count = len(list(etree.fromstring(content).iterfind("configuration//*")))
    for number in range(count):
        root = etree.fromstring(content)
        element = list(root.iterfind("configuration//*"))[number]
        parent = element.getparent()
        assert parent is not None
        if not len(element) and (parent.tag == "configuration" or element.tag == "operations"):
            continue
        statement = described(element)
        parent.remove(element)
        yield Dropped(statement, etree.tostring(root))
        for name in element.attrib if element.tag in ATTRIBUTES_OF else ():
            if name not in ("id", "name", "rsc") and (name, element.get(name)) != NO_INTERVAL:
                again = etree.fromstring(content)
                same = list(again.iterfind("configuration//*"))[number]
                value = same.attrib.pop(name)
                yield Dropped(f"{statement} @ {name}={value}", etree.tostring(again))


def described(element: Element) -> str:
    """An element by what it is, without the names of this cluster's own resources."""
    above = [_named(e) for e in element.iterancestors()][::-1]
    return " / ".join(filter(None, (*above, _named(element))))


def _named(element: Element) -> str:
    tag = str(element.tag)
    if tag in ("cib", "configuration"):
        return ""
    if tag == "primitive":
        words = (element.get(name) for name in ("class", "provider", "type"))
        return ":".join(filter(None, words))
    if tag == "nvpair":
        return f"{element.get('name')}={element.get('value')}"
    if tag == "op":
        level = re.sub("0s?", "", element.get("interval", "")) and " recurring"
        return f"op {element.get('name')}{level} {element.get('role', '')}".strip()
    if tag == "rsc_location":
        root = element.getroottree().getroot()
        target = root.find(f"configuration/resources//*[@id='{element.get('rsc')}']")
        return f"rsc_location of {'nothing' if target is None else _named(target)}"
    return tag
