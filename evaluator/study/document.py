"""YAML files with positions: every key and value knows its line and column."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from evaluator.content import shown
from evaluator.findings import EvaluationError, Finding, Where, allowed_values, file_error

Loc = Sequence[str | int]
M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 2_000_000


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

    def finding(self, code: str, loc: Loc, message: str, remedy: str = "") -> Finding:
        """A finding at a value of this file."""
        return Finding(code, message, self.where(loc), remedy)


def read_document(path: Path) -> Document:
    """Read one YAML file.

    Raises
    ------
    EvaluationError
        When it cannot be read, is too large, is not UTF-8, or is not well-formed YAML.
    """
    name = shown(path)
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise EvaluationError(
                file_error("file-too-large", name, f"{len(raw)} bytes, at most {MAX_BYTES}")
            )
        text = raw.decode("utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise EvaluationError(
            file_error("unreadable-file", name, f"cannot be read: {reason}")
        ) from error
    except UnicodeDecodeError as error:
        raise EvaluationError(
            file_error("not-utf8", name, f"byte {error.start} is not UTF-8", "save it as UTF-8")
        ) from error
    try:
        tree = YAML(typ="rt", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise EvaluationError(_syntax_finding(name, error)) from error
    return Document(name, _plain(tree), hashlib.sha256(raw).hexdigest(), tree)


def _syntax_finding(name: str, error: Exception) -> Finding:
    mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
    problem = str(getattr(error, "problem", None) or error).split("\n")[0]
    where = Where(name, mark.line + 1, mark.column + 1) if mark else Where(name)
    code = "duplicate-key" if "duplicate key" in problem else "yaml-syntax"
    return Finding(code, problem, where, "YAML 1.2: indent with spaces, quote special characters")


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
        return None, [document.finding("wrong-type", (), f"holds {kind}, a mapping is needed")]
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        schema = model.model_json_schema()
        return None, [_finding(document, schema, e) for e in error.errors(include_url=False)]


def _finding(document: Document, schema: dict[str, Any], error: ErrorDetails) -> Finding:
    loc, kind = error["loc"], error["type"]
    typed = _typed(error["input"])
    path = ".".join(str(s) for s in loc)
    if kind == "extra_forbidden":
        where = document.where(loc, key=True)
        remedy = allowed_values(loc[-1], _keys_at(schema, loc[:-1]), most=30)
        return Finding("unknown-key", f"unknown key {loc[-1]!r} in {path}", where, remedy)
    if kind == "missing":
        where = document.where(loc[:-1], key=True)
        if loc[-1] == "source":
            message = f"{'.'.join(map(str, loc[:-1]))} has no evidence"
            remedy = "add 'source: KEY' of refs.bib, or 'source: ours' with a 'reason'"
            return Finding("missing-evidence", message, where, remedy)
        return Finding("missing-key", f"{path} is missing", where, f"add the key {loc[-1]!r}")
    where = document.where(loc)
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
        remedy = allowed_values(error["input"], allowed)
        return Finding("unknown-value", f"{path} is {typed}", where, remedy)
    if kind == "value_error":
        message = str(error["msg"]).removeprefix("Value error, ")
        code = "missing-evidence" if "'reason' is needed" in message else "invalid-value"
        return Finding(code, f"{path}: {message}", where)
    if kind.endswith(("_type", "_parsing")):
        message = f"{path} is {typed}, which is of the wrong type"
        return Finding("wrong-type", message, where, str(error["msg"]))
    return Finding("invalid-value", f"{path} is {typed}", where, str(error["msg"]))


def _typed(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _keys_at(schema: dict[str, Any], loc: Loc) -> list[str]:
    """Names that the JSON Schema allows at a place."""
    node = _resolve(schema, schema)
    for step in loc:
        if isinstance(step, int):
            node = _resolve(schema, node.get("items", {}))
        elif step in node.get("properties", {}):
            node = _resolve(schema, node["properties"][step])
        else:
            node = _resolve(schema, node.get("additionalProperties", {}) or {})
    return list(node.get("properties", {}))


def _resolve(schema: dict[str, Any], node: Any) -> dict[str, Any]:
    while isinstance(node, dict):
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        elif "anyOf" in node:
            node = next((n for n in node["anyOf"] if n.get("type") != "null"), {})
        else:
            return node
    return {}
