"""What the ledger says of a mailbox and of the answers' times, over made-up answers."""

from __future__ import annotations

import json

import pytest

from evaluator.trial.client import body, digest
from evaluator.trial.ledger import Answer, Held, Ledger

SEED = 7


def mail(number: int, ok: bool = True) -> Answer:
    return Answer(100.0 + number, "smtp", ok, 0.1, number, "")


def web(time: float, ok: bool = True, node: str = "zcs1", seconds: float = 0.01) -> Answer:
    return Answer(time, "http", ok, seconds, 0, node)


def stored(*numbers: int) -> list[tuple[int, str]]:
    return [(n, digest(body(SEED, n).encode())) for n in numbers]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(SEED, (mail(1), mail(2), mail(3, ok=False), mail(4)))


def test_every_acknowledged_mail_once_and_intact(ledger: Ledger) -> None:
    assert ledger.acknowledged == (1, 2, 4)
    assert ledger.hold(stored(1, 2, 4)) == Held(3, (), (), ())
    # what was not acknowledged may be there as well
    assert ledger.hold(stored(1, 2, 3, 4)) == Held(3, (), (), ())


def test_what_is_lost_doubled_or_altered_is_named(ledger: Ledger) -> None:
    assert ledger.hold(stored(1, 4)).lost == (2,)
    assert ledger.hold([]).lost == (1, 2, 4)
    assert ledger.hold(stored(1, 2, 2, 4)).doubled == (2,)
    changed = [(1, digest(b"another text")), *stored(2, 4)]
    assert ledger.hold(changed) == Held(3, (), (), (1,))
    # a mail of another trial's seed is not this one's
    assert Ledger(8, ledger.answers).hold(stored(1, 2, 4)).altered == (1, 2, 4)


def test_a_text_is_made_again_from_its_number_and_its_blank_end_does_not_count() -> None:
    assert body(SEED, 1) == body(SEED, 1) != body(SEED, 2)
    assert 13 * 74 <= len(body(SEED, 1)) <= 110 * 74
    assert digest(body(SEED, 1).encode()) == digest(body(SEED, 1).encode() + b"\r\n")


def test_a_good_copy_beside_an_altered_one_mends_nothing(ledger: Ledger) -> None:
    both = [(1, digest(b"another text")), *stored(1, 2, 4)]
    assert ledger.hold(both) == Held(3, (), (1,), (1,))


def test_time_without_a_question_under_way() -> None:
    ledger = Ledger(SEED, (web(0), web(1, seconds=3), web(6, ok=False, seconds=2)))
    # from the end of one to the start of the next
    assert ledger.unasked("http", 0, 8) == 2
    assert ledger.unasked("http", 0, 11) == 3
    assert ledger.unasked("http", 5, 7) == 1
    assert ledger.unasked("imap", 0, 8) == 8


def test_an_outage_lasts_from_the_last_good_question_to_the_next() -> None:
    answers = [web(0), web(1), web(2, ok=False), web(3, ok=False), web(4.5), web(5)]
    ledger = Ledger(SEED, tuple(answers))
    assert ledger.gaps("http", 0) == [(1, 3.5)]
    # what failed before the fault is not the fault's
    assert ledger.outage("http", 4.2) == 0
    assert ledger.outage("imap", 0) == 0
    # a question under way when the fault came counts from the fault on
    slow = Ledger(SEED, (web(0), web(1, ok=False, seconds=2), web(3.5)))
    assert ledger.gaps("http", 2.5) == [(2.5, 2.0)]
    assert slow.gaps("http", 2) == [(2, 1.5)]


def test_an_outage_that_does_not_end_is_counted_to_the_last_question() -> None:
    ledger = Ledger(SEED, (web(0), web(1, ok=False), web(2, ok=False, seconds=0.25)))
    assert ledger.outage("http", 0) == pytest.approx(2.25)


def test_slow_answers_alone_are_no_outage() -> None:
    ledger = Ledger(SEED, (web(0, seconds=1.5), web(1.5, seconds=1.4), web(3)))
    assert ledger.outage("http", 0) == 0
    assert ledger.rate("http") == pytest.approx(3 / 3.01)


def test_it_is_read_from_the_clients_lines_up_to_one_cut_off() -> None:
    lines = [json.dumps(web(t)._asdict()) for t in (2.0, 1.0)]
    ledger = Ledger.of(SEED, [*lines, lines[0][:20], "nonsense"])
    assert [a.time for a in ledger.answers] == [1.0, 2.0]
    assert ledger.answered_by("http") == {"zcs1": 2}
