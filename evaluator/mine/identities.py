"""Who is who: names and addresses become persons.

Two identities are one person when they share an address or a full name, ``.mailmap`` applied.
Placeholder addresses and generic or one-word names never join anybody: half of a history may use
one placeholder, and joining by it would fuse everybody.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PLACEHOLDER = re.compile(
    r"""
    .*@(?:localhost|localhost\.localdomain|localdomain|none|unknown|\(none\)|example\.(?:com|org))
    |(?:root|devnull|nobody|noreply|no-reply|none|unknown|invalid)@.*
    |noreply@github\.com
    |[^@]*|@.*|.*@
    """,
    re.VERBOSE,
)
GENERIC_WORDS = frozenset(
    {"root", "user", "admin", "administrator", "unknown", "author", "nobody", "none", "no"}
    | {"name", "devnull", "system", "default", "test", "the", "team", "developer", "developers"}
    | {"maintainer", "maintainers", "commit", "commits"}
)
BOT = re.compile(
    r"\[bot\]|(?:^|[^a-z])(?:bot|robot|dependabot|renovate|jenkins|buildbot|weblate|syzbot|patchwork"
    r"|patchew|github-actions|gitlab-ci|travis|codacy|lgtm-com|kbuild)(?:[^a-z]|$)"
)
SHARED_BY = 5
"""An address used with this many unlike full names belongs to nobody (a list, a service)."""


@dataclass(frozen=True, order=True)
class Identity:
    """A name and address as used in a source, and what its ``.mailmap`` makes of them."""

    source: str
    name: str
    address: str
    mapped_name: str
    mapped_address: str


def normalised_name(name: str) -> str:
    """Accents, case, punctuation and order of the words taken away; initials dropped.

    Examples
    --------
    >>> normalised_name("Doe, Jané Q.") == normalised_name("jane doe")
    True
    """
    plain = unicodedata.normalize("NFKD", re.sub(r"\(.*?\)", " ", name)).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", plain)
    return " ".join(sorted(w for w in words if len(w) > 1) or sorted(words))


def is_full_name(normalised: str) -> bool:
    """Whether a normalised name tells a person apart: two words or more, none of them generic."""
    words = normalised.split()
    return len(words) > 1 and not GENERIC_WORDS & set(words)


def is_placeholder(address: str) -> bool:
    """Whether an address stands for nobody."""
    return PLACEHOLDER.fullmatch(address.strip().casefold()) is not None


def normalised_address(address: str) -> str:
    """Lower case, without what follows a plus sign: programs add an identifier there.

    Examples
    --------
    >>> normalised_address("Reporter+04b9@Example.net")
    'reporter@example.net'
    """
    local, at, domain = address.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" if at else domain


def is_bot(identity: Identity) -> bool:
    """Whether the identity is a program."""
    local = identity.address.casefold().partition("@")[0]
    return bool(BOT.search(identity.name.casefold()) or BOT.search(local))


def shared_addresses(identities: Iterable[Identity]) -> frozenset[str]:
    """Addresses that at least :data:`SHARED_BY` people use, by their full names."""
    names: dict[str, set[str]] = defaultdict(set)
    for identity in identities:
        name = normalised_name(identity.name)
        if is_full_name(name):
            names[normalised_address(identity.address)].add(name)
    return frozenset(a for a, used in names.items() if _unlike(used) >= SHARED_BY)


def _unlike(names: set[str]) -> int:
    """How many of the names share no word with one counted before."""
    seen: set[str] = set()
    count = 0
    for name in sorted(names):
        words = set(name.split())
        count += not words & seen
        seen |= words
    return count


def resolve(identities: Iterable[Identity]) -> Mapping[Identity, str]:
    """Give each identity the key of its person; equal keys, same person.

    Keys are names or addresses, so they stay in the private cache.
    """
    known = sorted(set(identities))
    shared = shared_addresses(known)
    leader: dict[str, str] = {}

    def find(label: str) -> str:
        while leader[label] != label:
            leader[label] = leader[leader[label]]
            label = leader[label]
        return label

    first: dict[Identity, str] = {}
    for identity in known:
        labels = _labels(identity, shared)
        for label in labels:
            leader.setdefault(label, label)
        roots = sorted({find(label) for label in labels})
        for root in roots[1:]:
            leader[root] = roots[0]
        first[identity] = labels[0]
    return {identity: find(label) for identity, label in first.items()}


def _labels(identity: Identity, shared: frozenset[str]) -> list[str]:
    labels = []
    for address in (identity.mapped_address, identity.address):
        address = normalised_address(address)
        if not is_placeholder(address) and address not in shared:
            labels.append(f"address {address}")
    for name in (identity.mapped_name, identity.name):
        name = normalised_name(name)
        if is_full_name(name):
            labels.append(f"name {name}")
    if not labels:
        name = normalised_name(identity.mapped_name)
        address = normalised_address(identity.mapped_address)
        labels.append(f"within {identity.source} {name or address}")
    return labels
