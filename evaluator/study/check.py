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
from evaluator.study.criteria import NEUTRAL
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
    ("stack", "tried_as.cluster", "cluster"),
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
    ("criteria", "methods.[].name", "method"),
    ("criteria", "groups.@", "group"),
    ("criteria", "stakeholders.{}.weights.@", "criterion"),
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
    ("criterion", "criteria", "criteria.[].id"),
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
    subject: str = "stack"
    slopes: Collection[str] | None = None
    methods: Collection[str] | None = None
    clusters: Collection[str] | None = None
    """Metrics that are slopes, decision methods, clusters of the laboratory; None if not known."""

    def of(self, kind: str) -> Iterator[tuple[str, Document]]:
        """Identifier and document of each file of a kind."""
        for key, document in self.documents.items():
            if key.partition(":")[0] == kind:
                yield key.partition(":")[2], document

    def has(self, kind: str) -> bool:
        """Whether the study has a file of that kind, readable or not."""
        return kind in self.documents or kind in self.unread

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
    of_all = (_evidence, _names, _repeated, _data_sources, _circles, _roles, _numbers)
    of_criteria = (_weights, _grouped, _slopes, _state, _effort, _nothing_to_rank, _profile)
    rules = (*of_all, *of_criteria)
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
        "method": parts.methods,
        "cluster": parts.clusters,
    }
    known |= {what: parts.names(what, kind, path) for what, kind, path in NAMES}
    known["attitude"] = {NEUTRAL, *(known["attitude"] or ())}
    if parts.subject == "candidate":  # its facts are what it requires
        known["requirement"] = known["fact"]
    if not known["site fact"]:
        known["site fact"] = None  # said by the rule on the state, where the site is or should be
    for kind, path, what in REFERENCES:
        if (allowed := known[what]) is None:
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
        kind = "candidate.facts" if parts.subject == "candidate" else "stack.requires"
        holder, _, field = kind.partition(".")
        sides += [(holder, f"{field}.{state.get('requirement')}.value")]
        for kind, path in sides:
            for _, document in parts.of(kind):
                for loc, value in values(document, path):
                    if isinstance(value, bool) or not isinstance(value, int | float):
                        message = f"{value!r} is no number; state filter {state.get('id')!r} "
                        remedy = "write a number here, or give the filter another rule"
                        message += "compares it by 'at_most'"
                        yield document.finding("not-a-number", loc, message, remedy)


def _slopes(parts: Parts) -> Iterator[Finding]:
    """A light that asks for the sign of a slope needs a metric that is one."""
    criteria = parts.documents.get("criteria")
    for loc, light in values(criteria, "semaphores.[]") if criteria else ():
        if not isinstance(light, dict) or light.get("rule") != "slope" or parts.slopes is None:
            continue
        metric = str(light.get("metric"))
        if criteria and metric in parts.metrics and metric not in parts.slopes:
            name = light.get("id")
            message = f"semaphore {name!r} asks for the slope of {metric!r}, which is none"
            remedy = f"slopes: {', '.join(sorted(parts.slopes))}; for others write rule: threshold"
            yield criteria.finding("semaphore-without-slope", (*loc, "metric"), message, remedy)


def _grouped(parts: Parts) -> Iterator[Finding]:
    """Where groups have weights, each criterion is in one of them."""
    document = parts.documents.get("criteria")
    groups = {str(loc[-1]) for loc, _ in values(document, "groups.{}")} if document else set()
    if document is None or not groups:
        return
    for loc, typed in texts(document, "criteria.[].group"):
        if typed not in groups:
            message = f"group {typed!r} has no weight in groups"
            yield document.finding(
                "group-without-weight", loc, message, allowed_values(typed, groups)
            )


def _weights(parts: Parts) -> Iterator[Finding]:
    document = parts.documents.get("criteria")
    criteria = [entry for _, entry in values(document, "criteria.[]")] if document else []
    weights = [e["weight"] for e in criteria if isinstance(e, dict) and _in(e.get("weight"), 1)]
    if document is None or not weights or len(weights) < len(criteria):
        return  # a weight of the wrong form has been reported; the sum is not known
    groups = {loc[-1]: weight for loc, weight in values(document, "groups.{}")}
    for place, what, parts_of_one in _sums(criteria, weights, groups):
        total = sum(parts_of_one)
        if abs(total - 1) > 1e-6:
            message = f"the weights{what} sum to {total:g}, they must sum to 1"
            remedy = f"change them by {1 - total:+.6g} in all"
            remedy += f", or multiply each by {1 / total:.6g}" if total > 0 else ""
            yield document.finding("weights-sum", place, message, remedy, key=True)
    for loc, factors in values(document, "attitudes.{}.factors"):
        if not isinstance(factors, dict):
            continue
        given = [factors.get(str(entry.get("group")), 1) for entry in criteria]
        positive = (w * f > 0 for w, f in zip(weights, given, strict=True) if _in(f, math.inf))
        if all(_in(f, math.inf) for f in given) and not any(positive):
            message = "these factors leave no criterion a weight"
            remedy = "give the group of at least one weighted criterion a factor above 0"
            yield document.finding("weights-vanish", loc, message, remedy, key=True)


def _state(parts: Parts) -> Iterator[Finding]:
    """What the filters compare with is a fact of the site: there is one, and it has a state."""
    document, site = parts.documents.get("criteria"), parts.documents.get("site")
    if document is None or not any(texts(document, "state.[].id")):
        return
    if not parts.has("site"):
        message = "filters of the state compare with a site, and this study has none"
        remedy = "write 'site: NAME' and sites/NAME.yml beside this file, or remove 'state'"
        yield document.finding("state-without-site", ("state",), message, remedy, key=True)
    elif site is not None and not any(texts(site, "state.@")):
        for name in dict.fromkeys(name for _, name in texts(document, "state.[].site")):
            message = f"state.{name} is missing, and {document.name} compares with it"
            remedy = f"write '{name}: {{value: …, source: …}}' there, or remove the filter"
            yield site.finding("missing-site-fact", ("state",), message, remedy, key=True)


def _effort(parts: Parts) -> Iterator[Finding]:
    """Effort needs somebody who estimated it, and a site whose hours cost something."""
    document = parts.documents.get("criteria")
    if document is None or not isinstance(document.data, dict):
        return
    rule = next((rule for _, rule in texts(document, "decision.rule")), "quality")
    if not document.data.get("effort"):
        if rule in ("least_effort", "quality_then_effort"):
            message = f"rule {rule!r} needs 'effort', which this file does not state"
            remedy = "write 'rule: quality', or add 'effort' (and 'effort' to each stack)"
            yield document.finding("rule-without-effort", ("decision", "rule"), message, remedy)
        return
    if parts.subject == "candidate":
        message = "effort is estimated for stacks, and this study ranks candidates"
        remedy = "remove 'effort', or combine the candidates in stacks/*.yml beside this file"
        yield document.finding("effort-without-stacks", ("effort",), message, remedy, key=True)
    elif not parts.has("site"):
        message = "effort needs a site, which says what an hour costs and what the staff knows"
        remedy = "write 'site: NAME' and sites/NAME.yml beside this file, or remove 'effort'"
        yield document.finding("effort-without-site", ("effort",), message, remedy, key=True)
    for _, stack in parts.of("stack"):
        if isinstance(stack.data, dict) and "effort" not in stack.data:
            message = "no 'effort', which the criteria file asks of every stack"
            remedy = "add it, or remove 'effort' from the criteria file"
            yield stack.finding("stack-without-effort", (), message, remedy)


def _profile(parts: Parts) -> Iterator[Finding]:
    """Each item of a model is answered by something that the file has."""
    document = parts.documents.get("criteria")
    if document is None:
        return
    paths = ("criteria.[].id", "semaphores.[].id", "need.[].function")
    allowed = {name for path in paths for _, name in texts(document, path)}
    answered = list(texts(document, "profile.answered.{}"))
    for loc, typed in answered:
        if typed not in allowed:
            yield _unknown(document, loc, "criterion", typed, allowed, False)
    items = {loc[-1] for loc, _ in answered}
    for loc, item in texts(document, "profile.left_out.@"):
        if item in items:
            message = f"{item!r} is answered and left out"
            yield document.finding("duplicate-id", loc, message, "remove one of them", key=True)


def _nothing_to_rank(parts: Parts) -> Iterator[Finding]:
    document = parts.documents.get("criteria")
    if document is not None and not parts.identifiers(parts.subject):
        message = f"there is no {parts.subject} to rank"
        remedy = f"write {parts.subject}s/NAME.yml beside this file"
        yield document.finding("nothing-to-rank", (), message, remedy)


def _sums(
    criteria: list[Any], weights: list[float], groups: Mapping[Any, Any]
) -> Iterator[tuple[Place, str, list[float]]]:
    """Where weights stand that must sum to 1, how to call them, and themselves."""
    if not groups:
        yield ("criteria",), "", weights
        return
    shares = [
        g["weight"] for g in groups.values() if isinstance(g, dict) and _in(g.get("weight"), 1)
    ]
    if len(shares) == len(groups):
        yield ("groups",), " of the groups", shares
    for name in groups:
        inside = [w for w, c in zip(weights, criteria, strict=True) if c.get("group") == name]
        if inside:
            yield ("groups", name), f" in group {name!r}", inside


def _in(value: object, most: float) -> bool:
    """Whether it is a number from 0 to ``most``."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
