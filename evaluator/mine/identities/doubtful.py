"""Doubtful cases for a person to decide: joined and perhaps two, apart and perhaps one.

Each case sets two sides against each other, says what speaks for one person, and how many commits,
messages and issues hang on the answer: those of the smaller side.
"""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from evaluator.mine.identities.curated import NOTHING, Curated, claim_labels
from evaluator.mine.identities.linking import Forest, Resolution, addresses_of
from evaluator.mine.identities.names import (
    GENERIC_LOCALS,
    GENERIC_WORDS,
    Identity,
    is_bot,
    is_full_name,
    is_placeholder,
    login,
    normalised_name,
    repaired,
    unlike,
)

T = TypeVar("T", str, tuple[str, str])

ALIKE = 0.88
"""Similarity of two names from which on a slip of the pen is likely (ours)."""
CROWD = 30
"""Clusters that share a word; of more, the word tells nobody apart and only the largest are
compared."""
CHAIN = 3
"""Unlike names in one cluster from which on it looks like a chain (ours)."""
LARGEST = 100
"""Identities of a cluster that is taken apart to find its thin links; the largest
cluster in 17 real histories has 30 (ours)."""


@dataclass(frozen=True)
class Side:
    """Some identities that belong together: what they use, most used first."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]
    accounts: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    items: int

    @property
    def claims(self) -> tuple[str, ...]:
        """Texts that stand for the side: its addresses, full names, and logins without address."""
        full = (name for name in self.names if is_full_name(normalised_name(name)))
        return (*self.addresses, *full, *(f"{source}:{used}" for source, used in self.accounts))


@dataclass(frozen=True)
class Case:
    """Two sides that may or may not be one person.

    ``joined`` tells what holds without an answer; ``items`` how much hangs on it.
    """

    joined: bool
    sides: tuple[Side, Side]
    evidence: tuple[str, ...]
    items: int

    @property
    def claims(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What stands for either side; what stands for both is in neither."""
        one, other = (side.claims for side in self.sides)
        return _only(one, other), _only(other, one)


def _only(texts: Sequence[str], others: Iterable[str]) -> tuple[str, ...]:
    taken = {label for text in others for label in claim_labels(text)}
    return tuple(text for text in texts if not taken & {*claim_labels(text)})


def doubtful(
    resolved: Resolution, items: Mapping[Identity, int], curated: Curated = NOTHING
) -> list[Case]:
    """Cases that the study has not decided, those first on which most hangs.

    Of several pairs that chain the same people only so many are asked as a *yes* to each of them
    would need; after a *no* the next run asks the others.

    Parameters
    ----------
    resolved
        Persons and links.
    items
        Commits, messages and issues of each identity.
    curated
        What the study knows; what it decides is not asked again.
    """
    members: dict[str, list[Identity]] = defaultdict(list)
    for identity in sorted(resolved.persons):
        members[resolved.persons[identity]].append(identity)
    clusters = [
        _Cluster(group, items, resolved)
        for _, group in sorted(members.items())
        if not all(map(is_bot, group))
    ]
    settled = _Settled(curated)
    cases = [c for cluster in clusters for c in _merges(cluster, items, resolved)]
    cases += _splits(clusters)
    cases.sort(key=lambda c: (-c.items, -len(c.evidence), -c.sides[0].items, c.claims))
    asked = Forest()
    open_cases = []
    for case in cases:
        one, other = ("\0".join(side.claims) for side in case.sides)
        known = asked.find(one) == asked.find(other)
        if all(case.claims) and not known and not settled.decides(case):
            asked.join(one, other)
            open_cases.append(case)
    return open_cases


class _Settled:
    """What the study has decided already."""

    def __init__(self, curated: Curated) -> None:
        self._groups = [labels for _, labels in curated.joined_groups()]
        self._listed = [labels for key, labels in curated.joined_groups() if key]
        self._apart = [
            [{label for text in side for label in claim_labels(text)} for side in group]
            for group in curated.apart
        ]

    def decides(self, case: Case) -> bool:
        one, other = ({x for c in claims for x in claim_labels(c)} for claims in case.claims)
        together = any(one & labels and other & labels for labels in self._groups)
        sides = itertools.chain(
            *(itertools.permutations(group, 2) for group in self._apart),
            itertools.permutations(
                [labels for labels in self._listed if labels & (one | other)], 2
            ),
        )
        return together or any(one & a and other & b for a, b in sides)


class _Cluster:
    """Identities of one person, and what is compared of them."""

    def __init__(
        self, group: Sequence[Identity], items: Mapping[Identity, int], resolved: Resolution
    ) -> None:
        self.group = group
        self.side = most_used_side(group, items, resolved)
        self.full = {
            full
            for i in group
            if len(i.mapped_name.split()) > 1
            and is_full_name(full := normalised_name(i.mapped_name))
        }
        self.locals = {
            local
            for address in self.side.addresses
            if (local := address.partition("@")[0]) not in GENERIC_LOCALS and len(local) > 2
        }
        self.logins = {
            used
            for i in group
            for name in (i.name, i.mapped_name)
            if (used := login(name)) and not {" ", "@"} & set(used) and used not in GENERIC_WORDS
        } | self.locals  # fmt: skip
        self.written = {i.mapped_name for i in group}


def most_used_side(
    group: Iterable[Identity], items: Mapping[Identity, int], resolved: Resolution
) -> Side:
    """What some identities use: addresses that are somebody's, else logins within a source."""
    group = list(group)
    names: Counter[str] = Counter()
    addresses: Counter[str] = Counter()
    accounts: Counter[tuple[str, str]] = Counter()
    sources: Counter[str] = Counter()
    for identity in group:
        number = items.get(identity, 0)
        sources[identity.source] += number
        if identity.mapped_name:
            names[identity.mapped_name] += number
        usable = [
            a for a in addresses_of(identity) if not is_placeholder(a) and a not in resolved.shared
        ]
        addresses.update(dict.fromkeys(usable, number))
        if not usable and (used := login(identity.mapped_name)):
            accounts[(identity.source, used)] += number
    return Side(
        names=_most_used(names),
        addresses=_most_used(addresses),
        accounts=_most_used(accounts),
        sources=_most_used(sources),
        items=sum(items.get(i, 0) for i in group),
    )


def _most_used(found: Counter[T]) -> tuple[T, ...]:
    return tuple(key for key, _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


# --- joined, perhaps two -------------------------------------------------------------------------


def _merges(
    cluster: _Cluster, items: Mapping[Identity, int], resolved: Resolution
) -> Iterator[Case]:
    """Sides of a cluster that one name or address alone holds together."""
    links = {i: resolved.links[i] for i in cluster.group}
    shares = Counter(label for labels in links.values() for label in set(labels))
    chain = unlike(cluster.full)
    crowd = f"the person would have {chain} unlike names" if chain >= CHAIN else ""
    if len(cluster.group) > LARGEST:
        said = f"{len(cluster.group)} identities hang together, which is very many"
        yield from itertools.islice(
            _against_largest(_by_use(cluster.group), items, resolved, lambda *_: (said,)), 1
        )
        return
    for label in sorted(label for label, number in shares.items() if number > 1):
        parts = _components(links, without=label)
        if len(parts) < 2:
            continue

        def doubts(one: _Cluster, other: _Cluster, label: str = label) -> tuple[str, ...]:
            found = _thin(label, one, other)
            return (*found, crowd) if found and crowd else found

        yield from _against_largest(parts, items, resolved, doubts)


def _against_largest(
    parts: Sequence[Sequence[Identity]],
    items: Mapping[Identity, int],
    resolved: Resolution,
    doubts: Callable[[_Cluster, _Cluster], tuple[str, ...]],
) -> Iterator[Case]:
    clusters = [_Cluster(part, items, resolved) for part in parts]
    clusters.sort(key=lambda c: (-c.side.items, c.side.claims))
    for other in clusters[1:]:
        if evidence := doubts(clusters[0], other):
            sides = (clusters[0].side, other.side)
            yield Case(True, sides, evidence, other.side.items)


def _by_use(group: Sequence[Identity]) -> list[list[Identity]]:
    """Parts with one name each, or with one address each where all have the same name."""
    for use in (lambda i: normalised_name(i.mapped_name), lambda i: i.mapped_address):
        parts: dict[str, list[Identity]] = defaultdict(list)
        for identity in group:
            parts[use(identity)].append(identity)
        if len(parts) > 1:
            break
    return [parts[key] for key in sorted(parts)]


def _components(links: Mapping[Identity, Sequence[str]], without: str) -> list[list[Identity]]:
    """Identities that still hang together when one label is taken away."""
    users: dict[str, list[Identity]] = defaultdict(list)
    for identity, labels in links.items():
        for label in labels:
            if label != without:
                users[label].append(identity)
    left = dict.fromkeys(links)
    parts = []
    while left:
        start = next(iter(left))
        del left[start]
        part, queue = [start], [start]
        while queue:
            for label in links[queue.pop()]:
                for near in users.pop(label, ()):
                    if near in left:
                        del left[near]
                        part.append(near)
                        queue.append(near)
        parts.append(sorted(part))
    return parts


def _thin(label: str, one: _Cluster, other: _Cluster) -> tuple[str, ...]:
    """What is doubtful about a link that alone joins two sides; empty when nothing is."""
    kind, _, text = label.partition(" ")
    named = one.full and other.full
    if kind == "address" and named and not _alike(one.full, other.full):
        return (f"unlike names use the address {text}, and nothing else joins them",)
    if kind == "name":
        if marks := _unlike_marks(one.written, other.written):
            return (f"the names differ in their accents: {marks}",)
        nowhere_both = not set(one.side.sources) & set(other.side.sources)
        if nowhere_both and not (_bears(one, text) and _bears(other, text)):
            return ("the same name in different sources, and no address tells that it is one",)
    return ()


def _alike(some: Iterable[str], others: Iterable[str]) -> bool:
    return any(_share(a, b) or _similarity(a, b) >= ALIKE for a in some for b in others)


def _share(one: str, other: str) -> bool:
    return bool({*one.split()} & {*other.split()})


def _similarity(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE else 0.0


def _bears(cluster: _Cluster, name: str) -> bool:
    """Whether an address of the cluster holds a word of the name, or its initials."""
    words = name.split()
    initials = {"".join(w[0] for w in order) for order in (words, words[::-1])}
    texts = [re.sub(r"[\W_\d]", "", a.partition("@")[0]) for a in cluster.side.addresses]
    texts += [domain.partition("@")[2] for domain in cluster.side.addresses]
    return any(text in initials or any(w in text for w in words if len(w) > 2) for text in texts)


def _unlike_marks(some: Iterable[str], others: Iterable[str]) -> str:
    """Two spellings with accents, and with different ones; empty when there are none."""
    for one, other in itertools.product(sorted(some), sorted(others)):
        a, b = (sorted(_lower(text).split()) for text in (one, other))
        if a != b and normalised_name(one) == normalised_name(other):
            pairs = zip(a, b, strict=False)
            if len(a) == len(b) and any(
                x != y and not x.isascii() and not y.isascii() for x, y in pairs
            ):
                return f"{one!r} and {other!r}"
    return ""


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", repaired(text)).casefold()


# --- apart, perhaps one --------------------------------------------------------------------------


def _splits(clusters: Sequence[_Cluster]) -> Iterator[Case]:
    """Pairs of clusters that share a login or have names alike."""
    blocks: dict[str, list[int]] = defaultdict(list)
    for number, cluster in enumerate(clusters):
        words = {word for name in cluster.full for word in name.split()}
        single = {normalised_name(name) for name in cluster.written} - cluster.full
        for word in {*cluster.logins, *words, *single}:
            blocks[word].append(number)
    common = {
        word
        for word, numbers in blocks.items()
        if unlike(min(clusters[n].full) for n in numbers if clusters[n].full) >= CHAIN
    }
    pairs: set[tuple[int, int]] = set()
    for numbers in blocks.values():
        largest = sorted(numbers, key=lambda n: (-clusters[n].side.items, n))[:CROWD]
        pairs.update(itertools.combinations(sorted(largest), 2))
    for one, other in sorted(pairs):
        a, b = sorted(
            (clusters[one], clusters[other]), key=lambda c: (-c.side.items, c.side.claims)
        )
        if evidence := _resemblance(a, b, common):
            yield Case(False, (a.side, b.side), evidence, b.side.items)


def _resemblance(one: _Cluster, other: _Cluster, common: set[str]) -> tuple[str, ...]:
    """What speaks for one person; empty when too little does."""
    found = []
    named = bool(one.full and other.full)
    alike = [(a, b) for a in sorted(one.full) for b in sorted(other.full) if _one_name(a, b)]
    if named and not alike and not _initials_agree(one.written, other.written):
        return ()
    if alike:
        found.append("names alike: {!r} and {!r}".format(*alike[0]))
    elif pair := _initials_agree(one.written, other.written):
        found.append("an initial that fits: {!r} and {!r}".format(*pair))
    same = sorted((one.locals & other.locals) - common)
    if same:
        found.append(f"the same local part at different domains: {same[0]}")
    elif logins := sorted((one.logins & other.logins) - common):
        found.append(f"a login that is the other's local part or name: {logins[0]}")
    if not named and not same and not found:
        return ()
    return tuple(found)


def _one_name(one: str, other: str) -> bool:
    """Whether two full names may be one: all words of one in the other, or a slip of the pen."""
    a, b = {*one.split()}, {*other.split()}
    return a <= b or b <= a or _similarity(one, other) >= ALIKE


def _initials_agree(some: Iterable[str], others: Iterable[str]) -> tuple[str, str] | None:
    """Two names of which one writes a first letter where the other writes the word."""
    for one, other in itertools.product(sorted(some), sorted(others)):
        a, b = (re.findall(r"[^\W\d_]+", _lower(text)) for text in (one, other))
        if len(a) != 2 or len(b) != 2 or (len(a[0]) == 1) == (len(b[0]) == 1):
            continue
        if a[1] == b[1] and len(a[1]) > 2 and a[0][0] == b[0][0]:
            return one, other
    return None
