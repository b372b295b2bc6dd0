"""The alias and affiliation file of a study: YAML, one file or several.

.. code-block:: yaml

    persons:                              # each is another person
      - name: Ann Example                 # as to be shown
        names: [A. N. Example, aexample]  # further ones
        addresses: [ann@example.net, ann@example.org]
        accounts:                         # logins: of a forge, or within a source of the study
          github: [annex]
          heartbeat: [ann]
        bot: false                        # whether it is a program; else decided by its looks
        affiliations:                     # days are included; an open side is always
          - {organisation: Acme, since: 2010-01-01, until: 2014-12-31}
    apart:                                # never one person: texts, or lists of texts, as sides
      - [Jon Sample, jon@example.edu]
      - [[jon@example.net, jon2@example.net], jon@example.edu]
    nobody: [office@example.net, Build User]   # names and addresses that join nobody
    affiliations:                         # of a person of above or of this name, an address, or a
      - {person: Ann Example, organisation: Bolt, since: 2015-01-01}
      - {address: ann@example.edu, organisation: University}
      - {domain: example.net, organisation: Acme, until: 2014-12-31, exact: false}
    cases:                                # of ``evaluate identities``; answer with yes or no
      - same:
        joined: true
        items: 12
        evidence: [...]
        sides: [{claims: [...], names: [...]}, {claims: [...], names: [...]}]

A domain means its sub-domains too, unless it is ``exact``.  A text with ``@`` is an address, one
like ``heartbeat:ann`` an account, any other one a name.
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field
from ruamel.yaml import YAML

from evaluator.findings import Where
from evaluator.mine.identities.curated import Affiliation, Curated, Period, Place
from evaluator.mine.identities.draft import Draft, PersonDraft
from evaluator.study.document import Document, Loc, validate
from evaluator.study.fact import Model, Text


def _answer(value: object) -> object:
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


Answer = Annotated[bool | None, BeforeValidator(_answer)]
Texts = Annotated[list[Text], Field(min_length=1)]
T = TypeVar("T")
Listed = Annotated[list[T], Field(default_factory=list)]


class _Dated(Model):
    organisation: Text
    since: dt.date | None = None
    until: dt.date | None = None


class _Person(Model):
    name: str = ""
    names: Listed[Text]
    addresses: Listed[Text]
    accounts: Annotated[dict[str, list[Text]], Field(default_factory=dict)]
    bot: bool | None = None
    affiliations: Listed[_Dated]


class _Subject(_Dated):
    person: Text | None = None
    address: Text | None = None
    domain: Text | None = None
    exact: bool = False


class _Side(Model):
    claims: Texts
    names: Listed[str]
    sources: Listed[str]
    items: int = 0


class _Case(Model):
    same: Answer = None
    joined: bool
    items: int
    evidence: Listed[str]
    sides: Annotated[list[_Side], Field(min_length=2, max_length=2)]


class _File(Model):
    persons: Listed[_Person]
    apart: Listed[Annotated[list[Text | Texts], Field(min_length=2)]]
    nobody: Listed[Text]
    affiliations: Listed[_Subject]
    cases: Listed[_Case]


KEYS = tuple(_File.model_fields)


def draft_of(document: Document) -> Draft:
    """What a file of ours says."""
    draft = Draft()
    if document.data is None:
        return draft
    file, findings = validate(document, _File)
    draft.findings += findings
    if file is None:
        return draft
    for n, person in enumerate(file.persons):
        draft.persons.append(_person(draft, document, person, n))
    for n, sides in enumerate(file.apart):
        texts = tuple((side,) if isinstance(side, str) else tuple(side) for side in sides)
        draft.apart.append((texts, document.where(("apart", n))))
    draft.nobody += [(t, document.where(("nobody", n))) for n, t in enumerate(file.nobody)]
    for n, entry in enumerate(file.affiliations):
        _affiliation(draft, document, entry, ("affiliations", n))
    for n, case in enumerate(file.cases):
        where = document.where(("cases", n, "same"))
        one, other = (tuple(side.claims) for side in case.sides)
        if case.same:
            draft.together.append([(text, where) for text in (*one, *other)])
        elif case.same is False:
            draft.apart.append(((one, other), where))
    return draft


def _person(draft: Draft, document: Document, typed: _Person, n: int) -> PersonDraft:
    def placed(key: str, texts: list[str], *loc: str | int) -> Iterator[tuple[str, Where]]:
        for i, text in enumerate(texts):
            yield text, document.where(("persons", n, key, *loc, i))

    dated = [
        (a, document.where(("persons", n, "affiliations", i)))
        for i, a in enumerate(typed.affiliations)
    ]
    return PersonDraft(
        document.where(("persons", n)),
        typed.name,
        list(placed("names", typed.names)),
        list(placed("addresses", typed.addresses)),
        [
            ((source, login), where)
            for source, logins in typed.accounts.items()
            for login, where in placed("accounts", logins, source)
        ],
        typed.bot,
        [(_dated(draft, a, where), where) for a, where in dated],
    )


def _dated(draft: Draft, typed: _Dated, where: Where) -> Affiliation:
    return Affiliation(typed.organisation, draft.period(typed.since, typed.until, where))


def _affiliation(draft: Draft, document: Document, typed: _Subject, loc: Loc) -> None:
    where = document.where(loc)
    affiliation = _dated(draft, typed, where)
    given = [k for k in ("person", "address", "domain") if getattr(typed, k) is not None]
    if len(given) != 1:
        message = f"an affiliation of {' and '.join(given) or 'nobody'}"
        draft.find("affiliation-of-what", where, message, "give one of: person, address, domain")
    elif typed.exact and not typed.domain:
        draft.find("exact-address", where, "'exact' is for domains", "take it away")
    elif typed.person:
        draft.of_person.append((typed.person, affiliation, where))
    elif typed.address and "@" not in typed.address:
        message = f"{typed.address!r} is no mail address"
        draft.find("invalid-address", where, message, "write it as ann@example.net, or use domain")
    elif typed.address:
        draft.places.append((Place(typed.address, affiliation), where))
    else:
        draft.domain(typed.domain or "", affiliation, where, exact=typed.exact)


def as_text(curated: Curated) -> tuple[str, list[str]]:
    """The file's text, and what it cannot hold: nothing but which texts were answers to cases."""
    persons = [
        _filled(
            name=p.name,
            names=list(p.names),
            addresses=list(p.addresses),
            accounts={
                source: [login for _, login in logins]
                for source, logins in itertools.groupby(p.accounts, key=lambda a: a[0])
            },
            bot=p.bot,
            affiliations=[_entry(a) for a in p.affiliations],
        )
        for p in curated.persons
    ]
    data = _filled(
        persons=persons,
        apart=[[s[0] if len(s) == 1 else list(s) for s in group] for group in curated.apart],
        nobody=list(curated.nobody),
        affiliations=[
            {
                "address" if place.is_address else "domain": place.subject,
                **_entry(place.affiliation),
                **_filled(exact=place.exact or None),
            }
            for place in curated.places
        ],
        cases=[answered(group) for group in curated.together],
    )
    return dumped(data), []


def answered(group: tuple[str, ...]) -> dict[str, Any]:
    """A case that was answered with yes."""
    sides = [{"claims": [group[0]]}, {"claims": list(group[1:] or group)}]
    return {"same": True, "joined": False, "items": 0, "sides": sides}


def dumped(data: Any) -> str:
    """YAML for people to read; letters beyond ASCII are escaped when some could mislead them."""
    plain = YAML()
    plain.width = 100
    plain.representer.ignore_aliases = lambda *_: True
    plain.indent(mapping=2, sequence=4, offset=2)
    for plain.allow_unicode in (True, False):
        stream = io.StringIO()
        plain.dump(data, stream)
        if all(line.isprintable() for line in stream.getvalue().split("\n")):
            break
    return stream.getvalue()


def _entry(affiliation: Affiliation) -> dict[str, Any]:
    period: Period = affiliation.period
    dated = _filled(since=period.since, until=period.until)
    return {"organisation": affiliation.organisation, **dated}


def _filled(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}
