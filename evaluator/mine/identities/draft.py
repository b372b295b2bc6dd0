"""What was read of files on persons, each piece with its place, before it is one knowledge.

Every format is read into a :class:`Draft`; :func:`agreed` then finds what contradicts itself.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evaluator.findings import EvaluationError, Finding, Where
from evaluator.mine.identities.curated import (
    Affiliation,
    Curated,
    Period,
    Person,
    Place,
    claim_labels,
    in_turn,
)
from evaluator.mine.identities.linking import ADDRESS, Forest
from evaluator.mine.identities.names import is_placeholder, normalised_address

FIRST, LAST = dt.date(1900, 1, 1), dt.date(2100, 1, 1)
"""Days that an affiliation may name; SortingHat's own bounds, which stand for *always* there."""

Placed = tuple[str, Where]


@dataclass
class PersonDraft:
    """A person as a file lists it."""

    where: Where
    name: str = ""
    names: list[Placed] = field(default_factory=list)
    addresses: list[Placed] = field(default_factory=list)
    accounts: list[tuple[tuple[str, str], Where]] = field(default_factory=list)
    bot: bool | None = None
    affiliations: list[tuple[Affiliation, Where]] = field(default_factory=list)

    def person(self) -> Person:
        return Person(
            self.name,
            tuple(text for text, _ in self.names),
            tuple(text for text, _ in self.addresses),
            tuple(account for account, _ in self.accounts),
            self.bot,
            tuple(affiliation for affiliation, _ in self.affiliations),
        )

    def called(self) -> str:
        return next(iter(self.person().claims), "")

    def owned(self) -> list[Placed]:
        """Addresses and accounts, which only one person can have."""
        logins = [(f"{source}:{login}", where) for (source, login), where in self.accounts]
        return [*self.addresses, *logins]


@dataclass
class Draft:
    """All that was read, and what was wrong with it."""

    persons: list[PersonDraft] = field(default_factory=list)
    together: list[list[Placed]] = field(default_factory=list)
    apart: list[tuple[tuple[tuple[str, ...], ...], Where]] = field(default_factory=list)
    nobody: list[Placed] = field(default_factory=list)
    places: list[tuple[Place, Where]] = field(default_factory=list)
    of_person: list[tuple[str, Affiliation, Where]] = field(default_factory=list)
    """Affiliations of persons that are only named."""
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    foreign: bool = False
    """A registry's file, not written by hand: what is of no use in it is noted, and no mistake."""
    overlaps_allowed: bool = False

    def find(self, code: str, where: Where, message: str, remedy: str = "") -> None:
        self.findings.append(Finding(code, message, where, remedy))

    def domain(self, typed: str, affiliation: Affiliation, where: Where, *, exact: bool) -> None:
        """Take a domain that is an organisation's, if it is one."""
        if not typed or set(typed) & set("@/") or not typed.isprintable() or " " in typed:
            self.find("invalid-domain", where, f"{typed!r} is no domain", "write example.net")
        else:
            self.places.append((Place(typed, affiliation, exact), where))

    def period(self, since: dt.date | None, until: dt.date | None, where: Where) -> Period:
        for day in (since, until):
            if day and not FIRST <= day < LAST:
                remedy = f"give a day from {FIRST} on and before {LAST}, or none"
                self.find("date-out-of-range", where, f"{day} cannot be", remedy)
        if since and until and until < since:
            message = f"ends on {until}, before it begins on {since}"
            self.find("period-reversed", where, message, "exchange the two days")
        return Period(since, until)


def agreed(drafts: Sequence[Draft]) -> Curated:
    """What all the files say together.

    Raises
    ------
    EvaluationError
        With every finding, in the files or between them.
    """
    for draft in drafts:
        if draft.foreign:
            _leave_out(draft)
        if draft.overlaps_allowed:
            _take_turns(draft)
    persons = [person for draft in drafts for person in draft.persons]
    findings = [finding for draft in drafts for finding in draft.findings]
    findings += _name_affiliations(drafts, persons)
    findings += [finding for person in persons for finding in _person_findings(person)]
    findings += [finding for draft in drafts for finding in _half_characters(draft)]
    findings += [finding for draft in drafts for finding in _overlaps(draft)]
    shared = _shared(drafts)
    findings += _same_persons(persons)
    findings += _contradictions(drafts, persons, shared)
    if findings:
        raise EvaluationError(sorted(findings, key=lambda f: (f.where or Where(""), f.code)))
    return Curated(
        tuple(person.person() for person in persons),
        tuple(tuple(text for text, _ in group) for draft in drafts for group in draft.together),
        tuple(sides for draft in drafts for sides, _ in draft.apart),
        tuple(text for draft in drafts for text, _ in draft.nobody),
        tuple(place for draft in drafts for place, _ in draft.places),
        tuple(note for draft in drafts for note in draft.notes),
    )


def _name_affiliations(drafts: Iterable[Draft], persons: list[PersonDraft]) -> Iterable[Finding]:
    """Give the persons what is said of them by name; a name that nobody lists is a person too."""
    for draft in drafts:
        for name, affiliation, where in draft.of_person:
            meant = [p for p in persons if name in p.person().claims]
            if len(meant) > 1:
                remedy = "give the affiliations within the entries of 'persons'"
                yield Finding(
                    "ambiguous-person", f"{len(meant)} persons are {name!r}", where, remedy
                )
                continue
            if not meant:
                text = [(name, where)]
                meant = [
                    PersonDraft(where, addresses=text) if "@" in name else PersonDraft(where, name)
                ]
                persons += meant
                draft.persons += meant
            meant[0].affiliations.append((affiliation, where))


def _person_findings(person: PersonDraft) -> Iterable[Finding]:
    if not person.person().claims:
        remedy = "give a name, addresses or accounts"
        yield Finding("empty-person", "a person without a name or address", person.where, remedy)
    for address, where in person.addresses:
        if not ADDRESS.fullmatch(address):
            remedy = "write it as ann@example.net"
            yield Finding("invalid-address", f"{address!r} is no mail address", where, remedy)
        elif is_placeholder(address):
            message = f"{address!r} is a placeholder that many people use"
            remedy = "take it away; list the person's logins as accounts: {SOURCE: [LOGIN]}"
            yield Finding("placeholder-address", message, where, remedy)


def _half_characters(draft: Draft) -> Iterable[Finding]:
    """Texts that an escape made half a character of, which no file can be written with."""
    texts = [*draft.nobody, *(placed for group in draft.together for placed in group)]
    texts += [(text, where) for sides, where in draft.apart for side in sides for text in side]
    for place, where in draft.places:
        texts += [(place.subject, where), (place.affiliation.organisation, where)]
    for person in draft.persons:
        texts += [(text, person.where) for text in person.person().claims]
        texts += [(a.organisation, where) for a, where in person.affiliations]
    for text, where in texts:
        if any("\ud800" <= char <= "\udfff" for char in text):
            message = f"{text!r} holds half a character"
            yield Finding("not-unicode", message, where, "write the whole character")


def _leave_out(draft: Draft) -> None:
    """Take away addresses that are none or nobody's, as registries are full of."""
    for person in draft.persons:
        useless = [a for a, _ in person.addresses if not ADDRESS.fullmatch(a) or is_placeholder(a)]
        if useless:
            person.addresses = [(a, w) for a, w in person.addresses if a not in useless]
            listed = ", ".join(dict.fromkeys(useless))
            draft.notes.append(f"{person.where}: not taken as addresses: {listed}")
    draft.persons = [person for person in draft.persons if person.person().claims]


def _take_turns(draft: Draft) -> None:
    """Let the affiliation that began last outrank those that it overlaps."""
    for person in draft.persons:
        turns = in_turn(affiliation for affiliation, _ in person.affiliations)
        if {*turns} != {affiliation for affiliation, _ in person.affiliations}:
            note = "affiliations overlap; of each day the one that began last is kept"
            draft.notes.append(f"{person.where}: {note}")
            person.affiliations = [(affiliation, person.where) for affiliation in turns]
    subjects: dict[tuple[str, bool], list[tuple[Place, Where]]] = defaultdict(list)
    for place, where in draft.places:
        subjects[(place.subject.casefold(), place.exact)].append((place, where))
    draft.places = []
    for (subject, exact), placed in subjects.items():
        turns = in_turn(place.affiliation for place, _ in placed)
        where = placed[0][1]
        if len(turns) != len(placed):
            draft.notes.append(f"{where}: {subject} is of several organisations; one is kept")
        draft.places += [(Place(placed[0][0].subject, turn, exact), where) for turn in turns]


def _shared(drafts: Iterable[Draft]) -> set[str]:
    """Labels of addresses and accounts that a registry gives to several persons: nobody's."""
    owners: dict[str, list[tuple[Draft, PersonDraft, str]]] = defaultdict(list)
    for draft in drafts:
        for person in draft.persons:
            for text in sorted({text for text, _ in person.owned()}):
                for label in claim_labels(text):
                    owners[label].append((draft, person, text))
    shared = set()
    for label, used in owners.items():
        persons = {id(person) for _, person, _ in used}
        if len(persons) > 1 and (foreign := [d for d, _, _ in used if d.foreign]):
            shared.add(label)
            foreign[0].notes.append(
                f"{used[0][2]!r} is of {len(persons)} persons and tells nobody apart"
            )
    return shared


def _overlaps(draft: Draft) -> Iterable[Finding]:
    lists = [person.affiliations for person in draft.persons]
    subjects: dict[tuple[str, bool], list[tuple[Affiliation, Where]]] = defaultdict(list)
    for place, where in draft.places:
        key = normalised_address(place.subject) if place.is_address else place.subject.casefold()
        subjects[(key, place.exact)].append((place.affiliation, where))
    for affiliations in (*lists, *subjects.values()):
        for (one, first), (other, where) in itertools.combinations(affiliations, 2):
            if one.period.overlaps(other.period):
                message = (
                    f"{other.organisation!r} overlaps in time with {one.organisation!r} ({first})"
                )
                remedy = "end one with 'until' before the other's 'since'"
                yield Finding("affiliations-overlap", message, where, remedy)


def _same_persons(persons: Iterable[PersonDraft]) -> Iterable[Finding]:
    first: dict[str, Where] = {}
    for person in persons:
        key = person.person().key
        if key in first and person.person().claims:
            message = f"the person {person.called()!r} is listed twice, first at {first[key]}"
            yield Finding("person-twice", message, person.where, "remove one of them")
        first.setdefault(key, person.where)


def _contradictions(
    drafts: Sequence[Draft], persons: Sequence[PersonDraft], shared: set[str]
) -> Iterable[Finding]:
    """What cannot hold at once, found by following it just as the resolution will."""
    forest = Forest()
    apart = [(sides, where) for draft in drafts for sides, where in draft.apart]
    for number, (sides, where) in enumerate(apart):
        seen: dict[str, int] = {}
        for side, texts in enumerate(sides):
            for text in texts:
                for label in claim_labels(text):
                    if seen.setdefault(label, side) != side:
                        message = f"{text!r} is on two sides of what is kept apart"
                        yield Finding("apart-contradiction", message, where, "take one away")
                    else:
                        forest.tag(label, f"apart {number}", str(side))
    for number in range(len(persons)):
        forest.tag(f"person {number}", "person", str(number))
    names = [
        (number, label, text)
        for number, person in enumerate(persons)
        for text in (person.name, *(name for name, _ in person.names))
        if text
        for label in claim_labels(text)
    ]
    bearers: dict[str, set[int]] = defaultdict(set)
    for number, label, _ in names:
        bearers[label].add(number)
    links: list[tuple[str, str, str, Where]] = []
    for number, person in enumerate(persons):
        links += [
            (f"person {number}", label, text, where)
            for text, where in person.owned()
            for label in claim_labels(text)
            if label not in shared
        ]
    links += [
        (f"person {number}", label, text, persons[number].where)
        for number, label, text in names
        if len(bearers[label]) == 1
    ]
    groups = [group for draft in drafts for group in draft.together]
    for number, group in enumerate(groups):
        links += [
            (f"together {number}", label, text, where)
            for text, where in group
            for label in claim_labels(text)
        ]
    for node, label, text, where in links:
        if forest.join(node, label):
            continue
        kind, one, other = forest.conflict(node, label) or ("", "", "")
        if kind == "person":
            first, second = (persons[int(n)] for n in (one, other))
            message = (
                f"{text!r} would make one person of {first.called()!r} ({first.where}) and "
                f"{second.called()!r} ({second.where})"
            )
            yield Finding("claimed-twice", message, where, "leave it with one of them")
        else:
            place = apart[int(kind.partition(" ")[2])][1]
            message = f"{text!r} would be joined with what {place} keeps apart from it"
            yield Finding("apart-contradiction", message, where, "remove one of the two statements")
