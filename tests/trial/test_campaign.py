"""What a campaign makes of clusters that fail, and of trials that there are already.

The rig is made up here: what is tested is the order of things, and no laboratory is needed for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from evaluator.evidence.record import Record
from evaluator.findings import EvaluationError, Finding
from evaluator.trial import campaign as subject
from evaluator.trial.campaign import Campaign, run
from evaluator.trial.scenario import Trial

from .conftest import failover
from .test_record import recorded

FAULTS = ("power-cut-active", "stop-active")


class Heard:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def building(self, cluster: str) -> None:
        self.told.append(f"building {cluster}")

    def built(self, cluster: str, seconds: float) -> None:
        self.told.append(f"built {cluster}")

    def begins(self, cluster: str, fault: str, number: int, of: int) -> None:
        self.told.append(f"begins {fault} {number}/{of}")

    def ended(self, made: Record) -> None:
        self.told.append(f"ended {made.fault}")

    def failed(self, cluster: str, fault: str, error: EvaluationError) -> None:
        self.told.append(f"failed {cluster} {fault}: {error}")

    def removed(self, cluster: str, changed: Sequence[Finding], others: Sequence[str]) -> None:
        self.told.append(f"removed {cluster}")


def refusal(text: str) -> EvaluationError:
    return EvaluationError(Finding("made-up", text))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A rig without a laboratory; what goes wrong there is set by the test."""
    wrong = SimpleNamespace(build=(), perform=(), recover=(), findings=())

    class Rig:
        def __init__(self, cluster: str) -> None:
            self.lab: Any = nullcontext(SimpleNamespace())
            self.lab.cache = Path("cache")
            self.cluster = SimpleNamespace(name=cluster, detection_seconds=6.6)
            self.members = ["zcs1"]

        @classmethod
        def bare(cls, declaration: Any, folder: Path, *, failed: Path | None = None) -> Self:
            return cls(declaration.id)

        def raise_cluster(self) -> float:
            if self.cluster.name in wrong.build:
                raise refusal("it cannot be built")
            return 1.0

        def recover(self) -> None:
            if self.cluster.name in wrong.recover:
                raise refusal("it stays broken")

        def run(self, *argv: str) -> SimpleNamespace:
            return SimpleNamespace(stdout="pacemaker 2.1.5\n")

    def perform(rig: Rig, trial: Trial, seed: int) -> SimpleNamespace:
        if trial.name in wrong.perform:
            raise refusal("the fault cannot be made")
        return SimpleNamespace(trial=trial, seed=seed)

    def of(outcome: Any, *, cluster: str, repetition: int, order: int, **_: Any) -> Record:
        found = ("error [made-up] no",) if outcome.trial.name in wrong.findings else ()
        return replace(
            model,
            cluster=cluster, fault=outcome.trial.name, repetition=repetition, order=order,
            seed=outcome.seed, findings=found,
        )  # fmt: skip

    model = recorded(failover(), findings=())
    monkeypatch.setattr(subject, "Rig", Rig)
    monkeypatch.setattr(subject, "perform", perform)
    monkeypatch.setattr(subject.record, "of", of)
    monkeypatch.setattr(subject.host, "snapshot", dict)
    monkeypatch.setattr(subject.host, "differences", lambda before, after: [])
    monkeypatch.setattr(subject, "in_use", lambda cache: [])
    return wrong


def made(**words: Any) -> tuple[list[Record], list[str]]:
    heard, kept = Heard(), []
    clusters = words.pop("clusters", ["pacemaker-2", "keepalived"])
    campaign = Campaign(clusters, FAULTS, **words)
    found = run(campaign, heard, keep=kept.append)
    assert kept == found
    return found, heard.told


def test_every_trial_is_made_and_each_cluster_is_removed(stage: SimpleNamespace) -> None:
    found, told = made(repeat=2)
    assert len({(r.cluster, r.fault, r.repetition) for r in found}) == 8
    assert [t for t in told if t.startswith("removed")] == [
        t.replace("building", "removed") for t in told if t.startswith("building")
    ]


def test_a_cluster_that_cannot_be_built_is_told_and_the_others_go_on(
    stage: SimpleNamespace,
) -> None:
    stage.build = ("pacemaker-2",)
    found, told = made()
    assert {r.cluster for r in found} == {"keepalived"}
    assert "failed pacemaker-2 build: " in " ".join(told)
    assert "removed pacemaker-2" in told


def test_a_cluster_that_stays_broken_has_no_more_trials(stage: SimpleNamespace) -> None:
    stage.findings, stage.recover = FAULTS, ("pacemaker-2",)
    found, told = made(repeat=3)
    assert [r.cluster for r in found].count("pacemaker-2") == 1
    assert [r.cluster for r in found].count("keepalived") == 6
    assert any("it stays broken" in words for words in told)


def test_a_fault_that_cannot_be_made_is_told_and_the_next_is_tried(stage: SimpleNamespace) -> None:
    stage.perform = ("stop-active",)
    found, told = made(clusters=["pacemaker-2"])
    assert [r.fault for r in found] == ["power-cut-active"]
    assert any(words.startswith("failed pacemaker-2 stop-active") for words in told)


def whole_numbers(records: list[Record], done: set[tuple[str, str, int]]) -> list[str]:
    """What a watcher is told of the trials that are left: which it is, of how many."""
    left = [r.cluster for r in records if (r.cluster, r.fault, r.repetition) not in done]
    count = {cluster: left.count(cluster) for cluster in left}
    return sorted(f"{n}/{of}" for of in count.values() for n in range(1, of + 1))


def test_records_of_other_trials_are_not_its_own(stage: SimpleNamespace) -> None:
    found, _ = made(repeat=2, seed=3)
    campaign = Campaign(["pacemaker-2"], ["stop-active"], repeat=1, seed=3)
    (own,) = campaign.own(found)
    assert (own.cluster, own.fault, own.repetition) == ("pacemaker-2", "stop-active", 1)
    assert replace(campaign, seed=4).own(found) == []
    assert replace(campaign, clusters=["keepalived", "heartbeat"]).own([own]) == []


def test_what_was_made_before_is_not_made_again(stage: SimpleNamespace) -> None:
    first, _ = made(repeat=2)
    done = {(r.cluster, r.fault, r.repetition) for r in first[:5]}
    rest, told = made(repeat=2, done=done)
    key = ("cluster", "fault", "repetition", "order", "seed")
    whole = [tuple(getattr(r, k) for k in key) for r in first]
    assert [tuple(getattr(r, k) for k in key) for r in rest] == [
        words for words in whole if words[:3] not in done
    ]
    left = [words for words in told if words.startswith("begins")]
    assert sorted(words.rpartition(" ")[2] for words in left) == whole_numbers(first, done)
    nothing, told = made(repeat=2, done={(r.cluster, r.fault, r.repetition) for r in first})
    assert (nothing, told) == ([], [])
