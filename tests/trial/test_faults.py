"""What a fault does to a node and says of it, on nodes that are made up."""

from __future__ import annotations

from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest

from evaluator.findings import EvaluationError
from evaluator.trial.faults import parse


class Stage:
    """Two nodes that are on; they write down what they are told, and say what the test wants."""

    def __init__(self, code: int = 0, error: str = "") -> None:
        self.roles = {"active": "zcs1", "passive": "zcs2"}
        self.store = "/opt"
        on = SimpleNamespace(state=lambda: "on")
        spec = SimpleNamespace(nodes=dict.fromkeys(self.roles.values()))
        self.lab: Any = SimpleNamespace(spec=spec, node=lambda _: on)
        self.code, self.error = code, error
        self.told: list[tuple[str, ...]] = []

    def run(self, node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
        self.told.append((node, *argv))
        return CompletedProcess(argv, self.code, "", self.error)


EMPTIED = [(node, "rm", "-f", "/opt/ballast-of-a-trial") for node in ("zcs1", "zcs2")]


def test_a_volume_is_full_when_nothing_more_fits() -> None:
    stage: Any = Stage(1, "dd: error writing '/opt/ballast-of-a-trial': No space left on device")
    undo = parse("fill active").make(stage)
    assert [words[:2] for words in stage.told] == [("zcs1", "dd")]
    undo()
    assert stage.told[1:] == EMPTIED


@pytest.mark.parametrize(
    ("code", "error"),
    [(0, "9+0 records out"), (1, "dd: failed to open: Read-only file system"), (255, "no end")],
)
def test_a_volume_that_is_not_full_is_no_trial_and_is_emptied(code: int, error: str) -> None:
    stage: Any = Stage(code, error)
    with pytest.raises(EvaluationError, match="volume is not full") as raised:
        parse("fill active").make(stage)
    assert error in str(raised.value)
    assert stage.told[1:] == EMPTIED


def test_a_clock_jumps_ahead_and_is_set_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.5)
    stage: Any = Stage()
    undo = parse("jump-clock 30 active").make(stage)
    assert stage.told == [("zcs1", "date", "--set", "+30 seconds")]
    undo()
    assert stage.told[1:] == [("zcs1", "date", "--set", "@1800000000.500")]


def test_a_clock_that_cannot_be_set_is_no_trial() -> None:
    stage: Any = Stage(1, "date: cannot set date: Operation not permitted")
    with pytest.raises(EvaluationError, match="Operation not permitted"):
        parse("jump-clock 30 active").make(stage)
