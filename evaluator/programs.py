"""Run another program so that it can neither hang us nor fill the disk.

What it is given may be hostile: it gets a plain environment, a working folder of its own, a time
limit that ends its whole process group, and limits on core files and on what it writes.
"""

from __future__ import annotations

import os
import resource
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Where Debian puts the cluster's programs; an ordinary account's PATH lacks half of it."""

MOST_OUTPUT = 1_000_000
"""Bytes of a program's output that are read (ours)."""
MOST_WRITTEN = 100_000_000
"""Bytes that a program may write to one file (ours)."""

APART = ("unshare", "--map-root-user", "--net", "--mount", "--")
"""Runs a command in network and mount namespaces of its own, as root of nothing else."""


@dataclass(frozen=True)
class Done:
    """How a program ended; ``code`` is negative after a signal and None when time was up."""

    code: int | None
    output: str
    """What it wrote to both streams, in the order in which it came."""

    @property
    def trouble(self) -> str:
        """Why there is no answer; '' if it ended by itself."""
        if self.code is None:
            return "did not end in time and was stopped"
        if self.code < 0:
            return f"crashed with signal {signal.Signals(-self.code).name}"
        return ""


def installed(program: str, path: str = SYSTEM_PATH) -> str | None:
    """Absolute path of a program, or None."""
    return shutil.which(program, path=path)


def run(
    command: Sequence[str | Path],
    *,
    folder: Path,
    seconds: float = 30.0,
    path: str = SYSTEM_PATH,
    extra: Mapping[str, str] | None = None,
) -> Done:
    """Run a command in a folder, at most so many seconds.

    Raises
    ------
    OSError
        When it cannot be started.
    """
    words = [str(word) for word in command]
    words[0] = installed(words[0], path) or words[0]
    environment = {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": str(folder), "TERM": "dumb"}
    with tempfile.TemporaryFile(dir=folder) as out:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={**environment, **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _limit(process.pid)
            ended = _ended(process.pid, seconds)
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        code = process.returncode if ended else None
        out.seek(0)
        return Done(code, out.read(MOST_OUTPUT).decode(errors="replace"))


def _ended(pid: int, seconds: float) -> bool:
    """Whether a process ends in time; waits without polling."""
    descriptor = os.pidfd_open(pid)
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def _limit(pid: int) -> None:
    """Limit a process that has just been started, from outside: that spares a slow fork."""
    with suppress(ProcessLookupError, PermissionError):  # it has ended, or is root elsewhere
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        least = MOST_WRITTEN if most == resource.RLIM_INFINITY else min(most, MOST_WRITTEN)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (least, most))
