"""Running programs, here or in a network namespace, never longer than allowed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from evaluator.findings import EvaluationError, ExitCode, Finding


def bounded(
    argv: Sequence[str],
    *,
    timeout: float,
    input: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program; at the end of `timeout` seconds it and its children are killed.

    Raises
    ------
    subprocess.TimeoutExpired
        When it was killed, with what it had said until then.
    OSError
        When it cannot be started.
    """
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        cwd=cwd,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(input, timeout=timeout)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(list(argv), process.returncode, out, err)


SHOWN = 200
"""Characters of a command line in a message, and ten times as many of what the program said."""


def must(*argv: str, input: str | None = None, timeout: float = 60, log: Path | None = None) -> str:
    """What the program prints; it has to succeed.

    `log` is a file that gets all that a failed program has said, should that be more than a message
    holds: what went wrong first is at its beginning.

    Raises
    ------
    EvaluationError
        ``lab-command`` with the program's own words.
    """
    try:
        done = bounded(argv, input=input, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    else:
        if done.returncode == 0:
            return done.stdout
        said = (done.stderr or done.stdout).strip()[-10 * SHOWN :]
        problem = f"exit code {done.returncode}: {said}"
        if log:
            log.write_text(done.stdout + done.stderr)
            problem += f" (all of it is in {log})"
    line = " ".join(" ".join(argv).split())
    line = line if len(line) <= SHOWN else f"{line[:SHOWN]} …"
    finding = Finding("lab-command", f"{line}: {problem}")
    raise EvaluationError(finding, ExitCode.UNAVAILABLE)


def in_namespace(namespace: str, argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` in a named network namespace.

    ``ip netns exec`` would also give it a /sys of its own, without the control groups.
    """
    return ["nsenter", f"--net=/run/netns/{namespace}", "--", *argv]


@contextmanager
def undisturbed() -> Iterator[None]:
    """What would end this program has to wait until the block has ended.

    Only the main thread can be told of signals; another one is not disturbed by them either.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, lambda number, _: came.append(number)) for each in ends}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in came[:1]:
            signal.raise_signal(number)
