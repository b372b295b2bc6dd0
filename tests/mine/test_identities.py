"""What a study knows of its people outranks what names and addresses suggest."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.mine.identities import (
    Affiliation,
    Curated,
    Identity,
    Period,
    Person,
    Place,
    resolution,
    resolve,
)
from evaluator.mine.identities.curated import claim_labels, in_turn

DAY = dt.date(2015, 6, 1)


def who(name: str, address: str, source: str = "one", mapped: tuple[str, str] | None = None):
    return Identity(source, name, address, *(mapped or (name, address)))


def groups(identities: list[Identity], curated: Curated) -> list[list[str]]:
    """Addresses of each person, in order."""
    keys = resolve(identities, curated)
    found = {key: sorted(i.address for i in identities if keys[i] == key) for key in keys.values()}
    return sorted(found.values())


ANN, BEN = who("Ann Example", "ann@example.net"), who("Ben Sample", "ben@example.net")


def test_listed_person_joins_what_nothing_else_joins() -> None:
    other = who("A. Nother", "a@example.edu")
    ann = Person("Ann Example", addresses=("ann@example.net", "a@example.edu"))
    assert groups([ANN, other], Curated()) == [["a@example.edu"], ["ann@example.net"]]
    assert groups([ANN, other], Curated((ann,))) == [["a@example.edu", "ann@example.net"]]


def test_login_of_a_source_and_of_a_forge_belong_to_the_listed_person() -> None:
    there = who("ann", "devnull@localhost", "old")
    elsewhere = who("ann", "devnull@localhost", "new")
    forge = who("annex", "7+annex@users.noreply.github.com")
    ann = Person("Ann Example", accounts=(("old", "ann"), ("github", "annex")))
    keys = resolve([ANN, there, elsewhere, forge], Curated((ann,)))
    assert keys[ANN] == keys[there] == keys[forge] != keys[elsewhere]


def test_one_word_name_joins_only_when_it_is_listed() -> None:
    login = who("aexample", "x@example.edu")
    assert len(groups([ANN, login], Curated())) == 2
    assert len(groups([ANN, login], Curated((Person("Ann Example", ("aexample",)),)))) == 1


def test_listed_persons_stay_apart_whatever_they_share() -> None:
    shared = who("Ann Example", "both@example.edu"), who("Ben Sample", "both@example.edu")
    curated = Curated((Person("Ann Example"), Person("Ben Sample")))
    assert len(groups([ANN, BEN, *shared], Curated())) == 1
    found = resolution([ANN, BEN, *shared], curated)
    assert len(set(found.persons.values())) == 2
    assert {label for _, label in found.refused} == {"address both@example.edu"}


def test_namesakes_are_told_apart_by_address_and_a_third_is_neither() -> None:
    first, second, third = (who("Jon Sample", f"jon{n}@example.net") for n in (1, 2, 3))
    curated = Curated(apart=((("jon1@example.net",), ("jon2@example.net",)),))
    assert len(groups([first, second, third], Curated())) == 1
    assert len(groups([first, second, third], curated)) == 3


def test_two_listed_persons_of_one_name_do_not_share_it() -> None:
    first, second, third = (who("Jon Sample", f"jon{n}@example.net") for n in (1, 2, 3))
    people = (
        Person("Jon Sample", addresses=("jon1@example.net",)),
        Person("Jon Sample", addresses=("jon2@example.net",)),
    )
    assert len(groups([first, second, third], Curated(people))) == 3


def test_apart_holds_through_a_chain() -> None:
    chain = [who("Ann Example", "a@example.net"), who("Ann Example", "b@example.net")]
    chain += [who("Ben Sample", "b@example.net"), who("Ben Sample", "c@example.net")]
    curated = Curated(apart=((("a@example.net",), ("c@example.net",)),))
    keys = resolve(chain, curated)
    assert keys[chain[0]] != keys[chain[3]]


def test_apart_outranks_the_mailmap() -> None:
    mapped = who("aexample", "old@example.net", mapped=("Ann Example", "ann@example.net"))
    curated = Curated(apart=((("old@example.net",), ("ann@example.net", "Ann Example")),))
    unmapped = who("aexample", "old@example.net", "two")
    keys = resolve([ANN, mapped, unmapped], curated)
    assert keys[ANN] != keys[unmapped]


def test_placeholder_and_shared_addresses_can_be_barred_by_the_study() -> None:
    pair = [who("Ann Example", "office@example.net"), who("Ben Sample", "office@example.net")]
    assert len(groups(pair, Curated())) == 1
    assert len(groups(pair, Curated(nobody=("office@example.net",)))) == 2


def test_program_that_the_study_calls_a_person_and_the_reverse() -> None:
    robot = who("Al Robot", "al@example.net")
    curated = Curated((Person("Al Robot", bot=False), Person("Ann Example", bot=True)))
    keys = resolve([robot, ANN], curated)
    assert not curated.is_bot(keys[robot], robot)
    assert curated.is_bot(keys[ANN], ANN)
    assert Curated().is_bot(keys[robot], robot)


NAMES = st.sampled_from(["Ann Example", "Ben Sample", "Cy Instance", "ann", "bot", ""])
ADDRESSES = st.sampled_from([*(f"{c}@example.net" for c in "abcde"), "devnull@localhost", ""])
IDENTITIES = st.lists(
    st.builds(Identity, st.sampled_from("xy"), NAMES, ADDRESSES, NAMES, ADDRESSES), max_size=14
)
TEXTS = st.one_of(NAMES, ADDRESSES).filter(lambda text: text not in ("", "devnull@localhost"))
SIDES = st.lists(TEXTS, min_size=2, max_size=4, unique_by=claim_labels)


@given(IDENTITIES, st.lists(SIDES, max_size=3), st.lists(ADDRESSES.filter(str), max_size=2))
def test_apart_always_holds_and_order_never_matters(
    identities: list[Identity], apart: list[list[str]], listed: list[str]
) -> None:
    people = tuple(Person(f"Person {n}", addresses=(a,)) for n, a in enumerate(set(listed)))
    curated = Curated(people, apart=tuple(tuple((text,) for text in sides) for sides in apart))
    found = resolution(identities, curated)
    assert resolution(identities[::-1], curated) == found
    assert set(found.persons) == set(identities)
    links: dict[str, set[str]] = {}
    for identity, labels in found.links.items():
        for label in labels:
            links.setdefault(label, set()).add(found.persons[identity])
    assert all(len(keys) == 1 for keys in links.values())
    for sides in apart:
        for one, other in itertools.combinations(sides, 2):
            keys = [
                {key for label in claim_labels(text) for key in links.get(label, ())}
                for text in (one, other)
            ]
            assert not keys[0] & keys[1]


@given(IDENTITIES)
def test_knowing_nothing_and_listing_what_was_found_give_the_same(
    identities: list[Identity],
) -> None:
    keys = resolve(identities)
    together = tuple(
        tuple(i.address for i in identities if keys[i] == key and i.address)
        for key in sorted(set(keys.values()))
    )
    stated = [group for group in together if group and "devnull@localhost" not in group]
    again = resolve(identities, Curated(together=tuple(stated)))
    same = {(a, b) for a in keys for b in keys if keys[a] == keys[b]}
    assert same <= {(a, b) for a in again for b in again if again[a] == again[b]}


# --- affiliations ---------------------------------------------------------------------------


def period(since: str | None, until: str | None) -> Period:
    return Period(*(text and dt.date.fromisoformat(text) for text in (since, until)))


def test_address_outranks_person_and_person_outranks_domain() -> None:
    curated = Curated(
        (Person("Ann Example", affiliations=(Affiliation("Acme", period("2015-01-01", None)),)),),
        places=(
            Place("a@bolt.example", Affiliation("University")),
            Place("bolt.example", Affiliation("Bolt")),
        ),
    )
    ann = who("Ann Example", "ann@lab.bolt.example")
    key = resolve([ann], curated)[ann]
    assert curated.organisation(key, ann, DAY) == "Acme"
    assert curated.organisation(key, ann, dt.date(2014, 12, 31)) == "Bolt"
    assert curated.organisation(key, who("Ann Example", "A+x@Bolt.example"), DAY) == "University"
    assert curated.organisation(key, who("Ann Example", "ann@notbolt.example"), DAY) == "Acme"
    assert curated.organisation("", who("Cy", "c@notbolt.example"), DAY) == ""


def test_days_of_an_affiliation_are_included_on_both_sides() -> None:
    dated = Affiliation("Acme", period("2015-06-01", "2015-06-02"))
    curated = Curated((Person("Ann Example", affiliations=(dated,)),))
    key = resolve([ANN], curated)[ANN]
    days = [dt.date(2015, 5, 31) + dt.timedelta(n) for n in range(4)]
    assert [curated.organisation(key, ANN, day) for day in days] == ["", "Acme", "Acme", ""]


def test_exact_domain_leaves_out_its_sub_domains() -> None:
    curated = Curated(places=(Place("bolt.example", Affiliation("Bolt"), exact=True),))
    assert curated.organisation("", who("", "x@bolt.example"), DAY) == "Bolt"
    assert curated.organisation("", who("", "x@lab.bolt.example"), DAY) == ""


DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2000, 1, 12))
PERIODS = st.tuples(st.none() | DAYS, st.none() | DAYS).filter(lambda p: None in p or p[0] <= p[1])
AFFILIATIONS = st.lists(
    st.builds(Affiliation, st.sampled_from(["Acme", "Bolt"]), PERIODS.map(lambda p: Period(*p))),
    max_size=4,
)


@given(AFFILIATIONS)
def test_turns_never_overlap_and_keep_the_one_that_began_last(known: list[Affiliation]) -> None:
    turns = in_turn(known)
    for one, other in itertools.combinations(turns, 2):
        assert not one.period.overlaps(other.period)
    for n in range(14):
        day = dt.date(1999, 12, 31) + dt.timedelta(n)
        holding = [a for a in known if day in a.period]
        expected = {
            a.organisation
            for a in holding
            if (a.period.since or dt.date.min)
            == max(b.period.since or dt.date.min for b in holding)
        }
        found = [a.organisation for a in turns if day in a.period]
        assert len(found) == bool(expected)
        assert set(found) <= expected


@pytest.mark.parametrize("number", [0, 1, 5])
def test_many_namesakes_kept_apart_cost_no_more_than_a_moment(number: int) -> None:
    crowd = [who("Jon Sample", f"jon{n}@example.net") for n in range(number * 100)]
    curated = Curated(apart=(tuple((i.address,) for i in crowd),) if crowd else ())
    assert len(set(resolve(crowd, curated).values())) == number * 100
