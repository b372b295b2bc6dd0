"""Files of what is known of persons: ours, SortingHat's JSON and GrimoireLab's YAML."""

from __future__ import annotations

import datetime as dt
import json
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluator.findings import EvaluationError
from evaluator.mine.identities import Affiliation, Curated, Period, Person, Place
from evaluator.mine.identities.draft import FIRST, LAST
from evaluator.mine.identities.files import Kind, read_identities, write_identities
from evaluator.mine.identities.sortinghat import identifier

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str, name: str = "people.yml") -> Path:
        place = tmp_path / name
        place.write_text(text, encoding="utf-8")
        return place

    return make


def found(*paths: Path) -> list[str]:
    """Findings as ``line:column code``."""
    with pytest.raises(EvaluationError) as error:
        read_identities(*paths)
    return [f"{f.where.line}:{f.where.column} {f.code}" for f in error.value.findings if f.where]


OURS = """\
persons:
  - name: Ann Example
    names: [aexample]
    addresses: [ann@example.net, ann@example.edu]
    accounts: {github: [annex], old: [ann]}
    bot: false
    affiliations:
      - {organisation: Acme, since: 2010-01-01, until: 2014-12-31}
apart:
  - [Jon Sample, jon@example.edu]
  - [[j1@example.net, j2@example.net], old:jon]
nobody: [office@example.net]
affiliations:
  - {person: Ann Example, organisation: Bolt, since: 2015-01-01}
  - {person: Cy Instance, organisation: Bolt}
  - {address: cy@example.edu, organisation: University}
  - {domain: example.net, organisation: Acme, exact: true}
cases:
  - {same: yes, joined: false, items: 3, sides: [{claims: [a@b.example]}, {claims: [c@b.example]}]}
  - {same: no, joined: true, items: 2, sides: [{claims: [d@b.example]}, {claims: [e@b.example]}]}
  - {same: , joined: true, items: 1, sides: [{claims: [f@b.example]}, {claims: [g@b.example]}]}
"""
DECADE = Period(dt.date(2010, 1, 1), dt.date(2014, 12, 31))
KNOWN = Curated(
    (
        Person(
            "Ann Example",
            ("aexample",),
            ("ann@example.edu", "ann@example.net"),
            (("github", "annex"), ("old", "ann")),
            False,
            (Affiliation("Acme", DECADE), Affiliation("Bolt", Period(dt.date(2015, 1, 1)))),
        ),
        Person("Cy Instance", affiliations=(Affiliation("Bolt"),)),
    ),
    (("a@b.example", "c@b.example"),),
    (
        (("Jon Sample",), ("jon@example.edu",)),
        (("j1@example.net", "j2@example.net"), ("old:jon",)),
        (("d@b.example",), ("e@b.example",)),
    ),
    ("office@example.net",),
    (
        Place("cy@example.edu", Affiliation("University")),
        Place("example.net", Affiliation("Acme"), exact=True),
    ),
)


def test_ours_is_read(write: Write) -> None:
    assert read_identities(write(OURS)) == KNOWN


def test_several_files_are_one_knowledge(write: Write) -> None:
    first = write("persons: [{name: Ann Example, addresses: [ann@example.net]}]")
    second = write("affiliations: [{person: ann@example.net, organisation: Acme}]", "more.yml")
    assert read_identities(first, second).persons == (
        Person("Ann Example", addresses=("ann@example.net",), affiliations=(Affiliation("Acme"),)),
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}", "[]", "persons: []\n"])
def test_nothing_is_known_of_nobody(write: Write, text: str) -> None:
    assert read_identities(write(text)) == Curated()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("people: []", ["1:1 unknown-key"]),
        ("persons:\n  - nme: Ann", ["2:5 unknown-key"]),
        ("persons:\n  - {}", ["2:5 empty-person"]),
        ("persons:\n  - {name: A, addresses: [not an address]}", ["2:27 invalid-address"]),
        ("persons:\n  - addresses: [x@localhost]", ["2:17 placeholder-address"]),
        ("persons:\n  - {name: Ann, bot: perhaps}", ["2:22 wrong-type"]),
        (
            "persons:\n  - {name: A, addresses: [a@b.example]}\n"
            "  - name: B\n    addresses: [A+x@B.example]",
            ["4:17 claimed-twice"],
        ),
        ("persons: [{name: Ann}, {name: Ann}]", ["1:24 person-twice"]),
        (
            "affiliations:\n  - {domain: b.example, organisation: B, since: 2015-02-30}",
            ["2:49 yaml-syntax"],
        ),
        (
            "affiliations:\n  - {domain: b.example, organisation: B, since: soon}",
            ["2:49 wrong-type"],
        ),
        (
            "affiliations:\n"
            "  - {domain: b.example, organisation: B, since: 2015-02-03, until: 2015-02-02}",
            ["2:5 period-reversed"],
        ),
        (
            "affiliations:\n  - {domain: b.example, organisation: B, until: 2100-01-01}",
            ["2:5 date-out-of-range"],
        ),
        (
            "affiliations:\n"
            "  - {domain: b.example, organisation: B, until: 2015-01-01}\n"
            "  - {domain: B.example, organisation: C, since: 2015-01-01}",
            ["3:5 affiliations-overlap"],
        ),
        (
            "persons:\n  - name: Ann\n    affiliations:\n      - {organisation: B}\n"
            "affiliations: [{person: Ann, organisation: C}]",
            ["5:16 affiliations-overlap"],
        ),
        ("affiliations: [{organisation: B}]", ["1:16 affiliation-of-what"]),
        (
            "affiliations: [{organisation: B, domain: b.example, person: Ann}]",
            ["1:16 affiliation-of-what"],
        ),
        ("affiliations: [{organisation: B, address: b.example}]", ["1:16 invalid-address"]),
        ("affiliations: [{organisation: B, domain: a@b.example}]", ["1:16 invalid-domain"]),
        (
            "affiliations: [{organisation: B, address: a@b.example, exact: true}]",
            ["1:16 exact-address"],
        ),
        (
            "persons: [{name: A, addresses: [a@b.example]}, {name: A, addresses: [c@b.example]}]\n"
            "affiliations: [{person: A, organisation: B}]",
            ["2:16 ambiguous-person"],
        ),
        ("apart: [[Ann]]", ["1:9 invalid-value"]),
        ("apart: [[Ann Example, 'Example, Ann']]", ["1:9 apart-contradiction"]),
        (
            "persons:\n  - name: Ann\n    addresses: [a@b.example, c@b.example]\n"
            "apart: [[a@b.example, c@b.example]]",
            ["3:30 apart-contradiction"],
        ),
        (
            "apart: [[a@b.example, d@b.example]]\ncases:\n"
            "  - {same: yes, joined: true, items: 1, sides:\n"
            "      [{claims: [a@b.example]}, {claims: [c@b.example]}]}\n"
            "  - {same: yes, joined: true, items: 1, sides:\n"
            "      [{claims: [c@b.example]}, {claims: [d@b.example]}]}",
            ["5:12 apart-contradiction"],
        ),
        (
            "persons: [{name: Ann Example}, {name: Ben Sample}]\ncases:\n"
            "  - {same: yes, joined: true, items: 1, sides:\n"
            "      [{claims: [Ann Example]}, {claims: [Ben Sample]}]}",
            ["3:12 claimed-twice"],
        ),
        ('persons: [{name: "\\ud800"}]', ["1:11 not-unicode"]),
        ('nobody: [a, "\\udfff"]', ["1:13 invalid-value"]),
        ('affiliations: [{domain: b.example, organisation: "\\ud800"}]', ["1:50 invalid-value"]),
        ("cases: [{same: perhaps}]", ["1:9 missing-key"] * 3 + ["1:16 wrong-type"]),
        ("persons: [&a {name: Ann}, *a]", ["1:11 yaml-syntax"]),
        ("persons: {", ["1:11 yaml-syntax"]),
    ],
)
def test_mistakes_are_found_where_they_stand(write: Write, text: str, expected: list[str]) -> None:
    assert sorted(found(write(text))) == sorted(expected)


def test_address_that_two_files_give_to_two_persons(write: Write) -> None:
    first = write("persons: [{name: A, addresses: [a@b.example]}]")
    second = write("persons: [{name: B, addresses: [a@b.example]}]", "more.yml")
    with pytest.raises(EvaluationError, match=r"more\.yml:1:33: .*'A' \(.*people\.yml:1:\d+\)"):
        read_identities(first, second)


# --- SortingHat -----------------------------------------------------------------------------


def export(**changes: Any) -> dict[str, Any]:
    """An export as SortingHat 0.7 writes it."""
    uuid = "a" * 40
    entry = {
        "uuid": uuid,
        "profile": {
            "country": None, "email": "ann@example.net", "gender": None, "gender_acc": None,
            "is_bot": False, "name": "Ann Example", "uuid": uuid,
        },
        "identities": [
            {
                "id": uuid, "uuid": uuid, "name": "Ann Example", "email": "ann@example.net",
                "source": "git", "username": None,
            },
            {
                "id": "b" * 40, "uuid": uuid, "name": None, "email": None, "source": "github",
                "username": "annex",
            },
        ],
        "enrollments": [
            {
                "organization": "Acme", "start": "1900-01-01T00:00:00",
                "end": "2015-01-01T00:00:00", "uuid": uuid,
            },
        ],
    } | changes  # fmt: skip
    domains = [{"domain": "example.net", "is_top": True}, {"domain": "x.test", "is_top": False}]
    return {
        "time": "2020-01-01 00:00:00", "source": None, "blacklist": ["root"],
        "organizations": {"Acme": domains}, "uidentities": {uuid: entry},
    }  # fmt: skip


def test_sortinghat_is_read(write: Write) -> None:
    known = read_identities(write(json.dumps(export()), "export.json"))
    assert known == Curated(
        (
            Person(
                "Ann Example",
                addresses=("ann@example.net",),
                accounts=(("github", "annex"),),
                affiliations=(Affiliation("Acme", Period(None, dt.date(2014, 12, 31))),),
            ),
        ),
        nobody=("root",),
        places=(
            Place("example.net", Affiliation("Acme")),
            Place("x.test", Affiliation("Acme"), exact=True),
        ),
    )
    assert known.notes == (f"{known.notes[0].partition(': ')[0]}: not kept: which name was used "
                           "with which address",)  # fmt: skip


def test_overlapping_enrolments_of_a_registry_take_turns(write: Write) -> None:
    enrolments = [
        {"organization": "Acme", "start": "1900-01-01T00:00:00", "end": "2100-01-01T00:00:00"},
        {"organization": "Bolt", "start": "2010-01-01T00:00:00", "end": "2011-01-01T00:00:00"},
    ]
    known = read_identities(write(json.dumps(export(enrollments=enrolments)), "export.json"))
    year = Period(dt.date(2010, 1, 1), dt.date(2010, 12, 31))
    assert known.persons[0].affiliations == (
        Affiliation("Acme", Period(None, dt.date(2009, 12, 31))),
        Affiliation("Bolt", year),
        Affiliation("Acme", Period(dt.date(2011, 1, 1))),
    )
    assert any("overlap" in note for note in known.notes)


def test_address_that_a_registry_gives_to_two_persons_tells_nobody_apart(write: Write) -> None:
    data = export()
    other = json.loads(json.dumps(data["uidentities"]["a" * 40]).replace("Ann", "Eve"))
    other["identities"].pop()
    data["uidentities"]["c" * 40] = other
    known = read_identities(write(json.dumps(data), "export.json"))
    assert any("tells nobody apart" in note for note in known.notes)
    assert len(known.persons) == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"uidentities": {}, "blacklist": []}, ["1:1 missing-key"]),
        (export(identities=None), ["1:1 wrong-type"]),
        (export(identities=[7]), ["wrong-type"] * 4),
        (export(profile={"name": "A", "email": None, "is_bot": "no"}), ["wrong-type"]),
        (
            export(enrollments=[{"organization": "B", "start": "soon", "end": None}]),
            ["invalid-value"],
        ),
        (
            export(
                enrollments=[
                    {"organization": "B", "start": "2010-01-01", "end": "2009-01-01"},
                    {"organization": "B", "start": "1899-01-01", "end": "2009-01-01"},
                ]
            ),
            ["period-reversed", "date-out-of-range"],
        ),
        ({**export(), "blacklist": [""]}, ["wrong-type"]),
        ({**export(), "blacklist": ["\ud800"]}, ["not-unicode"]),
        ({**export(), "organizations": {"Acme": [{"domain": "x.test"}]}}, ["missing-key"]),
    ],
)
def test_malformed_exports(write: Write, data: dict[str, Any], expected: list[str]) -> None:
    codes = [text.split()[-1] for text in expected]
    assert sorted(f.split()[1] for f in found(write(json.dumps(data), "e.json"))) == sorted(codes)


def test_place_in_an_export_is_found_too(write: Write) -> None:
    text = json.dumps(export(enrollments=[{"organization": 7}]), indent=1)
    line = 1 + text[: text.index("7\n")].count("\n")
    assert f"{line}:22 wrong-type" in found(write(text, "export.json"))


def test_broken_json_says_where(write: Write) -> None:
    assert found(write('{"uidentities":\n {,', "e.json")) == ["2:3 json-syntax"]


def test_identifier_is_sortinghats() -> None:
    # computed with the function 'uuid' of SortingHat 0.7.23
    known = "3de9d76ad79ca932c33c8fdf957b5b21ccacc42e"
    assert identifier("scm", "ann@example.net", "Ann Example", "annex") == known
    assert identifier("scm", "ann@example.net", "Änn Example", "ANNEX") == known


# --- GrimoireLab ----------------------------------------------------------------------------

GRIMOIRELAB = """\
- profile: {name: Ann Example, is_bot: true}
  email: [ann@example.net]
  github: [annex]
  irc: [ann]
  enrollments:
    - {organization: Acme, start: 2010-01-01, end: 2015-01-01T00:00:00}
    - {organization: Unknown}
- blacklist: [root]
"""


def test_grimoirelab_is_read(write: Write) -> None:
    known = read_identities(
        write(GRIMOIRELAB), write("- {organization: Acme, domains: [example.net]}", "orgs.yml")
    )
    assert known == Curated(
        (
            Person(
                "Ann Example", (), ("ann@example.net",), (("github", "annex"),), True,
                (Affiliation("Acme", DECADE),),
            ),
        ),
        nobody=("root",),
        places=(Place("example.net", Affiliation("Acme"), exact=True),),
    )  # fmt: skip
    assert len(known.notes) == 1
    assert known.notes[0].endswith("people.yml:4:3: 'irc' is not read")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- email: [a@b.example]", ["1:3 missing-key"]),
        ("- profile: {is_bot: false}", ["1:3 missing-key"]),
        ("- profile: {name: A, is_bot: no}", ["1:30 wrong-type"]),
        ("- profile: {name: A}\n  email: a@b.example", ["2:10 wrong-type"]),
        ("- profile: {name: A}\n  email: [1]", ["2:11 wrong-type"]),
        ("- profile: {name: A}\n  enrollments: [{start: 2010-01-01}]", ["2:17 missing-key"]),
        ("- profile: {name: A}\n  enrollments: [{organization: B, start: 7}]", ["2:42 wrong-type"]),
        (
            "- profile: {name: A}\n  enrollments:\n  - {organization: B}\n  - {organization: C}",
            ["4:5 affiliations-overlap"],
        ),
        ("- blacklist:", ["1:13 wrong-type"]),
        ("- organization:\n  domains: [b.example]", ["1:3 missing-key"]),
        ("- 7", ["1:3 wrong-type"]),
    ],
)
def test_malformed_grimoirelab(write: Write, text: str, expected: list[str]) -> None:
    assert found(write(text)) == expected


# --- round trips ----------------------------------------------------------------------------

NAMES = st.text(min_size=1, max_size=12).filter(lambda t: t == t.strip() and "@" not in t)
LOCALS = st.text("abcdefg", min_size=1, max_size=6)
ADDRESSES = LOCALS.map(lambda text: f"{text}@example.net")
DAYS = st.dates(FIRST + dt.timedelta(1), LAST - dt.timedelta(2))
CUTS = st.lists(DAYS, unique=True, max_size=4).map(sorted)


@st.composite
def affiliations(draw: st.DrawFn) -> tuple[Affiliation, ...]:
    """Some in turn, with gaps or without, open at the ends or not."""
    days = draw(CUTS)
    starts: list[dt.date | None] = [None, *days]
    ends: list[dt.date | None] = [*(day - dt.timedelta(1) for day in days), None]
    taken = draw(st.lists(st.booleans(), min_size=len(starts), max_size=len(starts)))
    names = ("Acme", "Bolt & Co: <i>", "Çelik")
    return tuple(
        Affiliation(names[n % 3], Period(start, end))
        for n, (start, end, wanted) in enumerate(zip(starts, ends, taken, strict=True))
        if wanted
    )


@st.composite
def curated(draw: st.DrawFn, *, simple: bool) -> Curated:
    """Knowledge without contradictions; ``simple`` is what every format can hold."""
    owned = draw(st.lists(ADDRESSES, unique=True, min_size=1, max_size=8))
    names = draw(st.lists(NAMES, unique_by=str.casefold, min_size=len(owned)))
    people = [
        Person(
            name,
            () if simple else tuple(draw(st.lists(NAMES, max_size=2))),
            (address,),
            (("github", f"login-{n}"),) if draw(st.booleans()) else (),
            draw(st.sampled_from([True, None] if simple else [True, False, None])),
            draw(affiliations()),
        )
        for n, (address, name) in enumerate(zip(owned, names, strict=False))
    ]
    domains = draw(st.lists(LOCALS, unique=True, max_size=3))
    places = [Place(f"{d}.test", Affiliation("Acme"), exact=True) for d in domains]
    nobody = draw(st.lists(NAMES, max_size=2))
    if simple:
        return Curated(tuple(people), nobody=tuple(nobody), places=tuple(places))
    places += [Place("x@place.test", Affiliation("Acme", DECADE)), Place("place.test", people and
               Affiliation("Acme"))]  # fmt: skip
    apart = ((("one@apart.test",), ("two@apart.test", "Two Apart")),)
    together = (("one@same.test", "two@same.test"),)
    return Curated(tuple(people), together, apart, tuple(nobody), tuple(places))


QUICK = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, *HealthCheck]
)


@QUICK
@given(known=curated(simple=False))
def test_ours_holds_everything(tmp_path: Path, known: Curated) -> None:
    place = tmp_path / "people.yml"
    assert write_identities(known, place) == []
    assert read_identities(place) == known
    assert place.read_text(encoding="utf-8").replace("\n", "").isprintable()


@QUICK
@given(known=curated(simple=True))
def test_sortinghat_holds_persons_domains_and_nobody(tmp_path: Path, known: Curated) -> None:
    place = tmp_path / "export.json"
    assert write_identities(known, place, Kind.sortinghat) == []
    assert read_identities(place) == known
    first = place.read_bytes()
    write_identities(read_identities(place), place, Kind.sortinghat)
    assert place.read_bytes() == first


@QUICK
@given(known=curated(simple=True))
def test_grimoirelab_holds_persons_domains_and_nobody(tmp_path: Path, known: Curated) -> None:
    place, domains = tmp_path / "people.yml", tmp_path / "people-organizations.yml"
    domains.unlink(missing_ok=True)
    assert write_identities(known, place, Kind.grimoirelab) == []
    files = [place, domains] if domains.exists() else [place]
    assert read_identities(*files) == known


@pytest.mark.parametrize(
    ("kind", "lost"),
    [
        (Kind.sortinghat, ["kept apart", "confirmed cases", "no program", "organisation of an"]),
        (
            Kind.grimoirelab,
            ["kept apart", "confirmed cases", "no program", "further names: aexample",
             "'ann' of 'old'", "cy@example.edu"],
        ),
    ],
)  # fmt: skip
def test_what_a_format_cannot_hold_is_said(tmp_path: Path, kind: Kind, lost: list[str]) -> None:
    losses = write_identities(KNOWN, tmp_path / "people", kind)
    for text in lost:
        assert any(text in loss for loss in losses), text
    assert len(losses) == len(lost)


def test_files_are_private_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    for kind in Kind:
        place = tmp_path / kind.value
        write_identities(KNOWN, place, kind)
        first = place.read_bytes()
        write_identities(KNOWN, place, kind)
        assert place.read_bytes() == first
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".*"))


@QUICK
@given(text=st.text(max_size=60) | st.from_regex(r"(persons|apart|cases|- profile): ?[\[{]?.*"))
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    place = tmp_path / "any.yml"
    place.write_text(text, encoding="utf-8")
    with suppress(EvaluationError):
        assert isinstance(read_identities(place), Curated)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["uuid", "profile", "identities", "enrollments", "name", "email", "start", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


TOP = ("uidentities", "organizations", "blacklist")


@QUICK
@given(data=st.fixed_dictionaries(dict.fromkeys(TOP, JSON)))
def test_any_export_is_read_or_refused(tmp_path: Path, data: dict[str, Any]) -> None:
    place = tmp_path / "any.json"
    place.write_text(json.dumps(data), encoding="utf-8")
    with suppress(EvaluationError):
        assert isinstance(read_identities(place), Curated)
