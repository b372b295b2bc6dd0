"""What became of the mails: asked again while one may still be delivered, and not for longer."""

from __future__ import annotations

from typing import Any

import pytest

from evaluator.findings import EvaluationError, Finding
from evaluator.trial import perform as subject

from .conftest import ledger, mailbox

TOLD = ledger()
ALL = mailbox(*TOLD.acknowledged)


class Rig:
    """A mailbox that says at each question what it has, and whether more may come."""

    pace = 1.0

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked = 0

    def flush(self) -> None:
        self.asked += 1

    def undelivered(self) -> bool:
        return bool(self.answers[0][0])

    def mailbox(self, settings: object) -> Any:
        _, mails = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(mails, EvaluationError):
            raise mails
        return mails


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes with each pause, and none of it is waited for."""
    now = [0.0]
    monkeypatch.setattr(subject.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(subject.time, "sleep", lambda seconds: now.append(now.pop() + seconds))


def held(rig: Rig) -> Any:
    return subject._held(rig, TOLD, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "asked", "lost"),
    [
        ([(True, ALL)], 1, 0),
        # accepted, and on its way
        ([(True, ALL[1:]), (True, ALL[1:]), (False, ALL)], 3, 0),
        # what no server has any more does not come
        ([(False, ALL[2:])], 1, 2),
        ([(True, ALL[2:]), (False, ALL[2:])], 2, 2),
        # and what never gets through is lost in the end
        ([(True, ALL[1:])], 62, 1),
    ],
)
def test_mails_are_waited_for_while_a_server_has_some(
    answers: list[Any], asked: int, lost: int
) -> None:
    rig = Rig(*answers)
    found, unread = held(rig)
    assert (rig.asked, len(found.lost), unread) == (asked, lost, "")


def test_a_mailbox_that_cannot_be_read_is_asked_until_it_can() -> None:
    broken = EvaluationError(Finding("trial-client", "read: no route to host"))
    rig = Rig((False, broken), (False, ALL))
    assert (held(rig)[1], rig.asked) == ("", 2)
    never = Rig((False, broken))
    found, unread = held(never)
    assert "no route to host" in unread
    assert (never.asked, found.lost) == (62, TOLD.acknowledged)
