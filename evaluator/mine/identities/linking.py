"""Who is who: a union-find over identities and what they share, within what the study knows.

An identity is linked with its addresses and its full names, ``.mailmap`` applied; who shares one of
them is one person.  Placeholders, addresses that many people share, generic and one-word names link
nobody, and programs are linked among themselves only, so that no program is its owner.

What the study knows is followed first and is never broken: a link that would join what it keeps
apart is refused.  Such a name or address does not tell people apart, so it then links nobody at
all, rather than whomever it meets first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evaluator.mine.identities.curated import (
    NOTHING,
    Curated,
    address_label,
    claim_labels,
    name_labels,
    within_label,
)
from evaluator.mine.identities.names import (
    Identity,
    is_bot,
    is_placeholder,
    is_relayed,
    login,
    normalised_address,
    shared_addresses,
)

ADDRESS = re.compile(r"[^\s@<>]+(?:@|\s+at\s+)[^\s@<>]+")
Node = Identity | str


@dataclass(frozen=True)
class Resolution:
    """Persons, and the links that made them."""

    persons: Mapping[Identity, str]
    """Identity → key of its person.  Keys hold names or addresses: they stay in the cache."""
    links: Mapping[Identity, tuple[str, ...]]
    """Labels (``address …``, ``name …``) by which an identity belongs to its person."""
    refused: tuple[tuple[Identity, str], ...]
    """Links that were not followed, since they would join what the study keeps apart."""
    shared: frozenset[str]
    """Addresses that too many unlike names use."""


def resolve(identities: Iterable[Identity], curated: Curated = NOTHING) -> Mapping[Identity, str]:
    """Give each identity the key of its person; equal keys, same person.

    The order of the identities does not matter.  Keys are made of names and addresses, so they
    stay in the private cache.

    Parameters
    ----------
    identities
        What the sources use.
    curated
        What the study knows; it outranks what names and addresses suggest.
    """
    return resolution(identities, curated).persons


def resolution(identities: Iterable[Identity], curated: Curated = NOTHING) -> Resolution:
    """As :func:`resolve`, with the links that were followed and those that were refused."""
    known = sorted(set(identities))
    shared = shared_addresses(known)
    barred = {f"address {address}" for address in shared}
    barred |= _all_labels(curated.nobody)
    groups = curated.joined_groups()
    sides = [[_all_labels(side) for side in group] for group in curated.apart]
    claimed = {label for _, labels in groups for label in labels}
    claimed |= {text for group in sides for side in group for text in side}
    ambiguous = set(curated.ambiguous_names())
    barred -= claimed
    claimed -= ambiguous
    refused: dict[tuple[Identity, str], None] = {}
    while True:
        forest = Forest()
        _follow_study(forest, groups, sides)
        closed = claimed | barred | ambiguous
        links = sorted(
            (rank, label, identity)
            for identity in known
            for rank, label in _links(identity, claimed, closed)
        )
        followed: dict[Identity, list[str]] = defaultdict(list)
        conflicts = set()
        for _, label, identity in links:
            if forest.join(identity, label):
                followed[identity].append(label)
            else:
                refused[(identity, label)] = None
                conflicts.add(label)
        # a label of the study has its place; any other one that met both sides links nobody
        if not (conflicts := conflicts - claimed):
            break
        ambiguous |= conflicts
    names = forest.names({key for key, _ in groups if key})
    return Resolution(
        {i: names.get(forest.find(i)) or f"alone {i.source} {i.name} {i.address}" for i in known},
        {i: tuple(followed[i]) for i in known},
        tuple((i, label) for i, label in refused if label not in followed[i]),
        shared,
    )


def _all_labels(texts: Iterable[str]) -> set[str]:
    return {label for text in texts for label in claim_labels(text)}


def _follow_study(
    forest: Forest,
    groups: Iterable[tuple[str | None, frozenset[str]]],
    apart: Iterable[Iterable[set[str]]],
) -> None:
    for number, group in enumerate(apart):
        for side, texts in enumerate(group):
            for label in texts:
                forest.tag(label, f"apart {number}", str(side))
    for key, _ in groups:
        if key:
            forest.tag(key, "person", key)
    for number, (key, labels) in enumerate(groups):
        for label in sorted(labels):
            forest.join(key or f"together {number}", label)


def _links(identity: Identity, claimed: set[str], closed: set[str]) -> list[tuple[int, str]]:
    """Labels that tell who an identity is, with the rank in which they are followed.

    Those that the study claims come first; what is ``closed`` is not followed by its looks alone.
    """
    addresses = addresses_of(identity)
    names = (identity.mapped_name, identity.name)
    here = within_label(identity.source, identity.mapped_name)
    by_study = [(0, address_label(a)) for a in addresses] + [(0, here)]
    by_study += [(1, label) for name in names for label in name_labels(name)]
    links = [(rank, label) for rank, label in by_study if label in claimed]
    group = "program " if is_bot(identity) else ""
    for address in addresses:
        label = address_label(address)
        if not is_placeholder(address) and label not in closed:
            links.append((2, group + label))
    for name in names:
        for label in name_labels(name):
            if label.startswith("name ") and label not in closed:
                links.append((3, group + label))
    if not links:
        used = login(identity.mapped_name) or normalised_address(identity.mapped_address)
        links.append((4, group + within_label(identity.source, used)))
    return links


def addresses_of(identity: Identity) -> list[str]:
    """Addresses that an identity uses, most telling first.

    A name may be one itself, as conversions leave it; one that a list put in is not the author's.
    """
    relayed = is_relayed(identity.name)
    found = [identity.mapped_address, identity.address, identity.mapped_name, identity.name]
    kept = [normalised_address(text) for text in found if ADDRESS.fullmatch(text.strip())]
    barred = {normalised_address(identity.address)} if relayed else set()
    return [address for address in dict.fromkeys(kept) if address not in barred]


class Forest:
    """Disjoint sets whose members may bear tags; sets with unlike tags of a kind never join."""

    def __init__(self) -> None:
        self._leader: dict[Node, Node] = {}
        self._tags: dict[Node, dict[str, str]] = {}

    def find(self, node: Node) -> Node:
        self._leader.setdefault(node, node)
        while (leader := self._leader[node]) != node:
            self._leader[node] = self._leader[leader]
            node = leader
        return node

    def tag(self, node: Node, kind: str, value: str) -> None:
        self._tags.setdefault(self.find(node), {})[kind] = value

    def join(self, one: Node, other: Node) -> bool:
        """Make one set of two; False when their tags forbid it."""
        a, b = self.find(one), self.find(other)
        if a == b:
            return True
        if self.conflict(a, b):
            return False
        self._leader[b] = a
        if others := self._tags.get(b):
            self._tags[a] = {**self._tags.get(a, {}), **others}
        return True

    def conflict(self, one: Node, other: Node) -> tuple[str, str, str] | None:
        """Kind and values of the tags that keep two sets apart; None when none do."""
        mine, others = (self._tags.get(self.find(node), {}) for node in (one, other))
        for kind, value in mine.items():
            if others.get(kind, value) != value:
                return kind, value, others[kind]
        return None

    def names(self, keys: set[str]) -> dict[Node, str]:
        """Of each set the person's key, or the first of its labels."""
        names: dict[Node, str] = {}
        for node in self._leader:
            if isinstance(node, str) and not node.startswith("together "):
                root = self.find(node)
                best = names.get(root, node)
                names[root] = min(best, node, key=lambda text: (text not in keys, text))
        return names
