"""What a killed laboratory leaves is removed, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaluator.lab import Laboratory, clean

from .conftest import CACHE, left_of

pytestmark = pytest.mark.xdist_group("lab")

HOLD = """
import time
from tests.lab.conftest import CACHE, wiring
from evaluator.lab import Laboratory

with Laboratory(wiring("zcs1", shared_disk="/dev/shared0"), cache=CACHE) as laboratory:
    laboratory.start()
    print(laboratory.prefix, flush=True)
    time.sleep(60)
"""


def _daemon_of(prefix: str) -> int:
    inhabitants = subprocess.run(
        ["ip", "netns", "pids", f"{prefix}-switch"], capture_output=True, text=True, check=True
    )
    for pid in inhabitants.stdout.split():
        if "evaluator.lab.power" in Path(f"/proc/{pid}/cmdline").read_text():
            return int(pid)
    raise AssertionError("no power daemon")


@pytest.mark.parametrize("also_the_daemon", [False, True])
def test_after_a_kill_everything_can_be_removed(possible: None, also_the_daemon: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as held:
        assert held.stdout is not None
        prefix = held.stdout.readline().strip()
        assert prefix not in clean(CACHE)  # it lives
        daemon = _daemon_of(prefix)
        if also_the_daemon:
            os.kill(daemon, signal.SIGSTOP)
        held.kill()
        held.wait()
        if also_the_daemon:
            os.kill(daemon, signal.SIGKILL)
    assert any("loop" in line for line in left_of(prefix))
    began = time.monotonic()
    assert prefix in clean(CACHE)
    assert time.monotonic() - began < 10
    assert left_of(prefix) == []
    assert not (CACHE / "run" / prefix).exists()


def test_a_running_laboratory_is_not_cleaned_away(laboratory: Laboratory) -> None:
    assert laboratory.prefix not in clean(CACHE)
    assert laboratory.ssh("zcs1", "true").returncode == 0


def test_remains_of_a_laboratory_that_was_hardly_begun_are_removed(tmp_path: Path) -> None:
    (tmp_path / "run/floss-000000").mkdir(parents=True)
    if os.geteuid() != 0:
        pytest.skip("looking for mounts and namespaces needs root")
    assert clean(tmp_path) == ["floss-000000"]
    assert not (tmp_path / "run/floss-000000").exists()
