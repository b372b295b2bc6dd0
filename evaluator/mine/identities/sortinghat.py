"""SortingHat's JSON, as ``sortinghat export`` of SortingHat 0.7 writes and ``load`` reads it.

Top level: ``time``, ``source``, ``blacklist``, ``organizations`` (name → list of ``domain`` and
``is_top``) and ``uidentities`` (uuid → ``uuid``, ``profile``, ``identities``, ``enrollments``).
The identifier of an identity is the SHA-1 of its source, address, name and login; a person's is
that of one of these.  Periods are instants, 1900-01-01 and 2100-01-01 stand for *always*, and an
end at midnight is the first instant that is no more of it.

Source: chaoss/grimoirelab-sortinghat 0.7.23, ``sortinghat/parsing/sh.py``, ``cmd/export.py`` and
``utils.py``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import reprlib
import unicodedata
from collections.abc import Callable
from typing import Any

from evaluator.findings import Where
from evaluator.mine.identities.curated import Affiliation, Curated, Period, Person
from evaluator.mine.identities.draft import FIRST, LAST, Draft, PersonDraft
from evaluator.study.document import Loc

SOURCE = "floss-evaluator"
UNAFFILIATED = "unknown"
ONE_DAY = dt.timedelta(days=1)
NOT_KEPT = ("country", "gender")


def draft_of(data: dict[str, Any], place: Callable[[Loc], Where], name: str) -> Draft:
    """What an export says.

    Parameters
    ----------
    data
        The JSON object.
    place
        Where a value of it stands.
    name
        The file, as notes name it.
    """
    draft = Draft(foreign=True, overlaps_allowed=True)  # as SortingHat's registry takes them
    reader = _Reader(draft, place)
    for n, text in enumerate(reader.listed(data, ("blacklist",))):
        if reader.is_text(text, ("blacklist", n)):
            draft.nobody.append((text, place(("blacklist", n))))
    for organisation, domains in reader.mapping(data, ("organizations",)).items():
        for n, entry in enumerate(reader.items(domains, loc := ("organizations", organisation))):
            exact = not reader.boolean(entry, "is_top", (*loc, n))
            domain = reader.text(entry, "domain", (*loc, n))
            if domain:
                draft.domain(domain, Affiliation(organisation), place((*loc, n)), exact=exact)
    dropped: set[str] = set()
    for uuid, entry in reader.mapping(data, ("uidentities",)).items():
        loc = ("uidentities", uuid)
        if reader.is_mapping(entry, loc):
            _person(reader, entry, loc, dropped)
    if dropped:
        draft.notes.append(f"{name}: not kept: {', '.join(sorted(dropped))}")
    return draft


def _person(reader: _Reader, entry: dict[str, Any], loc: Loc, dropped: set[str]) -> None:
    person = PersonDraft(reader.place(loc))
    profile = entry.get("profile") or {}
    if reader.is_mapping(profile, (*loc, "profile")):
        person.name = reader.text(profile, "name", (*loc, "profile"), needed=bool(profile)) or ""
        address = reader.text(profile, "email", (*loc, "profile"), needed=bool(profile))
        if address and "@" in address:
            person.addresses.append((address, reader.place((*loc, "profile", "email"))))
        if profile:
            person.bot = reader.boolean(profile, "is_bot", (*loc, "profile")) or None
        dropped |= {key for key in NOT_KEPT if profile.get(key)}
    identities = reader.items(entry.get("identities"), (*loc, "identities"))
    for n, identity in enumerate(identities):
        _identity(reader, person, identity, (*loc, "identities", n))
    if len(identities) > 1:
        dropped.add("which name was used with which address")
    for n, enrolment in enumerate(reader.items(entry.get("enrollments"), (*loc, "enrollments"))):
        where = (*loc, "enrollments", n)
        organisation = reader.text(enrolment, "organization", where) or ""
        start, end = (reader.instant(enrolment, key, where) for key in ("start", "end"))
        if organisation and start and end:
            placed = reader.place(where)
            if affiliation := enrolled(reader.draft, organisation, start, end, placed):
                person.affiliations.append((affiliation, placed))
    if person.person().claims:
        reader.draft.persons.append(person)
    else:
        dropped.add("entries without any name, address or login")


def _identity(reader: _Reader, person: PersonDraft, identity: Any, loc: Loc) -> None:
    where = reader.place(loc)
    source, name = (reader.text(identity, key, loc) for key in ("source", "name"))
    address, login = (reader.text(identity, key, loc) for key in ("email", "username"))
    if name:
        person.names.append((name, where))
        person.name = person.name or name
    if address and "@" in address:
        person.addresses.append((address, where))
    elif address:
        person.names.append((address, where))
    if login and source:
        person.accounts.append(((source, login), where))


class _Reader:
    """Takes values of the right type; anything else becomes a finding at its place."""

    def __init__(self, draft: Draft, place: Callable[[Loc], Where]) -> None:
        self.draft = draft
        self.place = place

    def wrong(self, loc: Loc, value: object, wanted: str) -> None:
        path = ".".join(map(str, loc)) or "the file"
        message = f"{path} is {reprlib.repr(value)}"
        self.draft.find("wrong-type", self.place(loc), message, f"{wanted} is needed")

    def is_mapping(self, value: object, loc: Loc) -> bool:
        if not isinstance(value, dict):
            self.wrong(loc, value, "a mapping")
        return isinstance(value, dict)

    def is_text(self, value: object, loc: Loc) -> bool:
        if not isinstance(value, str) or not value:
            self.wrong(loc, value, "a text that is not empty")
        return isinstance(value, str) and bool(value)

    def mapping(self, data: dict[str, Any], loc: Loc) -> dict[str, Any]:
        value = data.get(str(loc[-1]))
        if value is None:
            self.missing(loc)
            return {}
        return value if self.is_mapping(value, loc) else {}

    def listed(self, data: dict[str, Any], loc: Loc) -> list[Any]:
        value = data.get(str(loc[-1]))
        if value is None:
            self.missing(loc)
            return []
        return self.items(value, loc)

    def items(self, value: object, loc: Loc) -> list[Any]:
        if not isinstance(value, list):
            self.wrong(loc, value, "a list")
            return []
        return value

    def missing(self, loc: Loc) -> None:
        message = f"{'.'.join(map(str, loc))} is missing"
        self.draft.find("missing-key", self.place(loc), message, f"add the key {loc[-1]!r}")

    def _value(self, entry: object, key: str, loc: Loc, needed: bool = True) -> Any:
        if not isinstance(entry, dict):
            self.wrong(loc, entry, "a mapping")
            return None
        if key not in entry and needed:
            self.missing((*loc, key))
        return entry.get(key)

    def text(self, entry: object, key: str, loc: Loc, *, needed: bool = True) -> str | None:
        value = self._value(entry, key, loc, needed)
        if value is not None and not isinstance(value, str):
            self.wrong((*loc, key), value, "a text or null")
            return None
        return value

    def boolean(self, entry: object, key: str, loc: Loc) -> bool:
        value = self._value(entry, key, loc)
        if value is not None and not isinstance(value, bool):
            self.wrong((*loc, key), value, "true or false")
        return value is True

    def instant(self, entry: object, key: str, loc: Loc) -> dt.datetime | None:
        value = self.text(entry, key, loc)
        if value is None:
            return None
        try:
            return dt.datetime.fromisoformat(value).replace(tzinfo=None)
        except ValueError:
            message = f"{value!r} is not a date"
            where = self.place((*loc, key))
            self.draft.find("invalid-value", where, message, "write it as 2010-01-31T00:00:00")
            return None


def enrolled(
    draft: Draft, organisation: str, start: dt.datetime, end: dt.datetime, where: Where
) -> Affiliation | None:
    """The days of a period between two instants; None when it covers none or says *unknown*."""
    if organisation.casefold() == UNAFFILIATED:
        return None
    if end < start:
        message = f"ends at {end}, before it begins at {start}"
        draft.find("period-reversed", where, message, "exchange the two")
        return None
    last = (end - dt.timedelta(microseconds=1)).date()
    if start.date() < FIRST or end > dt.datetime.combine(LAST, dt.time()):
        message = f"the period from {start} to {end} cannot be"
        draft.find("date-out-of-range", where, message, f"keep it between {FIRST} and {LAST}")
        return None
    since = None if start.date() == FIRST else start.date()
    until = None if last == LAST - ONE_DAY else last
    if last < start.date():
        draft.notes.append(f"{where}: the enrolment in {organisation!r} covers no day")
        return None
    return Affiliation(organisation, Period(since, until))


def instants(period: Period) -> tuple[dt.date, dt.date]:
    """Start and end of a period as SortingHat has them."""
    return period.since or FIRST, period.until + ONE_DAY if period.until else LAST


def identifier(source: str, address: str | None, name: str | None, login: str | None) -> str:
    """SortingHat's identifier of an identity."""
    plain = "".join(
        c for c in unicodedata.normalize("NFD", str(name)) if unicodedata.category(c) != "Mn"
    )
    text = ":".join((source, str(address), plain, str(login))).lower()
    return hashlib.sha1(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def as_text(curated: Curated) -> tuple[str, list[str]]:
    """The export's text, and what the format cannot hold."""
    losses = []
    if curated.apart:
        losses.append(
            f"{len(curated.apart)} groups that are kept apart: SortingHat has no such statement"
        )
    persons = list(curated.persons)
    if curated.together:
        losses.append(
            f"{len(curated.together)} confirmed cases become persons, apart from all others"
        )
        persons += [_of_texts(group) for group in curated.together]
    uidentities = {}
    for person in persons:
        entry = _uidentity(person)
        if entry["uuid"] in uidentities:
            losses.append(f"{_called(person)}: another person has the same name and no address")
            continue
        uidentities[entry["uuid"]] = entry
        if person.bot is False:
            losses.append(f"{_called(person)}: that this is no program")
        if any(a.organisation.casefold() == UNAFFILIATED for a in person.affiliations):
            losses.append(f"{_called(person)}: an organisation that is called Unknown")
    organizations: dict[str, list[dict[str, Any]]] = {}
    for place in curated.places:
        dated = place.affiliation.period != Period()
        if place.is_address or dated:
            what = "an address" if place.is_address else "a domain at certain times"
            losses.append(f"{place.subject}: the organisation of {what}")
            continue
        entries = organizations.setdefault(place.affiliation.organisation, [])
        entries.append({"domain": place.subject, "is_top": not place.exact})
    for entry in uidentities.values():
        for period in entry["enrollments"]:
            organizations.setdefault(period["organization"], [])
    data = {
        "time": "1970-01-01 00:00:00",  # no clock: the same knowledge gives the same bytes
        "source": None,
        "blacklist": list(curated.nobody),
        "organizations": organizations,
        "uidentities": uidentities,
    }
    return json.dumps(data, indent=4, separators=(",", ": "), sort_keys=True) + "\n", losses


def _of_texts(group: tuple[str, ...]) -> Person:
    addresses = tuple(text for text in group if "@" in text)
    return Person("", tuple(text for text in group if "@" not in text), addresses)


def _called(person: Person) -> str:
    return next(iter(person.claims), "")


def _uidentity(person: Person) -> dict[str, Any]:
    """Every identity but those of logins has an address where there is one: it tells them apart."""
    address = person.addresses[0] if person.addresses else None
    names = [name for name in (person.name, *person.names) if name]
    used: list[tuple[str, str | None, str | None, str | None]] = []
    used += [(SOURCE, address, name, None) for name in names]
    used += [(SOURCE, a, None, None) for a in person.addresses[bool(names) :]]
    used += [(source, None, None, login) for source, login in person.accounts]
    uuid = identifier(*used[0])
    identities = [
        {
            "id": identifier(source, mail, name, login),
            "email": mail,
            "name": name,
            "source": source,
            "username": login,
            "uuid": uuid,
        }
        for source, mail, name, login in used
    ]
    periods = [(a.organisation, *instants(a.period)) for a in person.affiliations]
    return {
        "uuid": uuid,
        "profile": {
            "country": None,
            "email": address,
            "gender": None,
            "gender_acc": None,
            "is_bot": bool(person.bot),
            "name": person.name or None,
            "uuid": uuid,
        },
        "identities": sorted(identities, key=lambda i: str(i["id"])),
        "enrollments": [
            {
                "organization": organisation,
                "start": f"{start}T00:00:00",
                "end": f"{end}T00:00:00",
                "uuid": uuid,
            }
            for organisation, start, end in periods
        ],
    }
