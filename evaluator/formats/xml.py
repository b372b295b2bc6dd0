"""XML as a tree of lxml elements, each with the place of its start tag.

lxml's own parser knows the last line of a start tag only, so expat parses.  No document type is
taken: there are no entities to expand and nothing to fetch.
"""

from __future__ import annotations

from xml.parsers import expat

from lxml import etree

from evaluator.findings import Finding, Where
from evaluator.formats.tree import MAX_DEPTH, MAX_STATEMENTS, syntax

Element = etree._Element

MAX_BYTES = 10_000_000
"""Bytes that are read (ours: the status of a large cluster is far below)."""


def elements(
    name: str, content: bytes
) -> tuple[Element | None, dict[Element, Where], list[Finding]]:
    """Root, places and mistakes; the root is None if there is any mistake."""
    if len(content) > MAX_BYTES:
        message = f"{len(content)} bytes, more than the {MAX_BYTES} that are read"
        return None, {}, [Finding("file-too-large", message, Where(name), "lint a smaller file")]
    builder = _Builder(name)
    try:
        builder.parser.Parse(content, True)
    except _RefusedError as problem:
        return None, {}, [syntax(problem.where, problem.stands, problem.expected)]
    except expat.ExpatError as problem:
        where = Where(name, problem.lineno, problem.offset + 1)
        message = f"no well-formed XML: {expat.ErrorString(problem.code)}"
        remedy = "mend the XML, or export it again"
        return None, {}, [Finding("syntax", message, where, remedy)]
    return next(iter(builder.places)), builder.places, []


class _RefusedError(Exception):
    def __init__(self, where: Where, stands: str, expected: str) -> None:
        self.where, self.stands, self.expected = where, stands, expected
        super().__init__(stands)


class _Builder:
    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[Element, Where] = {}
        self.stack: list[Element] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = lambda _: self.stack.pop()
        self.parser.StartDoctypeDeclHandler = self.doctype

    def where(self) -> Where:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber
        return Where(self.name, line, column + 1)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        where = self.where()
        if len(self.stack) >= MAX_DEPTH or len(self.places) >= MAX_STATEMENTS:
            allowed = f"at most {MAX_STATEMENTS} elements, {MAX_DEPTH} deep"
            raise _RefusedError(where, f"<{tag}>", allowed)
        # a CIB has no namespaces; a prefix that somebody wrote is part of the name
        plain = {k.replace(":", "-"): v for k, v in attributes.items()}
        try:
            if self.stack:
                element = etree.SubElement(self.stack[-1], tag.replace(":", "-"), plain)
            else:
                element = etree.Element(tag.replace(":", "-"), plain)
        except ValueError:
            raise _RefusedError(where, f"<{tag}>", "names and values of XML") from None
        self.places[element] = where
        self.stack.append(element)

    def doctype(self, *_: object) -> None:
        raise _RefusedError(self.where(), "<!DOCTYPE", "no document type: a CIB has none")
