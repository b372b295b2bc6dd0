"""The laboratory's end of the power daemon."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.lab.command import in_namespace

ANSWER_SECONDS = 150.0
"""Within which the daemon answers: it waits for nothing that long itself (ours)."""


class Supply:
    """Starts the power daemon (:mod:`evaluator.lab.power`) and asks it, one question at a time.

    Parameters
    ----------
    namespace
        Where its controllers' addresses are.
    about
        What it has to know; it is sent, since it contains passwords, and not put anywhere.
    errors
        File for what the daemon has to say beyond its answers.
    """

    def __init__(self, namespace: str, about: Mapping[str, object], errors: Path) -> None:
        self._errors = errors
        self._turn = threading.Lock()
        with errors.open("w") as said:
            self._daemon = subprocess.Popen(
                in_namespace(namespace, [sys.executable, "-m", "evaluator.lab.power"]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                start_new_session=True,  # an interrupt from the keyboard is for the laboratory
            )
        try:
            self.ask(**about)
        except BaseException:
            self.close()
            raise

    def ask(self, **request: object) -> dict[str, Any]:
        """One question and its answer.

        Raises
        ------
        EvaluationError
            ``lab-power`` when it cannot be done or the daemon is gone or silent.
        """
        answer = {"error": "the power daemon has ended"}
        with self._turn, suppress(BrokenPipeError, ValueError):
            to, answers = self._pipes()
            to.write(json.dumps(request) + "\n")
            to.flush()
            if not select.select([answers], [], [], ANSWER_SECONDS)[0]:
                # its late answer would be taken for the next one's; its nodes end with it
                self._daemon.kill()
                answer = {"error": f"the power daemon was silent for {ANSWER_SECONDS:g} s"}
            elif line := answers.readline():
                answer = json.loads(line)
        if "error" in answer:
            said = f"{answer['error']} {self._errors.read_text()[-2000:]}".strip()
            raise EvaluationError(Finding("lab-power", said), ExitCode.UNAVAILABLE)
        return answer

    def close(self) -> None:
        """End the daemon, which first switches all nodes off."""
        to, answers = self._pipes()
        with suppress(BrokenPipeError):
            to.close()
        try:
            self._daemon.wait(30)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        answers.close()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        to, answers = self._daemon.stdin, self._daemon.stdout
        if to is None or answers is None:
            raise RuntimeError("the daemon was started without pipes")
        return to, answers
