"""Made-up trials beside the shipped snapshot, and runs with and without them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import evaluator as ev
from evaluator.content import shipped_snapshot

from .made_up import campaign, careless, written


@pytest.fixture(scope="package")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped snapshot with made-up trials beside it."""
    home = tmp_path_factory.mktemp("tried")
    shutil.copytree(shipped_snapshot(), home / "snapshot")
    written(home / "lab" / "trials.jsonl", [*campaign(), *careless(), *careless("heartbeat")])
    return home / "snapshot"


@pytest.fixture(scope="package")
def with_trials(snapshot: Path) -> ev.Run:
    return ev.load(snapshot=snapshot).run()


@pytest.fixture(scope="package")
def without_trials(snapshot: Path) -> ev.Run:
    return ev.load(snapshot=snapshot, trials=False).run()
