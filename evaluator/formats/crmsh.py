"""A CIB as crm shell prints it (``crm configure show``), as tutorials give it: read as a CIB."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from evaluator.findings import Finding, Where
from evaluator.formats.cib import Cib
from evaluator.formats.tree import MAX_FINDINGS, syntax
from evaluator.formats.xml import Element

WORD = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s()\[\]])+|[()\[\]]""")
NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PAIR = re.compile(r"\$?([A-Za-z_][\w.-]*)=(.*)", re.DOTALL)
SCORE = re.compile(r"([+-]?\w+):(\S*)")
SETS = {
    "params": "instance_attributes",
    "meta": "meta_attributes",
    "utilization": "utilization",
    "attributes": "instance_attributes",
}
OPTIONS = {
    "property": ("crm_config", "cluster_property_set"),
    "rsc_defaults": ("rsc_defaults", "meta_attributes"),
    "op_defaults": ("op_defaults", "meta_attributes"),
}
RESOURCES = {
    "primitive": "primitive", "rsc_template": "template", "group": "group", "clone": "clone",
    "ms": "master", "master": "master",
}  # fmt: skip
CONSTRAINTS = {
    "order": "rsc_order", "colocation": "rsc_colocation", "collocation": "rsc_colocation",
    "location": "rsc_location",
}  # fmt: skip
NAMED = {"bundle": "resources", "tag": "tags"}
"""Statements of which only the name is kept, as constraints may refer to it."""
OTHERS = frozenset({
    "acl_group", "acl_target", "alert", "commit", "edit", "monitor", "role", "rsc_ticket", "user",
    "xml",
})  # fmt: skip
"""Statements that say nothing that is asked here."""
SCORES = {"inf": "INFINITY", "+inf": "INFINITY", "-inf": "-INFINITY",
          "mandatory": "INFINITY", "advisory": "0"}  # fmt: skip
MAX_SHELL = 5_000
"""Statements that are read (ours: far above what anybody writes)."""

KINDS = ("Mandatory", "Optional", "Serialize")
PARTS = ("resources", "constraints", "nodes", "fencing-topology", "crm_config", "rsc_defaults",
         "tags")  # fmt: skip


class Word(NamedTuple):
    """A word without its quotes, and where it stands."""

    text: str
    where: Where


def read(name: str, text: str) -> tuple[Cib, list[Finding]]:
    """Read a configuration as elements, each at its statement or word.

    Rules are there as elements without their expressions.
    """
    reading = _Shell(name)
    for number, words in enumerate(_statements(name, text)):
        if number == MAX_SHELL:
            message = f"more than {MAX_SHELL} statements; the rest was not read"
            finding = Finding("file-too-large", message, words[0].where, "lint a smaller cluster")
            reading.findings.append(finding)
            break
        reading.statement(words)
    return Cib(name, reading.root, reading.places), reading.findings


def _statements(name: str, text: str) -> Iterator[list[Word]]:
    words: list[Word] = []
    for number, line in enumerate(NO_XML.sub("\ufffd", text).split("\n"), 1):
        more = line.rstrip().endswith("\\")
        body = line.rstrip().removesuffix("\\")
        if not body.lstrip().startswith("#"):
            for match in WORD.finditer(body):
                plain = re.sub(r"""(["'])(.*?)\1""", r"\2", match[0])
                words.append(Word(plain, Where(name, number, match.start() + 1)))
        if words and not more:
            yield words
            words = []
    if words:
        yield words


class _Shell:
    def __init__(self, name: str) -> None:
        self.name = name
        self.root = etree.Element("cib")
        self.places: dict[Element, Where] = {self.root: Where(name)}
        self.findings: list[Finding] = []
        configuration = etree.SubElement(self.root, "configuration")
        self.parts = {tag: etree.SubElement(configuration, tag) for tag in (*PARTS, "op_defaults")}
        self.count = itertools.count(1)

    def statement(self, words: list[Word]) -> None:
        """Take in one statement, with or without ``crm configure`` before it."""
        while words and words[0].text in ("crm", "configure"):
            words = words[1:]
        if not words or words[0].text in OTHERS:
            return
        keyword, *rest = words
        kind = keyword.text
        if kind in OPTIONS:
            part, tag = OPTIONS[kind]
            self.pairs(self.parts[part], tag, rest, keyword.where)
        elif kind in ("node", "fencing_topology") and rest:
            (self.node if kind == "node" else self.levels)(rest)
        elif kind in NAMED and rest:
            id = rest[0].text.removesuffix(":")
            self.add(self.parts[NAMED[kind]], kind, rest[0].where, id=id)
        elif kind in RESOURCES and len(rest) > 1:
            self.resource(RESOURCES[kind], rest)
        elif kind in CONSTRAINTS and len(rest) > 1:
            self.constraint(CONSTRAINTS[kind], rest)
        elif len(self.findings) < MAX_FINDINGS:
            known = ", ".join((*RESOURCES, *CONSTRAINTS, *OPTIONS))
            self.findings.append(syntax(keyword.where, kind, f"a statement: {known}"))

    def add(self, parent: Element, tag: str, where: Where, **attributes: str) -> Element:
        element = etree.SubElement(parent, tag, attributes)
        self.places[element] = where
        return element

    def pairs(self, owner: Element, tag: str, words: list[Word], where: Where) -> None:
        """A set of names and values; a rule in it is an element without its expression."""
        block = self.add(owner, tag, where, id=f"{tag}-{next(self.count)}")
        for word in words:
            pair = PAIR.fullmatch(word.text)
            if word.text == "rule":
                self.add(block, "rule", word.where)
            elif pair and pair[1] in ("id", "id-ref"):
                block.set(pair[1], pair[2])
            elif pair:
                self.add(block, "nvpair", word.where, name=pair[1], value=pair[2])
            elif word.text.endswith(":"):  # its identifier, or its score
                number = word.text[:-1]
                block.set("score" if re.fullmatch(r"[+-]?\d+|[+-]?inf", number) else "id", number)

    def node(self, words: list[Word]) -> None:
        id = words[0].text.removesuffix(":")
        name = words[1] if words[0].text.endswith(":") and words[1:] else words[0]
        uname, _, kind = name.text.partition(":")
        self.add(self.parts["nodes"], "node", name.where, id=id, uname=uname, type=kind or "member")

    def resource(self, tag: str, words: list[Word]) -> None:
        name, *rest = words
        element = self.add(self.parts["resources"], tag, name.where, id=name.text)
        heads = [i for i, w in enumerate(rest) if w.text in (*SETS, "op", "operations")]
        own, *sections = (rest[a:b] for a, b in itertools.pairwise([0, *heads, len(rest)]))
        if tag in ("primitive", "template"):
            self.agent(element, own)
        else:
            self.adopt(element, [w for w in own if "=" not in w.text])
        operations = self.add(element, "operations", name.where)
        for head, *section in sections:
            if head.text in SETS:
                self.pairs(element, SETS[head.text], section, head.where)
            elif head.text == "op" and section:
                operation = self.add(operations, "op", head.where, name=section[0].text)
                for pair in filter(None, (PAIR.fullmatch(w.text) for w in section)):
                    operation.set(pair[1], pair[2])

    def agent(self, element: Element, words: list[Word]) -> None:
        for word in words[:1]:
            if word.text.startswith("@"):
                element.set("template", word.text[1:])
                continue
            standard, *provider, kind = f"ocf:heartbeat:{word.text}".split(":")[-3:]
            if word.text.count(":") == 1:
                (standard, kind), provider = word.text.split(":"), []
            element.set("class", standard)
            element.set("type", kind)
            if provider:
                element.set("provider", provider[0])

    def adopt(self, element: Element, words: list[Word]) -> None:
        """Move what was defined before into its group or clone."""
        known = {e.get("id"): e for e in self.parts["resources"] if e is not element}
        for word in words:
            if (inner := known.pop(word.text, None)) is not None:
                element.append(inner)

    def constraint(self, tag: str, words: list[Word]) -> None:
        name, *rest = words
        element = self.add(self.parts["constraints"], tag, name.where, id=name.text)
        plain = []
        inner = element
        for word in rest:
            pair, number = PAIR.fullmatch(word.text), SCORE.fullmatch(word.text)
            if word.text == "rule":
                inner = self.add(element, "rule", word.where)
            elif pair:
                inner.set(pair[1], pair[2])
            elif tag == "rsc_order" and word.text.rstrip(":").capitalize() in KINDS:
                element.set("kind", word.text.rstrip(":").capitalize())
            elif number and not number[2]:
                inner.set("score", SCORES.get(number[1].lower(), number[1]))
            elif inner is element:
                plain.append(word)
        if tag == "rsc_location":
            for key, value in zip(("rsc", "node"), plain, strict=False):
                element.set(key, value.text)
        elif len(plain) == 2:
            self.two(element, *plain)
        else:
            self.sets(element, plain)

    def two(self, element: Element, one: Word, two: Word) -> None:
        ordering = element.tag == "rsc_order"
        names = ("first", "then") if ordering else ("rsc", "with-rsc")
        for key, word in zip(names, (one, two), strict=True):
            resource, _, what = word.text.partition(":")
            element.set(key, resource)
            if what:
                element.set(f"{key}-{'action' if ordering else 'role'}", what)

    def sets(self, element: Element, words: list[Word]) -> None:
        """Words in a row are a set; brackets begin another, and so does another action or role."""
        what = "action" if element.tag == "rsc_order" else "role"
        block: Element | None = None
        sequential = "true"
        for word in words:
            if word.text in "()[]":
                sequential = "false" if word.text in "([" else "true"
                block = None
                continue
            resource, _, given = word.text.partition(":")
            if block is None or block.get(what, "") != given:
                block = self.add(element, "resource_set", word.where, sequential=sequential)
                if given:
                    block.set(what, given)
            self.add(block, "resource_ref", word.where, id=resource)

    def levels(self, words: list[Word]) -> None:
        index = itertools.count(1)
        target = ""
        for word in words:
            if word.text.endswith(":"):
                target, index = word.text[:-1], itertools.count(1)
            else:
                level = {"target": target, "index": str(next(index)), "devices": word.text}
                self.add(self.parts["fencing-topology"], "fencing-level", word.where, **level)
