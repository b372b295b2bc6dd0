"""Rules that span the files of a study; each yields findings and none stops at the first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluator.findings import Finding, allowed_values
from evaluator.study.document import Document
from evaluator.study.model import OURS, Candidate, Catalogue, Criteria, Reference, Site, Stack


@dataclass(frozen=True)
class Parts:
    """The models of a study before they are known to fit, with the documents they came from."""

    criteria: Criteria
    catalogue: Catalogue
    site: Site
    candidates: Mapping[str, Candidate]
    stacks: Mapping[str, Stack]
    references: Mapping[str, Reference]
    documents: Mapping[str, Document]
    """By kind and identifier: ``criteria``, ``site``, ``candidate:pacemaker``, ``stack:…``."""
    metrics: Collection[str]
    backends: Collection[str]


def check(parts: Parts) -> list[Finding]:
    """Every mistake between the files, in the order of the rules below."""
    rules = (
        _evidence,
        _candidates,
        _succession,
        _stacks,
        _site,
        _criteria,
        _weights,
    )
    return [finding for rule in rules for finding in rule(parts)]


def _unknown(
    document: Document, loc: tuple[str | int, ...], what: str, typed: str, allowed: Collection[str]
) -> Iterator[Finding]:
    if typed not in allowed:
        message = f"unknown {what} {typed!r}"
        code = "unknown-" + what.replace(" ", "-")
        yield document.finding(code, loc, message, allowed_values(typed, allowed))


def _evidence(parts: Parts) -> Iterator[Finding]:
    allowed = {*parts.references, OURS}
    for document in parts.documents.values():
        for loc, key in _source_keys(document.data, ()):
            yield from _unknown(document, loc, "reference", key, allowed)


def _source_keys(
    node: Any, loc: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "source":
                values = value if isinstance(value, list) else [value]
                yield from (((*loc, key), v) for v in values if isinstance(v, str))
            else:
                yield from _source_keys(value, (*loc, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _source_keys(value, (*loc, index))


def _candidates(parts: Parts) -> Iterator[Finding]:
    roles = {r.id for r in parts.catalogue.roles}
    functions = {f.id for f in parts.catalogue.functions}
    seen: dict[str, tuple[str, Any]] = {}
    for key, candidate in parts.candidates.items():
        document = parts.documents[f"candidate:{key}"]
        for i, role in enumerate(candidate.roles):
            yield from _unknown(document, ("roles", i), "role", role, roles)
        for name in candidate.provides:
            yield from _unknown(document, ("provides", name), "function", name, functions)
        for i, part in enumerate(candidate.parts):
            yield from _unknown(document, ("parts", i), "candidate", part, parts.candidates)
        for i, source in enumerate(candidate.data_sources):
            loc = ("data_sources", i, "backend")
            if not source.not_available:
                yield from _unknown(document, loc, "backend", source.backend, parts.backends)
            other, first = seen.setdefault(source.id, (key, source))
            if first != source:
                yield document.finding(
                    "source-differs",
                    ("data_sources", i, "id"),
                    f"data source {source.id!r} differs from the one of candidate {other!r}",
                    "give it another id, or make both the same",
                )


def _succession(parts: Parts) -> Iterator[Finding]:
    edges = {k: [c.successor.candidate] for k, c in parts.candidates.items() if c.successor}
    for key, (target,) in edges.items():
        document = parts.documents[f"candidate:{key}"]
        loc = ("successor", "candidate")
        yield from _unknown(document, loc, "candidate", target, parts.candidates)
    yield from _cycles(parts, edges, ("successor", "candidate"), "successor")
    inside = {k: list(c.parts) for k, c in parts.candidates.items()}
    yield from _cycles(parts, inside, ("parts",), "parts")


def _cycles(
    parts: Parts, edges: Mapping[str, list[str]], loc: tuple[str, ...], what: str
) -> Iterator[Finding]:
    reported: set[str] = set()
    for start in edges:
        stack = [[start, after] for after in edges[start]]
        while stack and start not in reported:
            path = stack.pop()
            if path[-1] == start:
                reported.update(path)
                yield parts.documents[f"candidate:{start}"].finding(
                    f"circular-{what}",
                    loc,
                    f"circular {what}: {' > '.join(path)}",
                    f"remove one {what} of the circle",
                )
            elif path[-1] not in path[:-1]:
                stack += [[*path, after] for after in edges.get(path[-1], ())]


def _stacks(parts: Parts) -> Iterator[Finding]:
    roles = {r.id for r in parts.catalogue.roles}
    functions = {f.id for f in parts.catalogue.functions}
    for key, stack in parts.stacks.items():
        document = parts.documents[f"stack:{key}"]
        for role, name in stack.components.items():
            loc = ("components", role)
            yield from _unknown(document, loc, "role", role, roles)
            yield from _unknown(document, loc, "candidate", name, parts.candidates)
            candidate = parts.candidates.get(name)
            if candidate and role not in candidate.roles:
                yield document.finding(
                    "role-not-filled",
                    loc,
                    f"{name!r} does not fill the role {role!r}",
                    f"its roles: {', '.join(candidate.roles) or 'none'}",
                )
        for name in stack.provides:
            yield from _unknown(document, ("provides", name), "function", name, functions)


def _site(parts: Parts) -> Iterator[Finding]:
    site, document = parts.site, parts.documents["site"]
    networks = {n.name for n in site.networks}
    nodes = {n.name for n in site.nodes}
    volumes = {v.name for v in site.volumes}
    addresses = {a.name for a in site.virtual_addresses}
    for i, node in enumerate(site.nodes):
        for name in node.addresses:
            yield from _unknown(
                document, ("nodes", i, "addresses", name), "network", name, networks
            )
    for i, device in enumerate(site.fence_devices):
        loc = ("fence_devices", i, "network")
        yield from _unknown(document, loc, "network", device.network, networks)
        for name in device.plugs:
            yield from _unknown(document, ("fence_devices", i, "plugs", name), "node", name, nodes)
    for i, vip in enumerate(site.virtual_addresses):
        loc = ("virtual_addresses", i, "network")
        yield from _unknown(document, loc, "network", vip.network, networks)
    for i, service in enumerate(site.services):
        yield from _unknown(document, ("services", i, "volume"), "volume", service.volume, volumes)
        loc = ("services", i, "virtual_address")
        yield from _unknown(document, loc, "virtual address", service.virtual_address, addresses)


def _criteria(parts: Parts) -> Iterator[Finding]:
    criteria, document = parts.criteria, parts.documents["criteria"]
    functions = {f.id for f in parts.catalogue.functions}
    groups = {c.group for c in criteria.criteria}
    facts = {f for c in parts.candidates.values() for f in c.facts}
    requirements = {r for s in parts.stacks.values() for r in s.requires}
    yield from _unknown(document, ("attitude",), "attitude", criteria.attitude, criteria.attitudes)
    for name, attitude in criteria.attitudes.items():
        for group in attitude.factors:
            yield from _unknown(
                document, ("attitudes", name, "factors", group), "group", group, groups
            )
    for i, key in enumerate(criteria.stacks or ()):
        yield from _unknown(document, ("stacks", i), "stack", key, parts.stacks)
    for i, need in enumerate(criteria.need):
        yield from _unknown(document, ("need", i, "function"), "function", need.function, functions)
    for i, state in enumerate(criteria.state):
        loc = ("state", i, "requirement")
        yield from _unknown(document, loc, "requirement", state.requirement, requirements)
        yield from _unknown(
            document, ("state", i, "site"), "site fact", state.site, parts.site.state
        )
    for i, light in enumerate(criteria.semaphores):
        yield from _unknown(
            document, ("semaphores", i, "metric"), "metric", light.metric, parts.metrics
        )
    for i, criterion in enumerate(criteria.criteria):
        if criterion.metric is not None:
            loc = ("criteria", i, "metric")
            yield from _unknown(document, loc, "metric", criterion.metric, parts.metrics)
        if criterion.fact is not None:
            yield from _unknown(document, ("criteria", i, "fact"), "fact", criterion.fact, facts)
    for name in ("criteria", "semaphores", "guidelines", "methods"):
        yield from _repeated(document, name, getattr(criteria, name))


def _repeated(document: Document, name: str, entries: list[Any]) -> Iterator[Finding]:
    seen: set[str] = set()
    for i, entry in enumerate(entries):
        key = getattr(entry, "id", None) or entry.name
        if key in seen:
            yield document.finding(
                "duplicate-id", (name, i), f"{key!r} stands twice in {name}", "remove or rename one"
            )
        seen.add(key)


def _weights(parts: Parts) -> Iterator[Finding]:
    weights = [c.weight for c in parts.criteria.criteria]
    total = sum(weights)
    if abs(total - 1) > 1e-6:
        yield parts.documents["criteria"].finding(
            "weights-sum",
            ("criteria",),
            f"the weights sum to {total:g}, they must sum to 1",
            f"change them by {1 - total:+.6g} in all, or multiply each by {1 / total:.6g}"
            if total > 0
            else "give at least one criterion a weight",
        )
