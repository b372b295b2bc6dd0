"""A playbook of ``deploy/`` run against the hosts of a bundle's inventory."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evaluator.content import deploy_folder
from evaluator.deploy.events import Result, results
from evaluator.findings import EvaluationError, ExitCode, Finding, Severity, Where

POLL_SECONDS = 0.2
CODE = re.compile(r"^\s*\[([a-z0-9-]+)\]\s*(.*)", re.DOTALL)
Watch = Callable[[Result], object]


@dataclass(frozen=True)
class Access:
    """How the nodes are reached, and where secrets come from.

    ``secrets`` is a file of variables, encrypted by ansible-vault or not; ``vault_password`` the
    file with its password.  ``ssh_config`` is a configuration file of OpenSSH.
    """

    secrets: Path | None = None
    vault_password: Path | None = None
    ssh_config: Path | None = None
    user: str | None = None
    become: bool = False


@dataclass(frozen=True)
class Outcome:
    """Everything that a run of a playbook reported, and its exit code."""

    playbook: str
    code: int
    results: tuple[Result, ...]
    output: str
    seconds: float

    @property
    def changed(self) -> tuple[Result, ...]:
        """Tasks that changed something, or would."""
        return tuple(result for result in self.results if result.outcome == "changed")

    @property
    def findings(self) -> list[Finding]:
        """A finding for each failure, with the code that the playbook gave it."""
        found = []
        for result in self.results:
            if result.outcome in ("failed", "unreachable") and not result.data.get("ignored"):
                for message in _messages(result):
                    code, text = _coded(message, result.outcome)
                    found.append(Finding(code, text, Where(result.host), source=result.task))
        if self.code and not found:
            text = self.output.strip() or f"ansible-playbook ended with {self.code}"
            found.append(Finding("ansible", text, Where(self.playbook)))
        return found


def run(
    playbook: str,
    bundle: Path,
    access: Access,
    *,
    variables: Mapping[str, str] | None = None,
    check: bool = False,
    watch: Watch | None = None,
) -> Outcome:
    """Run ``deploy/PLAYBOOK.yml``; with ``check`` nothing is changed.

    ``watch`` is told each result as it happens.

    Raises
    ------
    EvaluationError
        When ansible-playbook is not there, or is interrupted (then with what was being done).
    """
    command = [
        *(program(), "-i", str(bundle / "ansible" / "inventory.yml")),
        *(str(deploy_folder() / f"{playbook}.yml"), "-e", f"bundle={bundle}"),
    ]
    for name, value in (variables or {}).items():
        command += ["-e", f"{name}={value}"]
    if access.secrets:
        command += ["-e", f"@{access.secrets.absolute()}"]
    if access.vault_password:
        command += ["--vault-password-file", str(access.vault_password.absolute())]
    if access.ssh_config:
        command += ["--ssh-common-args", f"-F {access.ssh_config.absolute()}"]
    if access.user:
        command += ["--user", access.user]
    if access.become:
        command.append("--become")
    if check:
        command += ["--check", "--diff"]
    with tempfile.TemporaryDirectory(prefix="evaluate-deploy-") as scratch:
        return _run(playbook, command, Path(scratch), watch)


def program() -> str:
    """Path of ansible-playbook: of this Python's environment before that of PATH.

    Raises
    ------
    EvaluationError
        When there is none, exit code 2.
    """
    own = Path(sys.executable).with_name("ansible-playbook")
    found = str(own) if own.exists() else shutil.which("ansible-playbook")
    if not found:
        raise EvaluationError(
            Finding("no-ansible", "ansible-playbook is missing", remedy="pip install ansible-core")
        )
    return found


def _run(playbook: str, command: list[str], scratch: Path, watch: Watch | None) -> Outcome:
    events, output = scratch / "events", scratch / "output"
    events.touch()
    folder = deploy_folder()
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": str(folder / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "events",
        "ANSIBLE_LOCAL_TEMP": str(scratch / "local"),
        # sockets of ssh are named by host: two runs must not take each other's
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(scratch / "cp"),
        "ANSIBLE_NOCOLOR": "1",
        "EVALUATE_DEPLOY_EVENTS": str(events),
    }
    seen: list[Result] = []
    start = time.monotonic()
    with output.open("wb") as out, events.open(encoding="utf-8", errors="replace") as lines:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        rest = ""
        try:
            running = True
            while running:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(POLL_SECONDS)
                running = process.poll() is None
                whole, end, rest = (rest + lines.read()).rpartition("\n")
                for result in results((whole + end).splitlines()):
                    seen.append(result)
                    if watch:
                        watch(result)
        except BaseException:
            _end(process)
            raise
    text = output.read_text(encoding="utf-8", errors="replace")
    return Outcome(playbook, process.returncode, tuple(seen), text, time.monotonic() - start)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let Ansible finish the task at hand on the nodes, then end what is left of it."""
    for sent, patience in ((signal.SIGINT, 20), (signal.SIGKILL, 5)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


def _messages(result: Result) -> list[str]:
    """A task's messages; one that lists deviations, a line each, gives one each."""
    lines = result.message.splitlines()
    if len(lines) > 1 and all(CODE.match(line) for line in lines):
        return lines
    return [result.message or f"task {result.task!r} failed"]


def _coded(message: str, outcome: str) -> tuple[str, str]:
    if match := CODE.match(message):
        return match[1], match[2]
    return ("unreachable" if outcome == "unreachable" else "task-failed"), message


def refuse(findings: list[Finding]) -> None:
    """Raise the errors among findings with the exit code of the cluster's build and checks."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise EvaluationError(errors, ExitCode.CLUSTER)
