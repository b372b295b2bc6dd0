"""Mailing lists: answers by others, archives that begin late or end early."""

from __future__ import annotations

import datetime as dt

import pytest

from evaluator.metrics import measure

AS_OF = dt.date(2024, 6, 30)
EARLY = {"person": 99, "sent": dt.datetime(2020, 1, 1)}
LATE = {"person": 99, "sent": dt.datetime(2024, 6, 30, 12)}


@pytest.fixture
def found(synthetic_snapshot, synthetic_study):
    def run(messages, *, study=None, **more):
        snapshot = synthetic_snapshot(
            [{"person": 1, "committed": dt.date(2020, 1, 1)}], messages, as_of=AS_OF, **more
        )
        table = measure(study or synthetic_study(), snapshot, AS_OF)
        return lambda metric: table.get("alpha", metric)

    return run


def threads(count, *answers, start=dt.datetime(2023, 2, 1), first=100):
    """Threads begun by person 1, ten days apart; answers are (person, hours later)."""
    rows = []
    for i in range(count):
        number = first + i * 10
        begun = start + dt.timedelta(days=10 * i)
        rows.append({"message": number, "thread": number, "person": 1, "sent": begun})
        for k, (person, hours) in enumerate(answers, 1):
            sent = begun + dt.timedelta(hours=hours)
            rows.append(
                {"message": number + k, "thread": number, "person": person, "sent": sent,
                 "parent": number}
            )  # fmt: skip
    return rows


def archive(*rows):
    """An archive that covers the window, from 2020 to the as-of date."""
    return [{"message": 1, "thread": 1, **EARLY}, *rows, {"message": 2, "thread": 2, **LATE}]


def test_time_to_first_response_is_by_another_person(found):
    get = found(archive(*threads(12, (1, 1), (2, 6), (3, 9))))
    response = get("time_to_first_response")
    assert response.value == pytest.approx(6)
    assert response.n == 12
    assert get("answered_share").value == 1


def test_an_answer_that_is_dated_before_its_question_does_not_count(found):
    get = found(archive(*threads(12, (2, -3), (3, 30))))
    assert get("time_to_first_response").value == pytest.approx(30)


def test_unanswered_threads_lower_the_share_and_not_the_hours(found):
    silent = threads(6, (1, 2), first=900, start=dt.datetime(2023, 8, 1))
    get = found(archive(*threads(12, (2, 4)), *silent))
    assert get("answered_share").value == pytest.approx(12 / 18)
    assert get("time_to_first_response").value == pytest.approx(4)
    assert get("time_to_first_response").n == 12


def test_threads_of_the_last_week_are_still_open(found):
    fresh = threads(1, first=900, start=dt.datetime(2024, 6, 25))
    get = found(archive(*threads(12, (2, 4)), *fresh))
    assert (get("answered_share").value, get("answered_share").n) == (1, 12)


def test_threads_of_the_last_week_of_an_archive_that_ended_are_open_too(found):
    ended = threads(12, (2, 4), start=dt.datetime(2023, 1, 1))  # until 2023-04-21
    fresh = threads(1, first=900, start=dt.datetime(2023, 4, 20))
    get = found([{"message": 1, "thread": 1, **EARLY}, *ended, *fresh])
    assert get("answered_share").value == 1
    assert get("answered_share").n == 11


def test_a_bot_is_not_another_person(found):
    get = found(archive(*threads(12, (7, 1), (2, 5))), bots=[7])
    assert get("time_to_first_response").value == pytest.approx(5)


def test_few_threads_are_below_the_floor(found):
    get = found(archive(*threads(4, (2, 4))))
    for metric in ("answered_share", "time_to_first_response"):
        assert get(metric).outcome == "not_available"
        assert "floor" in get(metric).note


def test_counts_by_date_header(found):
    get = found(archive(*threads(3, (2, 1), start=dt.datetime(2024, 1, 1))))
    assert get("messages_12m").value == 7
    assert get("threads_12m").value == 4
    assert get("mail_participants_12m").value == 3


def test_an_archive_that_ended_gives_an_interval(found):
    # covers 2023-06-30 to 2023-12-30: half of the 366 days
    rows = [{"message": 1, "thread": 1, **EARLY}]
    rows += [
        {"message": 10 + i, "thread": 10, "person": 5, "sent": dt.datetime(2023, 12, i + 1)}
        for i in range(30)
    ]
    count = found(rows)("messages_12m")
    assert (count.value, count.low, count.outcome) == (30, 30, "ok")
    assert count.high == pytest.approx(30 * 366 / 183)
    assert "50%" in count.note


def test_an_archive_that_ended_long_ago_says_nothing(found):
    get = found([{"message": 1, "thread": 1, **EARLY}])
    for metric in ("messages_12m", "threads_12m", "mail_participants_12m", "answered_share"):
        assert get(metric).outcome == "not_available"
        assert get(metric).value is None
        assert "moved" in get(metric).note
    assert get("new_mail_participants_slope").outcome == "not_available"


def test_before_the_archive_begins_nothing_is_known(found):
    rows = threads(12, (2, 4), start=dt.datetime(2024, 1, 1))
    get = found([*rows, {"message": 2, "thread": 2, **LATE}])
    assert get("messages_12m").outcome == "not_available"
    assert "begin" in get("messages_12m").note


def test_one_list_of_two_is_said_to_be_missing(synthetic_snapshot, synthetic_study):
    snapshot = synthetic_snapshot(messages=archive(), as_of=AS_OF, unavailable={"b-list": "gone"})
    study = synthetic_study({"alpha": ["alpha", "alpha-list", "b-list"]})
    table = measure(study, snapshot, AS_OF)
    row = next(r for r in table.rows if r.metric == "messages_12m")
    assert row.outcome == "ok"
    assert row.source == "alpha-list"
    assert "without b-list" in row.note


def test_cluster_devel_ended_in_2023(shipped_run):
    """The kernel's cluster list moved; what is archived cannot speak for 2026."""
    measured = shipped_run.table.get("gfs2", "messages_12m")
    assert measured.outcome == "not_available"
    assert "2023-10-30" in measured.note
