"""Organisations by mail domain; what is unknown becomes the width of an interval."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from evaluator.metrics import measure
from evaluator.metrics.history import History, Organisations
from evaluator.metrics.organisations import (
    elephant_factor,
    organisation_of,
    organizational_diversity,
)

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


# --- what the study says outranks the domain ------------------------------------------------

ROWS = ("person", "domain", "organisation")
NOTHING = pd.DataFrame()


@pytest.fixture
def stated():
    """History of commits given as (person, domain, stated organisation)."""

    def build(*rows):
        work = pd.DataFrame(rows, columns=ROWS).assign(committed=pd.Timestamp(DAY))
        organisations = Organisations({"acme.example": "Acme"}, frozenset({"mail.example", ""}))
        return History(
            "alpha", pd.Timestamp(2024, 6, 30), work, work, NOTHING, NOTHING, NOTHING, NOTHING,
            organisations,
        )  # fmt: skip

    return build


@pytest.mark.parametrize("kind", ["str", "category"])
def test_stated_organisation_outranks_the_domain(stated, kind):
    history = stated(
        (1, "acme.example", ""),
        (1, "acme.example", "Bolt"),
        (2, "mail.example", "Bolt"),
        (3, "lone.example", "Cone"),
        (4, "", ""),
    )
    rows = history.work.astype({"organisation": kind, "domain": kind})
    found = organisation_of(history, rows)
    assert found.fillna("?").tolist() == ["Acme", "Bolt", "Bolt", "Cone", "?"]


def test_stated_to_be_unknown_outranks_the_domain_too(stated):
    history = stated((1, "acme.example", "unknown"), (2, "acme.example", "Unknown"))
    assert organisation_of(history, history.work).isna().all()


def test_same_organisation_by_statement_and_by_domain_is_one(stated):
    rows = [(1, "acme.example", ""), (2, "mail.example", "Acme"), (3, "mail.example", "Bolt")]
    history = stated(*rows * 4)
    diversity, elephant = organizational_diversity(history), elephant_factor(history)
    assert (diversity.value, diversity.low, diversity.high) == (2, 2, 2)
    assert (elephant.value, elephant.low, elephant.high) == (1, 1, 1)  # Acme: 8 of 12


def test_statements_take_from_the_unknown(stated):
    rows = [(1, "acme.example", ""), (2, "mail.example", ""), (3, "mail.example", "")]
    before = elephant_factor(stated(*rows * 4))
    assert (before.low, before.high) == (1, 2)
    assert "67%" in before.note
    told = [rows[0], (2, "mail.example", "Bolt"), (3, "mail.example", "Cone")]
    after = elephant_factor(stated(*told * 4))
    assert (after.value, after.low, after.high) == (2, 2, 2)
    assert "0%" in after.note


def test_no_statement_changes_nothing(stated):
    rows = [(1, "acme.example", ""), (2, "two.example", ""), (3, "two.example", "")]
    assert organisation_of(stated(*rows), stated(*rows).work).tolist() == [
        "Acme", "two.example", "two.example",
    ]  # fmt: skip
