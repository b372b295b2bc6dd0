"""What a machine lacks for a laboratory is told with its remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evaluator.findings import EvaluationError
from evaluator.lab import Laboratory, clean, removal
from evaluator.lab.image import NEEDED_MIB, PACKAGES
from evaluator.lab.missing import NODE_DISK_MIB, NODE_MIB, missing

from .conftest import CACHE, until, wiring

pytestmark = pytest.mark.xdist_group("lab")


@pytest.mark.skipif(os.geteuid() != 0, reason="without root nothing else is looked at")
def test_every_missing_program_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    laboratory = Laboratory(wiring("zcs1"), cache=tmp_path)
    programs = {f.remedy for f in laboratory.missing() if f.code == "lab-program"}
    assert {"apt-get install systemd-container", "apt-get install mmdebstrap"} <= programs
    with pytest.raises(EvaluationError, match="lab-program"), laboratory:
        raise AssertionError("entered")
    assert list(tmp_path.iterdir()) == []


def test_without_root_that_is_said_and_nothing_else() -> None:
    if was_root := os.geteuid() == 0:
        os.seteuid(65534)
    try:
        found = Laboratory(wiring("zcs1")).missing()
    finally:
        if was_root:
            os.seteuid(0)
    assert [(f.code, f.remedy) for f in found] == [("lab-root", "run it as root")]


def test_too_little_memory_is_told_with_what_is_needed(possible: None) -> None:
    some = list(missing(CACHE, PACKAGES, False, 3))
    assert some == []
    (found,) = (f for f in missing(CACHE, PACKAGES, False, 100_000) if f.code == "lab-memory")
    assert found.message.endswith(f"100000 nodes need {100_000 * NODE_MIB}")
    assert "fewer nodes" in found.remedy


ROOM = """
import sys
from pathlib import Path
from evaluator.lab.image import PACKAGES
from evaluator.lab.missing import missing

for finding in missing(Path(sys.argv[1]), PACKAGES, False, 2):
    print(finding)
"""


def test_too_little_room_is_told_with_what_is_needed(possible: None, tmp_path: Path) -> None:
    small = f"mount -t tmpfs -o size=16m small {tmp_path} && exec {sys.executable} -c '{ROOM}' $0"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", small, tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    need = NEEDED_MIB + 2 * NODE_DISK_MIB
    assert f"[lab-room] {tmp_path} has 16 MiB left, the disks need {need}" in done.stdout
    assert "EVALUATE_LAB_CACHE" in done.stdout


SLOW_MOUNT = """#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount "$@" && echo mounted && echo mounted >"$(dirname "$0")/done" && exec sleep 61.7
"""


def test_who_is_killed_while_he_tries_leaves_no_mount(
    possible: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "PLACES", tmp_path / "places")
    cache, programs = tmp_path / "cache", tmp_path / "bin"
    programs.mkdir()
    (programs / "mount").write_text(SLOW_MOUNT)
    (programs / "mount").chmod(0o755)
    words = [sys.executable, "-c", ROOM, str(cache)]
    path = f"{programs}:{os.environ['PATH']}"
    with subprocess.Popen(words, env={**os.environ, "PATH": path}) as tried:
        until((programs / "done").exists, 30)
        (left,) = cache.glob(".overlay-*")
        assert clean(cache) == []
        tried.kill()
    assert str(cache) not in Path("/proc/mounts").read_text()
    assert clean(cache) == [left.name]
    assert not left.exists()


def test_a_folder_where_no_overlay_can_be_mounted_is_refused(possible: None) -> None:
    laboratory = Laboratory(wiring("zcs1"), cache=Path("/proc/self"))
    assert "lab-overlay" in {f.code for f in laboratory.missing()}
