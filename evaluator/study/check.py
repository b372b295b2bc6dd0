"""Rules that span the files of a study; each yields findings and none stops at the first.

They look at the YAML as it was read, so that a file with a mistake of form is still held against
the others and everything is reported at once.  What cannot be known, because the file that would
define it cannot be read, is not complained about.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluator.findings import Finding, allowed_values
from evaluator.study.document import Document
from evaluator.study.fact import OURS

Place = tuple[str | int, ...]

# A path names what it means inside a file: "[]" is every entry of a list, "{}" every value of a
# mapping, "@" every key of it.
REFERENCES = (
    ("candidate", "roles.[]", "role"),
    ("candidate", "provides.@", "function"),
    ("candidate", "parts.[]", "candidate"),
    ("candidate", "successor.candidate", "candidate"),
    ("stack", "components.@", "role"),
    ("stack", "components.{}", "candidate"),
    ("stack", "provides.@", "function"),
    ("site", "nodes.[].addresses.@", "network"),
    ("site", "fence_devices.[].network", "network"),
    ("site", "fence_devices.[].plugs.@", "node"),
    ("site", "virtual_addresses.[].network", "network"),
    ("site", "services.[].volume", "volume"),
    ("site", "services.[].virtual_address", "virtual address"),
    ("criteria", "attitude", "attitude"),
    ("criteria", "attitudes.{}.factors.@", "group"),
    ("criteria", "stacks.[]", "stack"),
    ("criteria", "need.[].function", "function"),
    ("criteria", "state.[].requirement", "requirement"),
    ("criteria", "state.[].site", "site fact"),
    ("criteria", "semaphores.[].metric", "metric"),
    ("criteria", "criteria.[].metric", "metric"),
    ("criteria", "criteria.[].fact", "fact"),
)
"""Kind of file, where in it, and what stands there."""

NAMES = (
    ("role", "catalogue", "roles.[].id"),
    ("function", "catalogue", "functions.[].id"),
    ("network", "site", "networks.[].name"),
    ("node", "site", "nodes.[].name"),
    ("volume", "site", "volumes.[].name"),
    ("virtual address", "site", "virtual_addresses.[].name"),
    ("site fact", "site", "state.@"),
    ("attitude", "criteria", "attitudes.@"),
    ("group", "criteria", "criteria.[].group"),
    ("fact", "candidate", "facts.@"),
    ("requirement", "stack", "requires.@"),
)
"""What is named, and where names of it come from."""

UNIQUE = (
    ("catalogue", "roles.[].id"),
    ("catalogue", "functions.[].id"),
    ("candidate", "data_sources.[].id"),
    ("site", "networks.[].name"),
    ("site", "nodes.[].name"),
    ("site", "fence_devices.[].name"),
    ("site", "volumes.[].name"),
    ("site", "virtual_addresses.[].name"),
    ("site", "services.[].name"),
    ("criteria", "stacks.[]"),
    ("criteria", "need.[].function"),
    ("criteria", "state.[].id"),
    ("criteria", "semaphores.[].id"),
    ("criteria", "criteria.[].id"),
    ("criteria", "methods.[].name"),
    ("criteria", "guidelines.[].id"),
)


@dataclass(frozen=True)
class Parts:
    """The files of a study as they were read."""

    documents: Mapping[str, Document]
    """By kind and identifier: ``criteria``, ``site``, ``candidate:pacemaker``, ``stack:…``."""
    unread: Collection[str]
    """Those that could not be read, named in the same way."""
    references: Collection[str] | None
    metrics: Collection[str]
    backends: Collection[str]

    def of(self, kind: str) -> Iterator[tuple[str, Document]]:
        """Identifier and document of each file of a kind."""
        for key, document in self.documents.items():
            if key.partition(":")[0] == kind:
                yield key.partition(":")[2], document

    def identifiers(self, kind: str) -> set[str]:
        """Identifiers of all files of a kind, whether they could be read or not."""
        pairs = (key.partition(":") for key in (*self.documents, *self.unread))
        return {identifier for found, _, identifier in pairs if found == kind}

    def names(self, what: str, kind: str, path: str) -> set[str] | None:
        """All names that the files of a kind define; None when one of them is unreadable."""
        if any(key.partition(":")[0] == kind for key in self.unread):
            return None
        return {name for _, document in self.of(kind) for _, name in texts(document, path)}


def values(document: Document, path: str) -> Iterator[tuple[Place, Any]]:
    """Place and value of all that a path leads to."""
    yield from _walk(document.data, path.split("."), ())


def texts(document: Document, path: str) -> Iterator[tuple[Place, str]]:
    """As :func:`values`, without what is no text (that is a mistake of form, reported before)."""
    return ((loc, value) for loc, value in values(document, path) if isinstance(value, str))


def _walk(node: Any, path: list[str], loc: Place) -> Iterator[tuple[Place, Any]]:
    if not path:
        yield loc, node
        return
    step, rest = path[0], path[1:]
    if step == "[]":
        for index, item in enumerate(node if isinstance(node, list) else ()):
            yield from _walk(item, rest, (*loc, index))
    elif isinstance(node, dict):
        if step in ("{}", "@"):
            for key, value in node.items():
                yield from _walk(key if step == "@" else value, rest, (*loc, key))
        elif node.get(step) is not None:
            yield from _walk(node[step], rest, (*loc, step))


def check(parts: Parts) -> list[Finding]:
    """Every mistake between the files, in the order of the rules below."""
    rules = (_evidence, _names, _repeated, _data_sources, _circles, _roles, _numbers, _weights)
    return [finding for rule in rules for finding in rule(parts)]


def _unknown(
    document: Document, loc: Place, what: str, typed: str, allowed: Collection[str], key: bool
) -> Finding:
    code = "unknown-" + what.replace(" ", "-")
    message = f"unknown {what} {typed!r}"
    return document.finding(code, loc, message, allowed_values(typed, allowed), key=key)


def _evidence(parts: Parts) -> Iterator[Finding]:
    if parts.references is None:
        return
    allowed = {*parts.references, OURS}
    for document in parts.documents.values():
        for loc, typed in _source_keys(document.data, ()):
            if typed not in allowed:
                yield _unknown(document, loc, "reference", typed, allowed, False)


def _source_keys(node: Any, loc: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "source" and isinstance(value, str):
                yield (*loc, key), value
            elif key == "source" and isinstance(value, list):
                entries = enumerate(value)
                yield from (((*loc, key, i), v) for i, v in entries if isinstance(v, str))
            else:
                yield from _source_keys(value, (*loc, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _source_keys(value, (*loc, index))


def _names(parts: Parts) -> Iterator[Finding]:
    known: dict[str, Collection[str] | None] = {
        "candidate": parts.identifiers("candidate"),
        "stack": parts.identifiers("stack"),
        "metric": parts.metrics,
    }
    known |= {what: parts.names(what, kind, path) for what, kind, path in NAMES}
    for kind, path, what in REFERENCES:
        allowed = known[what]
        if allowed is None:
            continue
        for _, document in parts.of(kind):
            for loc, typed in texts(document, path):
                if typed not in allowed:
                    key = path.endswith("@")
                    yield _unknown(document, loc, what, typed, allowed, key)


def _repeated(parts: Parts) -> Iterator[Finding]:
    for kind, path in UNIQUE:
        for _, document in parts.of(kind):
            seen: set[str] = set()
            for loc, name in texts(document, path):
                if name in seen:
                    message = f"{name!r} stands twice in {path.partition('.')[0]}"
                    yield document.finding("duplicate-id", loc, message, "remove or rename one")
                seen.add(name)


def _data_sources(parts: Parts) -> Iterator[Finding]:
    first: dict[str, tuple[str, Any]] = {}
    for key, document in parts.of("candidate"):
        for loc, source in values(document, "data_sources.[]"):
            if not isinstance(source, dict):
                continue
            backend, name = source.get("backend"), source.get("id")
            wanted = isinstance(backend, str) and not source.get("not_available")
            if wanted and backend not in parts.backends:
                place = (*loc, "backend")
                yield _unknown(document, place, "backend", str(backend), parts.backends, False)
            if isinstance(name, str):
                other, same = first.setdefault(name, (key, source))
                if same != source and other != key:
                    message = f"data source {name!r} differs from the one of candidate {other!r}"
                    remedy = "give it another id, or make both the same"
                    yield document.finding("source-differs", (*loc, "id"), message, remedy)


def _circles(parts: Parts) -> Iterator[Finding]:
    for what, path in (("successor", "successor.candidate"), ("parts", "parts.[]")):
        edges = {key: dict(_ahead(texts(doc, path))) for key, doc in parts.of("candidate")}
        reported: set[str] = set()
        for start in edges:
            stack = [[start, after] for after in edges[start]]
            while stack and start not in reported:
                way = stack.pop()
                if way[-1] == start:
                    reported.update(way)
                    yield parts.documents[f"candidate:{start}"].finding(
                        f"circular-{what}",
                        edges[start][way[1]],
                        f"circular {what}: {' > '.join(way)}",
                        f"remove one {what} of the circle",
                    )
                elif way[-1] not in way[:-1]:
                    stack += [[*way, after] for after in edges.get(way[-1], ())]


def _ahead(found: Iterator[tuple[Place, str]]) -> Iterator[tuple[str, Place]]:
    return ((name, loc) for loc, name in found)


def _roles(parts: Parts) -> Iterator[Finding]:
    for _, document in parts.of("stack"):
        for loc, name in texts(document, "components.{}"):
            candidate = parts.documents.get(f"candidate:{name}")
            if candidate is None:
                continue
            filled = [role for _, role in texts(candidate, "roles.[]")]
            if loc[-1] not in filled:
                message = f"{name!r} does not fill the role {loc[-1]!r}"
                remedy = f"its roles: {', '.join(filled) or 'none'}"
                yield document.finding("role-not-filled", loc, message, remedy)


def _numbers(parts: Parts) -> Iterator[Finding]:
    """What ``at_most`` compares must be numbers on both sides."""
    criteria = parts.documents.get("criteria")
    compared = values(criteria, "state.[]") if criteria else ()
    for _, state in compared:
        if not isinstance(state, dict) or state.get("rule") != "at_most":
            continue
        sides = [("site", f"state.{state.get('site')}.value")]
        sides += [("stack", f"requires.{state.get('requirement')}.value")]
        for kind, path in sides:
            for _, document in parts.of(kind):
                for loc, value in values(document, path):
                    if isinstance(value, bool) or not isinstance(value, int | float):
                        message = f"{value!r} is no number; state filter {state.get('id')!r} "
                        remedy = "write a number here, or give the filter another rule"
                        message += "compares it by 'at_most'"
                        yield document.finding("not-a-number", loc, message, remedy)


def _weights(parts: Parts) -> Iterator[Finding]:
    document = parts.documents.get("criteria")
    criteria = [entry for _, entry in values(document, "criteria.[]")] if document else []
    weights = [e["weight"] for e in criteria if isinstance(e, dict) and _in(e.get("weight"), 1)]
    if document is None or not weights or len(weights) < len(criteria):
        return  # a weight of the wrong form has been reported; the sum is not known
    total = sum(weights)
    if abs(total - 1) > 1e-6:
        message = f"the weights sum to {total:g}, they must sum to 1"
        remedy = f"change them by {1 - total:+.6g} in all"
        remedy += f", or multiply each by {1 / total:.6g}" if total > 0 else ""
        yield document.finding("weights-sum", ("criteria",), message, remedy, key=True)
    for loc, factors in values(document, "attitudes.{}.factors"):
        if not isinstance(factors, dict):
            continue
        given = [factors.get(str(entry.get("group")), 1) for entry in criteria]
        positive = (w * f > 0 for w, f in zip(weights, given, strict=True) if _in(f, math.inf))
        if all(_in(f, math.inf) for f in given) and not any(positive):
            message = "these factors leave no criterion a weight"
            remedy = "give the group of at least one weighted criterion a factor above 0"
            yield document.finding("weights-vanish", loc, message, remedy, key=True)


def _in(value: object, most: float) -> bool:
    """Whether it is a number from 0 to ``most``."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
