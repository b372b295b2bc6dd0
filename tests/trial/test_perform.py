"""A trial on a rig that is made up: what is asked again, what is forgiven, what is kept."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest

from evaluator.findings import EvaluationError, Finding
from evaluator.trial import perform as subject
from evaluator.trial.client import Settings
from evaluator.trial.ledger import Answer
from evaluator.trial.perform import Outcome, perform
from evaluator.trial.rig import Clients
from evaluator.trial.scenario import Trial

from .conftest import SEED, at_all, ledger, mailbox, words

TOLD = ledger()
ALL = mailbox(*TOLD.acknowledged)


# --- the mails ------------------------------------------------------------------------------


class Store:
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
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.time", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.append(now.pop() + seconds))


def held(rig: Store) -> Any:
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
    rig = Store(*answers)
    found, unread = held(rig)
    assert (rig.asked, len(found.lost), unread) == (asked, lost, "")


def test_a_mailbox_that_cannot_be_read_is_asked_until_it_can() -> None:
    broken = EvaluationError(Finding("trial-client", "read: no route to host"))
    rig = Store((False, broken), (False, ALL))
    assert (held(rig)[1], rig.asked) == ("", 2)
    never = Store((False, broken))
    found, unread = held(never)
    assert "no route to host" in unread
    assert (never.asked, found.lost) == (62, TOLD.acknowledged)


# --- the whole trial ------------------------------------------------------------------------


@dataclass
class Cause:
    """A fault that is written down, and that fails where it is told to."""

    name: str
    done: list[str]
    fails: str = ""

    def make(self, rig: object) -> Callable[[], None]:
        if self.fails == "make":
            raise EvaluationError(Finding("fault-failed", f"no {self.name}"))
        self.done.append(f"make {self.name}")
        return self.undo

    def undo(self) -> None:
        self.done.append(f"undo {self.name}")
        if self.fails == "undo":
            raise EvaluationError(Finding("lab-node-silent", f"{self.name} stays"))

    def __str__(self) -> str:
        return self.name


ASKED = [
    Answer(second, kind, True, 0.01, second, "zcs1")
    for kind in ("http", "smtp")
    for second in range(1, 2000)
]


@dataclass
class Rig:
    """A cluster on which nothing happens; ``missing`` is what it lacks, each time it is waited for.

    ``answers`` are return codes of the first questions for a node's journal.
    """

    folder: Path
    missing: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    ended: str = ""
    done: list[str] = field(default_factory=list)
    pace: float = 1.0
    roles: Any = None

    def __post_init__(self) -> None:
        self.failed = self.folder / "failed"
        self.members = ["zcs1", "zcs2"]
        spec = SimpleNamespace(nodes={"zcs1": {}, "zcs2": {}, "witness": {}})
        self.lab = SimpleNamespace(spec=spec, power_log=list)
        self.cluster = SimpleNamespace(
            name="pacemaker-2", manager="pacemaker", everywhere=False, fencing=True
        )

    def wait_until_whole(self, seconds: float, *, forgiving: bool = False) -> tuple[str, float]:
        self.done.append(f"wait {seconds:g}{' forgiving' * forgiving}")
        return (self.missing.pop(0) if self.missing else ""), 0.0

    def reunite(self) -> None:
        self.done.append("reunite")

    def tidy(self) -> None:
        self.done.append("tidy")

    def cast(self) -> dict[str, str]:
        return {"active": "zcs1", "passive": "zcs2"}

    def settings(self, seed: int) -> Settings:
        ports = {"http": 80, "smtp": 25}
        every = dict.fromkeys(ports, 1.0)
        return Settings("198.51.100.1", ports, "", "", "", seed, every, every)

    def clear(self, settings: Settings) -> None:
        pass

    @contextmanager
    def watch(self) -> Iterator[Any]:
        looks = [at_all(0, "zcs1")]
        yield SimpleNamespace(seen=looks, since=lambda _: looks, pauses=[])

    @contextmanager
    def load(self, settings: Settings) -> Iterator[Clients]:
        lines = self.folder / "client.jsonl"
        lines.write_text("".join(f"{json.dumps(a._asdict())}\n" for a in ASKED))
        (self.folder / "client.err").write_text("its last words")
        clients = Clients(lines)
        yield clients
        clients.ended = self.ended

    def flush(self) -> None:
        pass

    def undelivered(self) -> bool:
        return False

    def mailbox(self, settings: Settings) -> list[tuple[int, str]]:
        return mailbox(*(a.number for a in ASKED if a.kind == "smtp"))

    def difference(self) -> str:
        self.done.append("compare")
        return ""

    def run(self, node: str, *argv: str) -> CompletedProcess[str]:
        if "--grep" in argv:
            return CompletedProcess(argv, self.answers.pop(0) if self.answers else 1, "", "")
        return CompletedProcess(argv, 0, f"{argv[0]} of {node}", "")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def tried(rig: Rig, *fails: str) -> Outcome:
    """A trial of faults that fail so; of one that does not, when none is named."""
    faults: Any = tuple(
        Cause(f"fault {number}", rig.done, each) for number, each in enumerate(fails or ("",), 1)
    )
    still = words(service="stays", answers="throughout", fenced=[])
    return perform(rig, Trial("made-up", still, faults), SEED)  # type: ignore[arg-type]


def test_a_trial_in_which_nothing_happens_has_no_findings_and_no_logs(rig: Rig) -> None:
    made = tried(rig)
    assert made.findings == ()
    assert rig.done == [
        "wait 180 forgiving", "reunite", "tidy", "wait 180", "make fault 1", "undo fault 1",
        "wait 180 forgiving", "wait 1", "compare",
    ]  # fmt: skip
    assert not rig.failed.exists()


def test_a_first_fault_that_cannot_be_made_is_no_trial(rig: Rig) -> None:
    with pytest.raises(EvaluationError, match="no fault 1"):
        tried(rig, "make", "")
    assert not rig.failed.exists()


def test_what_fails_after_the_first_fault_is_a_finding_with_logs(rig: Rig) -> None:
    made = tried(rig, "", "make", "")
    assert [str(f) for f in made.findings] == ["error [trial-broken] fault 2: no fault 2"]
    assert rig.done[4:-3] == ["make fault 1", "undo fault 1"]
    assert [path.name for path in rig.failed.iterdir()] == [f"pacemaker-2-made-up-{SEED}"]


def test_what_cannot_be_undone_is_a_finding_and_all_else_is_undone(rig: Rig) -> None:
    made = tried(rig, "", "undo", "undo", "")
    assert [str(f) for f in made.findings] == [
        "error [not-undone] fault 3: fault 3 stays", "error [not-undone] fault 2: fault 2 stays",
    ]  # fmt: skip
    assert [d for d in rig.done if d.startswith("undo")] == [
        f"undo fault {number}" for number in (4, 3, 2, 1)
    ]
    assert list(rig.failed.iterdir())


def test_clients_that_died_are_a_finding(rig: Rig) -> None:
    rig.ended = "ended with 1: OSError: No space left on device"
    assert [f.code for f in tried(rig).findings] == ["not-asked"]


# --- redundant again ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "found", "compared"),
    [
        # in time
        (["", ""], "", True),
        # only failures were in the way, and to forget them helps
        (["", "zcs2 may not have it", ""], "", True),
        (["", "zcs2 may not have it", "link is Stopped"], "link is Stopped", False),
        # whatever else was missing was missing, although it is there in the end
        (["zcs2 is off", ""], "zcs2 is off, after 180 s", True),
        (["zcs2 is off", "zcs2 is off", ""], "zcs2 is off, after 180 s", True),
        (["zcs2 is off", "zcs2 is off", "it is pending"], "zcs2 is off, after 180 s", False),
    ],
)
def test_a_missed_bound_is_forgiven_only_for_remembered_failures(
    rig: Rig, missing: list[str], found: str, compared: bool
) -> None:
    rig.missing = ["", "", *missing]
    made = tried(rig)
    assert made.observation.not_whole == found
    assert [f.code for f in made.findings] == (["not-redundant"] if found else [])
    assert ("compare" in rig.done) == compared
    assert ("tidy" in rig.done[4:]) == bool(missing[1])


def test_copies_that_cannot_be_compared_are_a_finding(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def difference() -> str:
        raise EvaluationError(Finding("trial-not-whole", "the address is on no node"))

    monkeypatch.setattr(rig, "difference", difference)
    (finding,) = tried(rig).findings
    assert finding.code == "copies-differ"
    assert "the copies cannot be compared: the address is on no node" in finding.message


def test_a_cluster_that_is_not_whole_is_no_place_for_a_trial(rig: Rig) -> None:
    rig.missing = ["link is Stopped"]
    with pytest.raises(EvaluationError, match="link is Stopped"):
        tried(rig)
    assert rig.done == ["wait 180 forgiving"]


# --- crashes --------------------------------------------------------------------------------


def test_a_crash_is_found_on_its_node(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(node: str, *argv: str) -> CompletedProcess[str]:
        said = "pacemakerd.service: code=dumped\n" if node == "zcs2" else ""
        return CompletedProcess(argv, 0 if said else 1, said, "")

    monkeypatch.setattr(rig, "run", run)
    found, unheard = subject._cores(rig, 1000)  # type: ignore[arg-type]
    assert (found, unheard) == (["zcs2: pacemakerd.service: code=dumped"], [])


def test_a_node_that_does_not_answer_is_asked_again(rig: Rig) -> None:
    rig.answers = [255, 255, 1]
    made = tried(rig)
    assert (made.findings, made.observation.unheard) == ((), [])
    rig.answers = [255] * 99
    made = tried(rig)
    assert made.observation.unheard == ["zcs1", "zcs2", "witness"]
    assert [f.code for f in made.findings] == ["not-watched"] * 3


# --- what is kept ---------------------------------------------------------------------------


def test_all_that_a_failed_trial_can_be_understood_from_is_kept(rig: Rig) -> None:
    tried(rig, "undo")
    (folder,) = rig.failed.iterdir()
    kept = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(kept) == {
        "findings", "seen", "client.jsonl", "client.err", "power.log",
        "zcs1.journal", "zcs1.cib.xml", "zcs1.pacemaker.log",
        "zcs2.journal", "zcs2.cib.xml", "zcs2.pacemaker.log", "witness.journal",
    }  # fmt: skip
    assert kept["findings"] == "error [not-undone] fault 1: fault 1 stays\n"
    assert kept["client.err"] == "its last words"
    assert len(kept["client.jsonl"].splitlines()) == len(ASKED)
    assert "zcs1" in kept["seen"]
    assert kept["zcs1.cib.xml"] == "cibadmin of zcs1"
    assert kept["witness.journal"] == "journalctl of witness"


def test_logs_of_an_earlier_run_stay(rig: Rig) -> None:
    for _ in range(3):
        tried(rig, "undo")
    name = f"pacemaker-2-made-up-{SEED}"
    kept = sorted(path.name for path in rig.failed.iterdir())
    assert kept == [name, f"{name}-2", f"{name}-3"]
    assert all((rig.failed / each / "findings").is_file() for each in kept)


def test_a_trial_whose_logs_cannot_be_kept_is_recorded(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copy", full)
    made = tried(rig, "undo")
    assert [f.code for f in made.findings] == ["not-undone", "logs-not-kept"]
    assert "No space left" in made.findings[1].message
