"""YAML files with positions: every key and value knows its line and column."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.constructor import ConstructorError, DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import ScalarEvent
from ruamel.yaml.nodes import MappingNode, Node
from ruamel.yaml.reader import ReaderError

from evaluator.content import shown
from evaluator.findings import EvaluationError, Finding, Where, allowed_values, file_error

Loc = Sequence[str | int]
M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 500_000
MAX_DEPTH = 40
UNION = ("bool", "int", "float", "str", "list[str]")
"""What a fact's value may be; pydantic reports a wrong one once for each of them."""

WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "a text",
}
"""Kinds of value, as a JSON Schema and as a reader calls them."""


@dataclass(frozen=True)
class Document:
    """One YAML file: its plain data, and the positions to talk about it."""

    name: str
    data: Any
    digest: str
    tree: Any

    def where(self, loc: Loc = (), *, key: bool = False) -> Where:
        """Place of the value at ``loc`` (of its key when ``key``); the nearest parent if absent."""
        node, line, column = self.tree, 0, 0
        for depth, step in enumerate(loc):
            if isinstance(node, CommentedMap) and step in node:
                last = depth == len(loc) - 1
                inner = node[step]
                as_key = (key and last) or isinstance(inner, CommentedMap)
                line, column = node.lc.key(step) if as_key else node.lc.value(step)
                node = inner
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line, column = node.lc.item(step)
                node = node[step]
        return Where(self.name, line + 1, column + 1)

    def finding(
        self, code: str, loc: Loc, message: str, remedy: str = "", *, key: bool = False
    ) -> Finding:
        """A finding at a value of this file, or at its key."""
        return Finding(code, message, self.where(loc, key=key), remedy)

    def named_places(self) -> dict[str, Where]:
        """Place of every value by its dotted path; members of a list go by their ``name``."""
        found: dict[str, Where] = {}

        def walk(node: Any, loc: tuple[str | int, ...], path: tuple[str, ...]) -> None:
            found[".".join(path)] = self.where(loc)
            if isinstance(node, dict):
                for key, inner in node.items():
                    walk(inner, (*loc, key), (*path, str(key)))
            elif isinstance(node, list):
                for number, inner in enumerate(node):
                    name = inner.get("name", number) if isinstance(inner, dict) else number
                    walk(inner, (*loc, number), (*path, str(name)))

        walk(self.data, (), ())
        return found


class BoundedComposer(Composer):
    """Refuses what grows without bound, or leaves a value without one place of its own."""

    nesting = 0

    def compose_node(self, parent: Any, index: Any) -> Node:
        event = self.parser.peek_event()
        problem = ""
        if event.anchor is not None:
            problem = "anchors and aliases (& and *) are not taken; write the value out"
        elif isinstance(parent, MappingNode) and index is None and type(event) is not ScalarEvent:
            problem = "a key must be plain text"
        elif self.nesting >= MAX_DEPTH:
            problem = f"nested deeper than {MAX_DEPTH} levels"
        if problem:
            raise ComposerError(None, None, problem, event.start_mark)
        self.nesting += 1
        node: Node = super().compose_node(parent, index)
        self.nesting -= 1
        return node


class PlacingConstructor(RoundTripConstructor):
    """Says where a number or date stands that looks like one and is none, such as 2015-02-30."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, OverflowError) as error:
            problem = str(error).partition(";")[0]
            raise ConstructorError(None, None, problem, node.start_mark) from error


def read_text(path: Path, most: int = MAX_BYTES, remedy: str = "") -> tuple[str, str, str]:
    """Name, text and SHA-256 of a file of up to ``most`` bytes; ``remedy`` if it is longer.

    Raises
    ------
    EvaluationError
        When it cannot be read, is too large, or is not UTF-8.
    """
    name = shown(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(most + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise EvaluationError(
            file_error("unreadable-file", name, f"cannot be read: {reason}")
        ) from error
    if len(raw) > most:
        problem = f"longer than {most} bytes, more than is read"
        raise EvaluationError(file_error("file-too-large", name, problem, remedy))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        problem = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise EvaluationError(
            Finding("not-utf8", problem, Where.after(name, before), "save the file as UTF-8")
        ) from error
    return name, text, hashlib.sha256(raw).hexdigest()


def read_document(path: Path, most: int = MAX_BYTES, remedy: str = "") -> Document:
    """Read one YAML file of up to ``most`` bytes; ``remedy`` says what to do if it is longer.

    Raises
    ------
    EvaluationError
        When it cannot be read, is too large, is not UTF-8, or is not well-formed YAML.
    """
    return parse_document(*read_text(path, most, remedy))


def parse_document(name: str, text: str, digest: str) -> Document:
    """The YAML of a text; ``name`` and ``digest`` are its file's.

    Raises
    ------
    EvaluationError
        When it is not well-formed YAML.
    """
    yaml = YAML(typ="rt", pure=True)
    yaml.Composer, yaml.Constructor = BoundedComposer, PlacingConstructor
    try:
        tree = yaml.load(text)
    except ReaderError as error:
        problem = f"character U+{error.character:04X} is not allowed"
        raise EvaluationError(
            Finding("yaml-syntax", problem, Where.after(name, text[: error.position]), "remove it")
        ) from error
    except YAMLError as error:
        raise EvaluationError(_syntax_finding(name, error)) from error
    return Document(name, _plain(tree), digest, tree)


def _syntax_finding(name: str, error: Exception) -> Finding:
    mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
    problem = str(getattr(error, "problem", None) or error).split("\n")[0]
    where = Where(name, mark.line + 1, mark.column + 1) if mark else Where(name)
    if isinstance(error, DuplicateKeyError):
        return Finding("duplicate-key", problem, where, "remove or rename one of them")
    known = isinstance(error, ComposerError | ConstructorError)
    remedy = "" if known else "YAML 1.2: indent with spaces, quote special characters"
    return Finding("yaml-syntax", problem, where, remedy)


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {_key(k): _plain(v) for k, v in node.items()}
    if isinstance(node, list):
        return [_plain(v) for v in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, dt.datetime):
        return node.date()
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return node


def _key(key: Any) -> Any:
    return str(key) if isinstance(key, str) else key


def validate(document: Document, model: type[M]) -> tuple[M | None, list[Finding]]:
    """The document as a model, or a finding for each mistake in it."""
    if not isinstance(document.data, dict):
        kind = type(document.data).__name__ if document.data is not None else "nothing"
        schema = model.model_json_schema()
        message, remedy = f"holds {kind}, a mapping is needed", f"write {_takes(schema, schema)}"
        return None, [document.finding("wrong-type", (), message, remedy)]
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        schema = model.model_json_schema()
        errors = {_loc(e): e for e in reversed(error.errors(include_url=False))}
        return None, [_finding(document, schema, loc, e) for loc, e in reversed(errors.items())]


def _loc(error: ErrorDetails) -> tuple[int | str, ...]:
    """Where an error is, without the branch of a union that pydantic tried."""
    loc = error["loc"]
    for i, (step, after) in enumerate(itertools.pairwise(loc)):
        if step == "value" and after in UNION:
            return loc[: i + 1]
    return loc


def _finding(document: Document, schema: dict[str, Any], loc: Loc, error: ErrorDetails) -> Finding:
    kind, typed = error["type"], _typed(error["input"])
    path, parent = (".".join(str(s) for s in steps) for steps in (loc, loc[:-1]))
    if kind == "extra_forbidden":
        where = document.where(loc, key=True)
        remedy = allowed_values(loc[-1], _keys_at(schema, loc[:-1]), most=30)
        inside = f" in {parent}" if parent else ""
        return Finding("unknown-key", f"unknown key {loc[-1]!r}{inside}", where, remedy)
    if kind == "invalid_key" or loc[-1:] == ("[key]",):
        place = loc[:-1] if loc[-1] == "[key]" else loc
        where = document.where(place, key=True)
        message = f"key {typed} of {'.'.join(map(str, place[:-1])) or 'the file'} is not allowed"
        return Finding("invalid-key", message, where, str(error["msg"]))
    if kind == "missing":
        where = document.where(loc[:-1], key=True)
        if loc[-1] == "source":
            message = f"{parent} has no evidence"
            remedy = "add 'source: KEY' of refs.bib, or 'source: ours' with a 'reason'"
            return Finding("missing-evidence", message, where, remedy)
        remedy = f"add the key {loc[-1]!r}: {_takes(schema, _node_at(schema, loc))}"
        return Finding("missing-key", f"{path} is missing", where, remedy)
    where = document.where(loc)
    if kind == "literal_error":
        expected = str(error.get("ctx", {}).get("expected", ""))
        allowed = re.findall(r"'([^']*)'", expected) or [expected]
        remedy = allowed_values(error["input"], allowed)
        if str(error["input"]) in allowed and not isinstance(error["input"], str):
            remedy = f'write it in quotes, as a text: "{error["input"]}"'
        return Finding("unknown-value", f"{path} is {typed}", where, remedy)
    if kind == "value_error":
        message = str(error["msg"]).removeprefix("Value error, ")
        code = "missing-evidence" if "'reason' is needed" in message else "invalid-value"
        return Finding(code, f"{path}: {message}" if path else message, where)
    if kind.endswith(("_type", "_parsing")):
        message = f"{path} is {typed}, which is of the wrong type"
        return Finding("wrong-type", message, where, _wanted(error, schema, loc))
    return Finding("invalid-value", f"{path} is {typed}", where, str(error["msg"]))


def _wanted(error: ErrorDetails, schema: dict[str, Any], loc: Loc) -> str:
    if loc != error["loc"]:
        return "a truth value, a number, a text or a list of texts is needed"
    if error["type"] == "model_type":
        interval = error.get("ctx", {}).get("class_name") == "Interval"
        wanted = "a number, or [low, high]," if interval else _takes(schema, _node_at(schema, loc))
        return f"{wanted} is needed"
    return str(error["msg"])


def _typed(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _keys_at(schema: dict[str, Any], loc: Loc) -> list[str]:
    """Names that the JSON Schema allows at a place."""
    return list(_resolve(schema, _node_at(schema, loc)).get("properties", {}))


def _node_at(schema: dict[str, Any], loc: Loc) -> dict[str, Any]:
    """What the JSON Schema says of a place; nothing where it does not know it."""
    node = schema
    for step in loc:
        node = _resolve(schema, node)
        if isinstance(step, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(step) or node.get("additionalProperties") or {}
    return node if isinstance(node, dict) else {}


def _takes(schema: dict[str, Any], node: dict[str, Any]) -> str:
    """What may stand at a place, in words."""
    if "anyOf" in node:
        ways = [_takes(schema, n) for n in node["anyOf"] if n.get("type") != "null"]
        return " or ".join(dict.fromkeys(ways))
    node = _resolve(schema, node)
    if choices := node.get("enum") or ([node["const"]] if "const" in node else []):
        return " or ".join(map(str, choices))
    kind = node.get("type", "")
    if keys := node.get("properties"):
        needed = [key for key in keys if key in node.get("required", ())]
        free = [key for key in keys if key not in needed]
        some = f" with {', '.join(needed)}" if needed else ""
        more = f" (if you like: {', '.join(free)})" if free else ""
        return f"a mapping{some}{more}"
    if kind == "array" and node.get("maxItems") == 2:
        return "[low, high]"
    if kind == "array":
        return f"a list ({_takes(schema, node.get('items', {}))}, …)"
    said = f" ({node['description']})" if "description" in node else ""
    return f"{WORDS.get(kind, 'a value')}{said}"


def _resolve(schema: dict[str, Any], node: Any) -> dict[str, Any]:
    while isinstance(node, dict):
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        elif "anyOf" in node:
            node = max(node["anyOf"], key=lambda n: "$ref" in n or n.get("type") == "object")
        else:
            return node
    return {}


def block_yaml(value: object) -> str:
    """A value as YAML, a key a line in its own order; the same value gives the same text."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 100
    out = io.StringIO()
    yaml.dump(value, out)
    return out.getvalue()
