"""One document, two writers: what a report is made of, and the plain tree that both render.

Chapters hold blocks, blocks hold inlines.  Nothing here knows HTML or Typst: :func:`as_tree`
resolves citations and cross references, removes what no page should obey (control and
bidirectional-override characters), and hands over dictionaries and strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from evaluator.report.formula import Formula, formula_tree
from evaluator.result import Colour
from evaluator.study.fact import OURS

Tree = dict[str, Any]

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)


def clean(text: str) -> str:
    """``text`` with each control, zero-width or bidirectional character shown as U+FFFD."""
    return _UNSAFE.sub("\ufffd", text.replace("\n", " ").replace("\t", " "))


# --- inlines --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Strong:
    text: str


@dataclass(frozen=True)
class Emphasis:
    text: str


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Link:
    """A link in the text; anything but http(s) is printed as plain text."""

    text: str
    url: str


@dataclass(frozen=True)
class Cite:
    """Keys of the bibliography; ``ours`` is printed as the word, an unknown key not at all."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class Ref:
    """A reference to a chapter, figure or table by its label."""

    label: str


@dataclass(frozen=True)
class Lamp:
    """A traffic light: coloured, lettered and shaped."""

    colour: Colour
    mark: str = ""


@dataclass(frozen=True)
class Missing:
    """Stands where a value is missing, so that nobody reads a zero."""

    text: str = "not available"


Inline = str | Strong | Emphasis | Code | Link | Cite | Ref | Lamp | Missing
Inlines = tuple[Inline, ...]


def cite(*keys: str) -> Cite:
    return Cite(keys)


def joined(parts: Sequence[Inlines], separator: str = ", ", last: str = " and ") -> Inlines:
    """The parts as an English enumeration."""
    found: list[Inline] = []
    for index, part in enumerate(parts):
        if index:
            found.append(last if index == len(parts) - 1 else separator)
        found.extend(part)
    return tuple(found)


# --- blocks ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paragraph:
    content: Inlines


@dataclass(frozen=True)
class Heading:
    """A section inside a chapter."""

    text: str


@dataclass(frozen=True)
class Bullets:
    items: tuple[Inlines, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Equation:
    formula: Formula
    spoken: str


@dataclass(frozen=True)
class Callout:
    title: str
    content: tuple[Inlines, ...]
    kind: Literal["note", "warning", "result"] = "note"


@dataclass(frozen=True)
class Column:
    """``share`` is the column's part of the width left over; 0 is as wide as its content."""

    title: str
    align: Literal["left", "right", "center"] = "left"
    share: float = 0


@dataclass(frozen=True)
class Cell:
    content: Inlines
    sort: float | str | None = None


@dataclass(frozen=True)
class Table:
    label: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    layout: Literal["normal", "small", "landscape"] = "normal"
    note: Inlines = ()
    cards: bool = False
    """On a narrow screen each row becomes a card, for cells that hold sentences."""


@dataclass(frozen=True)
class Figure:
    """``svg`` is drawn by us; ``alt`` says in words what it shows."""

    label: str
    caption: str
    svg: str
    alt: str
    note: Inlines = ()


Block = Paragraph | Heading | Bullets | Equation | Callout | Table | Figure


@dataclass(frozen=True)
class Chapter:
    label: str
    title: str
    blocks: tuple[Block, ...]
    appendix: bool = False


@dataclass(frozen=True)
class Entry:
    """One line of the bibliography."""

    key: str
    content: Inlines


@dataclass(frozen=True)
class Verdict:
    """The card on the first page: a headline, the reason, and pairs of name and figure."""

    headline: str
    reason: Inlines
    facts: tuple[tuple[str, Inlines], ...]
    decided: bool


@dataclass(frozen=True)
class Document:
    title: str
    question: str
    date: tuple[int, int, int]
    details: tuple[tuple[str, str], ...]
    verdict: Verdict
    chapters: tuple[Chapter, ...]
    library: Mapping[str, Entry] = field(default_factory=dict)


# --- the tree -------------------------------------------------------------------------------


def cited(document: Document) -> list[str]:
    """Keys of the library in the order in which the document first cites them."""
    order: dict[str, None] = {}
    groups: list[Iterable[Inline]] = [document.verdict.reason]
    groups += [
        inlines for chapter in document.chapters for b in chapter.blocks for inlines in _inlines(b)
    ]
    for group in groups:
        for inline in group:
            if isinstance(inline, Cite):
                order |= {key: None for key in inline.keys if key in document.library}
    return list(order)


def _inlines(block: Block) -> Iterator[Inlines]:
    match block:
        case Paragraph(content):
            yield content
        case Bullets(items):
            yield from items
        case Callout(_, content):
            yield from content
        case Table():
            for row in block.rows:
                for cell in row:
                    yield cell.content
            yield block.note
        case Figure():
            yield block.note


def as_tree(document: Document) -> Tree:
    """The document as dictionaries, lists and strings: numbered, resolved and cleaned."""
    numbers = {key: number for number, key in enumerate(cited(document), 1)}
    names = _numbered(document.chapters)
    resolve = _Resolver(numbers, names)
    verdict = document.verdict
    return {
        "title": clean(document.title),
        "question": clean(document.question),
        "date": list(document.date),
        "details": [[clean(n), clean(v)] for n, v in document.details],
        "verdict": {
            "headline": clean(verdict.headline),
            "decided": verdict.decided,
            "reason": resolve.inlines(verdict.reason),
            "facts": [[clean(n), resolve.inlines(v)] for n, v in verdict.facts],
        },
        "chapters": [
            {
                "label": chapter.label,
                "number": names[chapter.label].split()[-1],
                "name": names[chapter.label],
                "title": clean(chapter.title),
                "appendix": chapter.appendix,
                "blocks": [resolve.block(block) for block in chapter.blocks],
            }
            for chapter in document.chapters
        ],
        "bibliography": [
            {
                "number": number,
                "key": key,
                "content": resolve.inlines(document.library[key].content),
            }
            for key, number in numbers.items()
        ],
    }


def _numbered(chapters: Sequence[Chapter]) -> dict[str, str]:
    """What each label is called: ``Chapter 3``, ``Appendix B``, ``Figure 2``, ``Table 5``."""
    names: dict[str, str] = {}
    figures = tables = plain = appendices = 0
    for chapter in chapters:
        if chapter.appendix:
            appendices += 1
            names[chapter.label] = f"Appendix {chr(64 + appendices)}"
        else:
            plain += 1
            names[chapter.label] = f"Chapter {plain}"
        for block in chapter.blocks:
            if isinstance(block, Figure):
                figures += 1
                names[block.label] = f"Figure {figures}"
            elif isinstance(block, Table):
                tables += 1
                names[block.label] = f"Table {tables}"
    return names


@dataclass(frozen=True)
class _Resolver:
    numbers: Mapping[str, int]
    names: Mapping[str, str]

    def inlines(self, content: Inlines) -> list[Tree]:
        return [tree for inline in content if (tree := self.inline(inline))]

    def inline(self, inline: Inline) -> Tree | None:
        match inline:
            case str(text):
                return {"kind": "text", "text": clean(text)}
            case Strong(text):
                return {"kind": "strong", "text": clean(text)}
            case Emphasis(text):
                return {"kind": "emphasis", "text": clean(text)}
            case Code(text):
                return {"kind": "code", "text": clean(text)}
            case Link(text, url):
                safe = re.fullmatch(r"https?://[^\s\"'<>\\]+", clean(url))
                if not safe:
                    return {"kind": "text", "text": clean(text)}
                return {"kind": "link", "text": clean(text), "url": clean(url)}
            case Cite(keys):
                numbers = sorted({self.numbers[k] for k in keys if k in self.numbers})
                if not numbers and OURS not in keys:
                    return None
                return {"kind": "cite", "numbers": numbers, "ours": OURS in keys}
            case Ref(label):
                if label not in self.names:
                    return {"kind": "text", "text": "(left out)"}
                return {"kind": "ref", "text": self.names[label], "label": label}
            case Lamp(colour, mark):
                return {"kind": "lamp", "colour": colour, "mark": clean(mark)}
            case Missing(text):
                return {"kind": "missing", "text": clean(text)}

    def block(self, block: Block) -> Tree:
        match block:
            case Paragraph(content):
                return {"kind": "paragraph", "content": self.inlines(content)}
            case Heading(text):
                return {"kind": "heading", "text": clean(text)}
            case Bullets(items, ordered):
                return {
                    "kind": "bullets",
                    "ordered": ordered,
                    "items": [self.inlines(item) for item in items],
                }
            case Equation(formula, spoken):
                return {"kind": "equation", "formula": formula_tree(formula), "spoken": spoken}
            case Callout(title, paragraphs, kind):
                return {
                    "kind": "callout",
                    "tone": kind,
                    "title": clean(title),
                    "content": [self.inlines(p) for p in paragraphs],
                }
            case Table():
                return {
                    "kind": "table",
                    "label": block.label,
                    "name": self.names[block.label],
                    "caption": clean(block.caption),
                    "layout": block.layout,
                    "cards": block.cards,
                    "note": self.inlines(block.note),
                    "columns": [
                        {"title": clean(c.title), "align": c.align, "share": c.share}
                        for c in block.columns
                    ],
                    "rows": [[self.cell(cell) for cell in row] for row in block.rows],
                }
            case Figure():
                return {
                    "kind": "figure",
                    "label": block.label,
                    "name": self.names[block.label],
                    "caption": clean(block.caption),
                    "svg": block.svg,
                    "alt": clean(block.alt),
                    "note": self.inlines(block.note),
                }

    def cell(self, cell: Cell) -> Tree:
        sort = clean(cell.sort) if isinstance(cell.sort, str) else cell.sort
        return {"content": self.inlines(cell.content), "sort": "" if sort is None else sort}
