"""Organisations by mail domain; what is unknown becomes the width of an interval."""

from __future__ import annotations

import datetime as dt

import pytest

from evaluator.metrics import measure

DAY = dt.date(2024, 5, 1)


@pytest.fixture
def found(synthetic_snapshot, synthetic_study):
    """Elephant factor and diversity of commits given as (person, domain, how many)."""

    def run(*rows, **study):
        commits = [
            {"person": person, "domain": domain, "committed": DAY}
            for person, domain, count in rows
            for _ in range(count)
        ]
        snapshot = synthetic_snapshot(commits)
        table = measure(synthetic_study(**study), snapshot, snapshot.as_of)
        names = ("elephant_factor", "organizational_diversity")
        return tuple(table.get("alpha", name) for name in names)

    return run


LISTED = {"organisations": {"Acme": ["acme.example"], "Bolt": ["bolt.example", "bolt.test"]}}


def test_parent_domain_is_the_organisation(found):
    elephant, diversity = found(
        (1, "acme.example", 3), (2, "uk.acme.example", 3), (3, "bolt.test", 5), **LISTED
    )
    assert diversity.value == 2
    assert (elephant.value, elephant.low, elephant.high) == (1, 1, 1)  # Acme: 6 of 11


def test_a_domain_that_only_ends_alike_is_another_one(found):
    _, diversity = found((1, "acme.example", 3), (2, "notacme.example", 3), **LISTED)
    assert diversity.value == 1
    assert diversity.high == 2


@pytest.mark.parametrize("kind", ["personal", "placeholders"])
def test_personal_and_placeholder_domains_are_unknown(found, kind):
    rows = [(1, "acme.example", 8), (2, "mail.example", 1), (3, "mail.example", 1)]
    elephant, diversity = found(*rows, **LISTED, **{kind: ["mail.example"]})
    assert diversity.value == 1
    assert diversity.high == 3
    assert "20%" in elephant.note


def test_sub_domain_of_a_personal_domain_is_unknown(found):
    rows = [(1, "acme.example", 8), (2, "eu.mail.example", 1), (3, "eu.mail.example", 1)]
    assert found(*rows, **LISTED, personal=["mail.example"])[1].value == 1


def test_lone_domain_is_unknown_and_one_of_two_persons_is_not(found):
    rows = [(1, "acme.example", 8), (2, "lone.example", 1)]
    assert found(*rows, **LISTED)[1].value == 1
    assert found(*rows, (3, "lone.example", 1), **LISTED)[1].value == 2


def test_listed_organisation_counts_with_a_single_person(found):
    assert found((1, "bolt.example", 3), **LISTED)[1].value == 1


def test_organisation_that_is_named_like_its_domain_counts_with_a_single_person(found):
    named = {"organisations": {"acme.example": ["acme.example"]}}
    assert found((1, "acme.example", 3), **named)[1].value == 1


def test_elephant_factor_interval_by_hand(found):
    # known: Acme 4, Bolt 3, Cone 3 -> 2 organisations reach 5 of 10; unknown: 5 persons with 2 each
    three = {"organisations": {"Acme": ["a.example"], "Bolt": ["b.example"], "Cone": ["c.example"]}}
    unknown = [(person, "", 2) for person in range(10, 15)]
    elephant, diversity = found(
        (1, "a.example", 4), (2, "b.example", 3), (3, "c.example", 3), *unknown, **three
    )
    assert elephant.value == 2
    assert elephant.low == 1  # Acme with all the unknown: 14 of 20
    assert elephant.high == 3  # 4 + 3 + 3 of 20 = the half
    assert (diversity.low, diversity.high) == (3, 8)


def test_lowest_elephant_factor_gives_the_unknown_to_the_largest(found):
    named = {"organisations": {"Acme": ["a.example"], "Bolt": ["b.example"], "Cone": ["c.example"]}}
    rows = [(1, "a.example", 4), (2, "b.example", 4), (3, "c.example", 1), (4, "", 2)]
    elephant, _ = found(*rows, **named)
    assert (elephant.value, elephant.low) == (2, 1)


def test_mostly_unknown_is_not_available(found):
    elephant, diversity = found((1, "acme.example", 2), (2, "", 10), **LISTED)
    assert elephant.outcome == "not_available"
    assert elephant.value is None
    assert "83%" in elephant.note
    assert (diversity.value, diversity.high) == (1, 2)


def test_no_commit_in_the_window_is_a_true_zero(found, synthetic_snapshot, synthetic_study):
    snapshot = synthetic_snapshot([{"person": 1, "committed": dt.date(2015, 1, 1)}])
    table = measure(synthetic_study(), snapshot, snapshot.as_of)
    elephant = table.get("alpha", "elephant_factor")
    assert (elephant.value, elephant.n, elephant.outcome) == (0, 0, "ok")
