"""What a study knows of its people: who is who, who is not, and who worked where and when.

Such knowledge outranks every heuristic of :mod:`evaluator.mine.identities.linking`.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from evaluator.mine.identities.names import (
    GENERIC_WORDS,
    Identity,
    is_bot,
    is_full_name,
    login,
    name_keys,
    normalised_address,
)

ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*:\S.*")
FORGES = {"github": "users.noreply.github.com", "gitlab": "users.noreply.gitlab.com"}
ONE_DAY = dt.timedelta(days=1)
T = TypeVar("T")


def claim_labels(text: str) -> tuple[str, ...]:
    """Labels of an address, a name, or an account (``SOURCE:LOGIN``)."""
    if "@" in text:
        return (address_label(text),)
    if ACCOUNT.fullmatch(text):
        source, _, used = text.partition(":")
        if source in FORGES:
            return (address_label(f"{used}@{FORGES[source]}"),)
        return (within_label(source, used),)
    return name_labels(text)


def address_label(address: str) -> str:
    return f"address {normalised_address(address)}"


def within_label(source: str, used: str) -> str:
    return f"within {source} {login(used)}"


def name_labels(name: str) -> tuple[str, ...]:
    """Labels of a full name; of any other one, the label that only the study may use."""
    full = tuple(f"name {key}" for key in name_keys(name) if is_full_name(key))
    return full or (f"login {login(name)}",)


@dataclass(frozen=True, order=True)
class Period:
    """Days from ``since`` to ``until``, both included; None leaves that side open."""

    since: dt.date | None = None
    until: dt.date | None = None

    def __contains__(self, day: dt.date) -> bool:
        return (self.since or dt.date.min) <= day <= (self.until or dt.date.max)

    def overlaps(self, other: Period) -> bool:
        start = max(self.since or dt.date.min, other.since or dt.date.min)
        return start <= min(self.until or dt.date.max, other.until or dt.date.max)


@dataclass(frozen=True)
class Affiliation:
    """An organisation, and the days on which it was somebody's."""

    organisation: str
    period: Period = Period()


@dataclass(frozen=True)
class Person:
    """A person of the study, apart from every other one that it lists.

    Equal knowledge is equal: the order of names, addresses, accounts and affiliations is no part
    of it.
    """

    name: str = ""
    """As to be shown; may be empty."""
    names: tuple[str, ...] = ()
    """Further ones."""
    addresses: tuple[str, ...] = ()
    accounts: tuple[tuple[str, str], ...] = ()
    """Source and login: a forge (github, gitlab), or the identifier of a source."""
    bot: bool | None = None
    """Whether it is a program; None leaves that to the heuristic."""
    affiliations: tuple[Affiliation, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(sorted({*self.names} - {self.name, ""})))
        object.__setattr__(self, "addresses", tuple(sorted({*self.addresses})))
        object.__setattr__(self, "accounts", tuple(sorted({*self.accounts})))
        ordered = sorted({*self.affiliations}, key=affiliation_order)
        object.__setattr__(self, "affiliations", tuple(ordered))

    @property
    def claims(self) -> tuple[str, ...]:
        """All that is the person's, as texts."""
        logins = (f"{source}:{login}" for source, login in self.accounts)
        return tuple(c for c in (self.name, *self.names, *self.addresses, *logins) if c)

    @property
    def key(self) -> str:
        """Key of the person; names and addresses are in it, so it stays in the private cache."""
        return "person " + "\0".join(self.claims)


def affiliation_order(affiliation: Affiliation) -> tuple[dt.date, dt.date, str]:
    period = affiliation.period
    return (period.since or dt.date.min, period.until or dt.date.max, affiliation.organisation)


@dataclass(frozen=True)
class Place:
    """An address or a mail domain that was an organisation's.

    Of a domain its sub-domains are meant too, unless ``exact``.
    """

    subject: str
    affiliation: Affiliation
    exact: bool = False

    @property
    def is_address(self) -> bool:
        return "@" in self.subject


@dataclass(frozen=True)
class Curated:
    """All that a study knows of its people; frozen."""

    persons: tuple[Person, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    """Groups of names, addresses and accounts (``SOURCE:LOGIN``) that are one person's."""
    apart: tuple[tuple[tuple[str, ...], ...], ...] = ()
    """Groups of sides: what is on one side is never joined with what is on another."""
    nobody: tuple[str, ...] = ()
    """Names and addresses that tell nobody apart."""
    places: tuple[Place, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """What the file that it was read from says beyond what is kept."""

    def __post_init__(self) -> None:
        for name in ("persons", "places"):
            object.__setattr__(self, name, tuple(sorted({*getattr(self, name)}, key=repr)))
        object.__setattr__(self, "nobody", tuple(sorted({*self.nobody})))

    def organisation(self, person: str, identity: Identity, day: dt.date) -> str:
        """Organisation for which somebody worked on a day; empty when not known.

        What is said of the very address outranks what is said of the person, and that what is said
        of the domain.

        Parameters
        ----------
        person
            Key of the person, as :func:`evaluator.mine.identities.resolve` gives it.
        identity
            What was used on that day.
        day
            The day, UTC.
        """
        addresses = [normalised_address(a) for a in (identity.address, identity.mapped_address)]
        for address in addresses:
            if found := _on(day, self._addresses.get(address, ())):
                return found
        known = self._persons.get(person)
        if known and (found := _on(day, known.affiliations)):
            return found
        for address in addresses:
            labels = address.rpartition("@")[2].split(".")
            for start in range(len(labels) if "@" in address else 0):
                places = self._domains.get(".".join(labels[start:]), ())
                meant = (p.affiliation for p in places if not (p.exact and start))
                if found := _on(day, meant):
                    return found
        return ""

    def is_bot(self, person: str, identity: Identity) -> bool:
        """Whether an identity is a program's: what the study says of the person, else by looks."""
        known = self._persons.get(person)
        return is_bot(identity) if known is None or known.bot is None else known.bot

    @cached_property
    def _persons(self) -> Mapping[str, Person]:
        return {person.key: person for person in self.persons}

    @cached_property
    def _addresses(self) -> Mapping[str, list[Affiliation]]:
        places = [p for p in self.places if p.is_address]
        return _grouped((normalised_address(p.subject), p.affiliation) for p in places)

    @cached_property
    def _domains(self) -> Mapping[str, list[Place]]:
        return _grouped((p.subject.casefold(), p) for p in self.places if not p.is_address)

    def joined_groups(self) -> list[tuple[str | None, frozenset[str]]]:
        """Labels that are one person's, with the person's key where it is a listed one.

        A name that two persons bear is neither's, and generic words are nobody's.
        """
        groups: list[tuple[str | None, set[str]]] = [
            (p.key, _labels(p.claims)) for p in self.persons
        ]
        groups += [(None, _labels(texts)) for texts in self.together]
        bearers: dict[str, int] = {}
        for key, labels in groups:
            for label in labels if key else ():
                bearers[label] = bearers.get(label, 0) + 1
        return [
            (key, frozenset(one for one in labels if bearers.get(one, 0) < 2 and not _generic(one)))
            for key, labels in groups
        ]

    def ambiguous_names(self) -> frozenset[str]:
        """Labels of names that two listed persons bear."""
        seen: set[str] = set()
        twice: set[str] = set()
        for person in self.persons:
            labels = _labels(person.claims)
            twice |= seen & labels
            seen |= labels
        return frozenset(twice)


NOTHING = Curated()
"""A study that knows nothing of its people."""


def _labels(texts: Iterable[str]) -> set[str]:
    return {label for text in texts for label in claim_labels(text)}


def _generic(label: str) -> bool:
    kind, _, text = label.partition(" ")
    return kind == "login" and not {*text.split()} - GENERIC_WORDS


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _on(day: dt.date, affiliations: Iterable[Affiliation]) -> str:
    return next((a.organisation for a in affiliations if day in a.period), "")


def in_turn(affiliations: Iterable[Affiliation]) -> list[Affiliation]:
    """Affiliations of which no two hold on one day: the one that began last outranks the others."""
    known = sorted({*affiliations}, key=affiliation_order)
    starts = {a.period.since or dt.date.min for a in known}
    starts |= {a.period.until + ONE_DAY for a in known if a.period.until}
    turns: list[Affiliation] = []
    ordered = sorted(starts)
    for start, after in itertools.zip_longest(ordered, ordered[1:]):
        holding = [a.organisation for a in known if start in a.period]
        until = after - ONE_DAY if after else None
        since = None if start == dt.date.min else start
        last = turns[-1] if turns else None
        follows = last and last.period.until and last.period.until + ONE_DAY == start
        if holding and last and follows and last.organisation == holding[-1]:
            turns[-1] = Affiliation(last.organisation, Period(last.period.since, until))
        elif holding:
            turns.append(Affiliation(holding[-1], Period(since, until)))
    return turns
