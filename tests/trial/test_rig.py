"""What a rig says of a cluster and of its clients; no laboratory is needed for it."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest

from evaluator.findings import EvaluationError
from evaluator.trial.client import Settings
from evaluator.trial.clusters import declaration
from evaluator.trial.rig import Rig

from .conftest import seen


class Standing(Rig):
    """Nodes that are on, whose manager finds nothing missing and that say what they are told to."""

    def __init__(self, folder: Path, cluster: str = "keepalived") -> None:
        on = SimpleNamespace(state=lambda: "on")
        spec = SimpleNamespace(guests=(), nodes={"zcs1": {}, "zcs2": {}})
        lab: Any = SimpleNamespace(spec=spec, node=lambda _: on)
        super().__init__(declaration(cluster), folder, lab)
        self.reasons = {False: "", True: ""}
        self.manager: Any = SimpleNamespace(why_not_whole=self._whole)
        self.looks = seen(0, "zcs1", "zcs1", "zcs1")
        self.program = "pass"
        self.said = ""

    def _whole(self, run: object, members: object, *, forgiving: bool) -> str:
        return self.reasons[forgiving]

    def watch(self) -> Any:
        return SimpleNamespace(look=lambda: self.looks)

    def run(self, node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
        return CompletedProcess(argv, 0 if self.said else 255, self.said, "no answer in 60 s")

    def _client(self, verb: str) -> list[str]:
        return [sys.executable, "-c", self.program]


ASK = Settings("", {"http": 80}, "", "", "", 1, {"http": 0.1}, {"http": 0.1})


# --- whole ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cluster", "there", "reason"),
    [
        ("pacemaker-2", seen(0, "zcs1", "zcs1", "zcs1"), ""),
        ("pacemaker-2", seen(0, "zcs1", "zcs1", "zcs2"), "the service does not run on zcs1"),
        ("keepalived", seen(0, "zcs1", "", "zcs1 zcs2"), ""),
        # the other one is on and its service has yet to start: nobody could take over
        ("keepalived", seen(0, "zcs1", "", "zcs1"), "the service does not run on zcs2"),
        ("pacemaker-own-data", seen(0, "zcs1", "", "zcs2"), "the service does not run on zcs1"),
        ("keepalived", seen(0, "", "", ""), "0 nodes have the address"),
        # it starts all that it moves
        ("heartbeat", seen(0, "zcs1", "", "zcs1"), ""),
    ],
)
def test_the_service_has_to_run_wherever_it_should(
    cluster: str, there: Any, reason: str, tmp_path: Path
) -> None:
    rig = Standing(tmp_path, cluster)
    rig.looks = there
    assert rig.why_not_whole() == reason


def test_failures_that_are_remembered_are_forgiven_and_nothing_else(tmp_path: Path) -> None:
    rig = Standing(tmp_path)
    rig.reasons = {False: "zcs2 may not have it", True: ""}
    rig.looks = seen(0, "zcs1", "", "zcs1 zcs2")
    assert rig.wait_until_whole(0.1)[0] == "zcs2 may not have it"
    assert rig.wait_until_whole(0.1, forgiving=True)[0] == ""
    # the manager is not all that there is to ask
    rig.looks = seen(0, "zcs1", "", "zcs1")
    assert rig.wait_until_whole(0.1, forgiving=True)[0] == "the service does not run on zcs2"


# --- the clients ----------------------------------------------------------------------------


def test_clients_that_end_with_their_input_have_ended_well(tmp_path: Path) -> None:
    rig = Standing(tmp_path)
    rig.program = "import sys; print(len(sys.stdin.readlines()))"
    with rig.load(ASK) as clients:
        assert clients.ended == ""
    assert clients.ended == ""
    assert clients.lines.read_text() == "1\n"


def test_clients_that_fail_are_told_with_their_last_words(tmp_path: Path) -> None:
    rig = Standing(tmp_path)
    rig.program = "import sys; sys.exit('Traceback\\nOSError: No space left on device')"
    with rig.load(ASK) as clients:
        pass
    assert clients.ended == "ended with 1: OSError: No space left on device"


def test_clients_that_do_not_end_are_ended_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluator.trial.rig.END_SECONDS", 0.3)
    rig = Standing(tmp_path)
    rig.program = "import time; time.sleep(60)"
    with rig.load(ASK) as clients:
        pass
    assert clients.ended == "had a question that did not end within 0.5 s"


@pytest.mark.parametrize("said", ["", "somebody@example.net"])
def test_a_node_that_does_not_tell_the_account_is_an_error_that_a_campaign_goes_on_after(
    said: str, tmp_path: Path
) -> None:
    rig = Standing(tmp_path)
    rig.said = said
    with pytest.raises(EvaluationError, match="zcs1 does not tell the account"):
        rig.settings(1)


def test_the_account_is_the_one_that_the_node_tells(tmp_path: Path) -> None:
    rig = Standing(tmp_path)
    rig.said = "somebody@example.net secret-of-a-test\n"
    words = rig.settings(1)
    assert (words.account, words.password) == ("somebody@example.net", "secret-of-a-test")
