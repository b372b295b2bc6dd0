"""Removing laboratories: at their end, or later when they were killed."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from evaluator.findings import EvaluationError
from evaluator.lab import network
from evaluator.lab.command import must
from evaluator.lab.lock import locked
from evaluator.lab.node import remove_groups, remove_traces


def runs(cache: Path) -> Path:
    """Folder of the laboratories that are there."""
    return cache / "run"


def claim(scratch: Path) -> TextIO:
    """Make the folder of a laboratory; while the returned file is open, nobody removes it."""
    with locked(scratch.parent / ".lock"):
        scratch.mkdir(mode=0o700)
        alive = (scratch / "alive").open("w")
        fcntl.flock(alive, fcntl.LOCK_EX)
    return alive


def clean(cache: Path) -> list[str]:
    """Remove what killed laboratories have left; returns their names."""
    removed = []
    with locked(runs(cache) / ".lock"):
        for scratch in sorted(runs(cache).glob("floss-*")):
            if _abandoned(scratch):
                remove(scratch)
                removed.append(scratch.name)
    return removed


def _abandoned(scratch: Path) -> bool:
    """Whether nobody holds the laboratory's lock, which the kernel takes from a dead process."""
    with ExitStack() as stack:
        try:
            alive = stack.enter_context((scratch / "alive").open())
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
    return True


def remove(scratch: Path) -> None:
    """Everything of one laboratory: processes, namespaces, mounts, loop devices, files."""
    network.dismantle(scratch.name)
    remove_groups(scratch.name)
    remove_traces(f"{scratch.name}-*")
    for point in reversed(_mounts_below(scratch)):
        try:
            must("umount", point)
        except EvaluationError:  # someone stands in there: out of the tree now, gone when he leaves
            must("umount", "--lazy", point)
    backing = scratch / "disk"
    if backing.exists():
        for line in must("losetup", "--associated", str(backing)).splitlines():
            must("losetup", "--detach", line.split(":", 1)[0])
    shutil.rmtree(scratch, ignore_errors=True)


def _mounts_below(folder: Path) -> list[str]:
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in points if point.startswith(f"{folder}/")]
