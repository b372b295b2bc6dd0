"""Removing laboratories: at their end, or later when they were killed."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.lab import network
from evaluator.lab.command import must
from evaluator.lab.lock import locked
from evaluator.lab.node import remove_groups, remove_traces

NAME = re.compile(r"(floss|place)-[0-9a-f]{6}")
"""A laboratory's name, with which the names of all its parts begin, or that of a :func:`place`.
What is called otherwise is somebody else's and not touched."""

ROOT = Finding("lab-root", "namespaces and mounts need root", remedy="run it as root")

PLACES = Path("/run/floss-evaluator")
"""Folders of those who use laboratories.  Paths of sockets are made below them, which the kernel
wants short; and what is in there is worth nothing after a boot."""

HALF_BUILT = {"image.lock": ".image-*.part", "guest.lock": ".guest-*.part"}
"""What a killed builder of an image leaves in the cache, by the lock that a living one holds."""

PROBES = ".overlay-*"
"""What one leaves who was killed while he tried whether the cache can have overlays."""


def runs(cache: Path) -> Path:
    """Folder of the laboratories that are there."""
    return cache / "run"


def claim(scratch: Path) -> TextIO:
    """Make the folder of a laboratory; while the returned file is open, nobody removes it."""
    with locked(scratch.parent / ".lock"):
        if taken := network.namespaces(scratch.name):
            message = f"there are network namespaces of this name: {', '.join(taken)}"
            remedy = "try again: another name is taken then"
            raise EvaluationError(Finding("lab-name-taken", message, None, remedy))
        scratch.mkdir(mode=0o700)
        alive = (scratch / "alive").open("w")
        fcntl.flock(alive, fcntl.LOCK_EX)
    return alive


@contextmanager
def place() -> Iterator[Path]:
    """A folder of one's own for a while: secrets, bundles, what clients say.

    When its program is killed, :func:`clean` removes it.
    """
    if os.geteuid() != 0:
        raise EvaluationError(ROOT, ExitCode.UNAVAILABLE)
    PLACES.mkdir(mode=0o700, exist_ok=True)
    folder = PLACES / f"place-{secrets.token_hex(3)}"
    with claim(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def clean(cache: Path) -> list[str]:
    """Remove what killed laboratories have left; returns its names.

    Raises
    ------
    EvaluationError
        What could not be removed, when everything else is.
    """
    removed, kept = [], []
    for folder in filter(Path.is_dir, (runs(cache), PLACES)):
        with locked(folder / ".lock"):
            for scratch in _made(folder):
                if _abandoned(scratch):
                    try:
                        remove(scratch)
                    except EvaluationError as error:
                        kept += error.findings
                    else:
                        removed.append(scratch.name)
    for lock, names in HALF_BUILT.items() if cache.is_dir() else ():
        with suppress(BlockingIOError), locked(cache / lock, wait=False):
            for part in cache.glob(names):
                shutil.rmtree(part, ignore_errors=True)
                removed.append(part.name)
    for probe in cache.glob(PROBES):
        with suppress(BlockingIOError), locked(probe / "lock", wait=False):
            shutil.rmtree(probe, ignore_errors=True)
            removed.append(probe.name)
    if kept:
        raise EvaluationError(kept, ExitCode.UNAVAILABLE)
    return removed


def in_use(cache: Path) -> list[str]:
    """Names of the laboratories that somebody has entered."""
    return [scratch.name for scratch in _made(runs(cache)) if not _abandoned(scratch)]


def _made(folder: Path) -> list[Path]:
    """The folders that are laboratories', in order."""
    return [
        path
        for path in sorted(folder.glob("*-*"))
        if NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    ]


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
    """Everything of one laboratory: processes, namespaces, mounts, loop devices, files.

    Raises
    ------
    EvaluationError
        ``lab-command`` or ``lab-left`` when something of it cannot be removed.
    """
    network.dismantle(scratch.name)
    ended = remove_groups(scratch.name)
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
    if ended:  # by its folder it is found another time
        shutil.rmtree(scratch, ignore_errors=True)
    if scratch.exists():
        what = "its folder" if ended else "a process that does not end"
        remedy = "try again: evaluate lab clean"
        finding = Finding("lab-left", f"{scratch}: {what} cannot be removed", None, remedy)
        raise EvaluationError(finding, ExitCode.UNAVAILABLE)


def _mounts_below(folder: Path) -> list[str]:
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in points if point.startswith(f"{folder}/")]
