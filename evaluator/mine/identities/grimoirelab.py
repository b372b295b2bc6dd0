"""GrimoireLab's identities: a YAML list of persons, and one of organisations with their domains.

.. code-block:: yaml

    - profile: {name: Ann Example, is_bot: false}
      email: [ann@example.net]
      github: [annex]                  # a login, under the name of a backend of Perceval
      enrollments:
        - {organization: Acme, start: 2010-01-01, end: 2015-01-01}
    - blacklist: [root]
    - organization: Acme               # in GrimoireLab's file of organisations
      domains: [example.net]

An ``end`` is the first instant that is no more of the period, the organisation *unknown* is none,
and periods of one person may not overlap.

Source: chaoss/grimoirelab-sortinghat 0.7.23, ``sortinghat/parsing/grimoirelab.py``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from evaluator.findings import allowed_values
from evaluator.mine.identities.curated import Affiliation, Curated, Period, Person, Place
from evaluator.mine.identities.draft import FIRST, LAST, Draft, PersonDraft
from evaluator.mine.identities.ours import dumped
from evaluator.mine.identities.sortinghat import UNAFFILIATED, enrolled, instants
from evaluator.study.document import Document, Loc

BACKENDS = frozenset(
    {"askbot", "bugzilla", "bugzillarest", "confluence", "discourse", "dockerhub", "gerrit", "git"}
    | {"github", "gmane", "hyperkitty", "jenkins", "jira", "mbox", "mediawiki", "meetup", "nntp"}
    | {
        "phabricator",
        "pipermail",
        "redmine",
        "rss",
        "slack",
        "stackexchange",
        "supybot",
        "telegram",
    }
)
"""Keys under which the format takes logins."""
ADDRESS = re.compile(r"[^\s@]+@[^\s@.]+\.[^\s@]+")
KNOWN = BACKENDS | {"profile", "email", "enrollments"}


def draft_of(document: Document) -> Draft:
    """What a file of identities or of organisations says."""
    draft = Draft(foreign=True)
    for n, entry in enumerate(document.data):
        loc: Loc = (n,)
        if not isinstance(entry, dict):
            _wrong(draft, document, loc, "a mapping")
        elif "blacklist" in entry:
            for text, where in _texts(draft, document, entry, "blacklist", loc):
                draft.nobody.append((text, document.where(where)))
        elif "organization" in entry:
            _organisation(draft, document, entry, loc)
        else:
            _person(draft, document, entry, loc)
    return draft


def _organisation(draft: Draft, document: Document, entry: dict[str, Any], loc: Loc) -> None:
    name = _text(draft, document, entry, "organization", loc)
    for domain, where in _texts(draft, document, entry, "domains", loc):
        # SortingHat reads these as no top domains: sub-domains are not meant
        draft.domain(domain, Affiliation(name), document.where(where), exact=True)


def _person(draft: Draft, document: Document, entry: dict[str, Any], loc: Loc) -> None:
    profile = entry.get("profile")
    if not isinstance(profile, dict):
        code, message = "missing-key", "a person without 'profile'"
        draft.find(code, document.where(loc), message, "add profile: {name: …}")
        return
    person = PersonDraft(document.where(loc))
    person.name = _text(draft, document, profile, "name", (*loc, "profile"))
    bot = profile.get("is_bot", False)
    if not isinstance(bot, bool):
        _wrong(draft, document, (*loc, "profile", "is_bot"), "true or false")
    person.bot = bot is True or None
    for address, place in _texts(draft, document, entry, "email", loc):
        person.addresses.append((address, document.where(place)))
    for backend in sorted(BACKENDS & {*entry}):
        for login, place in _texts(draft, document, entry, backend, loc):
            person.accounts.append(((backend, login), document.where(place)))
    enrolments = entry.get("enrollments") or []
    if not isinstance(enrolments, list):
        _wrong(draft, document, (*loc, "enrollments"), "a list")
        enrolments = []
    for n, typed in enumerate(enrolments):
        _enrol(draft, document, person, typed, (*loc, "enrollments", n))
    for key in sorted(map(str, {*entry} - KNOWN)):
        hint = allowed_values(key, KNOWN, most=0).partition("?")
        meant = f" ({hint[0]}?)" if hint[1] else ""
        draft.notes.append(f"{document.where((*loc, key), key=True)}: {key!r} is not read{meant}")
    draft.persons.append(person)


def _enrol(draft: Draft, document: Document, person: PersonDraft, typed: Any, loc: Loc) -> None:
    if not isinstance(typed, dict):
        _wrong(draft, document, loc, "a mapping")
        return
    days = []
    for key, default in (("start", FIRST), ("end", LAST)):
        day = typed.get(key, default)
        if not isinstance(day, dt.date):
            _wrong(draft, document, (*loc, key), "a date such as 2010-01-31")
            return
        days.append(dt.datetime.combine(day, dt.time()))
    name = _text(draft, document, typed, "organization", loc)
    where = document.where(loc)
    if name and (affiliation := enrolled(draft, name, days[0], days[1], where)):
        person.affiliations.append((affiliation, where))


def _wrong(draft: Draft, document: Document, loc: Loc, wanted: str) -> None:
    path = ".".join(map(str, loc))
    message = f"{path} is of the wrong type"
    draft.find("wrong-type", document.where(loc), message, f"{wanted} is needed")


def _text(draft: Draft, document: Document, entry: dict[str, Any], key: str, loc: Loc) -> str:
    value = entry.get(key)
    if isinstance(value, str) and value:
        return value
    if value is None:
        message = f"{'.'.join(map(str, (*loc, key)))} is missing"
        draft.find("missing-key", document.where(loc), message, f"add the key {key!r}")
    else:
        _wrong(draft, document, (*loc, key), "a text that is not empty")
    return ""


def _texts(
    draft: Draft, document: Document, entry: dict[str, Any], key: str, loc: Loc
) -> Iterator[tuple[str, Loc]]:
    values = entry.get(key)
    if values is None and key != "blacklist":
        return
    if not isinstance(values, list):
        _wrong(draft, document, (*loc, key), "a list")
        return
    for n, value in enumerate(values):
        if isinstance(value, str) and value:
            yield value, (*loc, key, n)
        else:
            _wrong(draft, document, (*loc, key, n), "a text that is not empty")


def as_text(curated: Curated) -> tuple[str, list[str]]:
    """The file of identities, and what it cannot hold."""
    losses = []
    if curated.apart:
        number = len(curated.apart)
        losses.append(f"{number} groups that are kept apart: GrimoireLab has no such statement")
    entries = []
    for person in curated.persons:
        entry, lost = _entry(person)
        entries.append(entry)
        losses += [f"{next(iter(person.claims))}: {what}" for what in lost]
    if curated.together:
        losses.append(f"{len(curated.together)} confirmed cases")
    places = [p for p in curated.places if not (_holds(p))]
    losses += [
        f"{place.subject}: the organisation of an address or of certain days" for place in places
    ]
    if curated.nobody:
        entries.append({"blacklist": list(curated.nobody)})
    return dumped(entries), losses


def organisations_text(curated: Curated) -> tuple[str, list[str]]:
    """The file of organisations with their domains, and what it cannot hold."""
    domains: dict[str, list[str]] = {}
    losses = []
    for place in filter(_holds, curated.places):
        domains.setdefault(place.affiliation.organisation, []).append(place.subject)
        if not place.exact:
            losses.append(f"{place.subject}: that its sub-domains are meant too")
    entries = [{"organization": name, "domains": used} for name, used in sorted(domains.items())]
    return dumped(entries) if entries else "", losses


def _holds(place: Place) -> bool:
    return not place.is_address and place.affiliation.period == Period()


def _entry(person: Person) -> tuple[dict[str, Any], list[str]]:
    lost = []
    if not person.name:
        lost.append("that there is no name to show; the entry needs one")
    if person.names:
        lost.append(f"further names: {', '.join(person.names)}")
    if person.bot is False:
        lost.append("that this is no program")
    # only the first address is looked at when the file is read
    addresses = sorted(person.addresses, key=lambda a: ADDRESS.fullmatch(a) is None)
    if addresses and not ADDRESS.fullmatch(addresses[0]):
        lost.append(f"addresses without a domain: {', '.join(addresses)}")
        addresses = []
    accounts: dict[str, list[str]] = {}
    for source, login in person.accounts:
        if source in BACKENDS:
            accounts.setdefault(source, []).append(login)
        else:
            lost.append(f"the login {login!r} of {source!r}, which is no backend of Perceval")
    enrolments = []
    for affiliation in person.affiliations:
        start, end = instants(affiliation.period)
        if affiliation.organisation.casefold() == UNAFFILIATED:
            lost.append("an organisation that is called Unknown")
            continue
        enrolments.append({"organization": affiliation.organisation, "start": start, "end": end})
    periods = [a.period for a in person.affiliations]
    if any(a.overlaps(b) for n, a in enumerate(periods) for b in periods[n + 1 :]):
        lost.append("enrolments, which overlap in time")
        enrolments = []
    entry: dict[str, Any] = {"profile": {"name": person.name or next(iter(person.claims))}}
    entry["profile"]["is_bot"] = bool(person.bot)
    optional = {"email": addresses, **accounts, "enrollments": enrolments}
    return entry | {key: value for key, value in optional.items() if value}, lost
