"""A playbook of ``deploy/`` run against the hosts of a bundle's inventory."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from evaluator.content import deploy_folder
from evaluator.deploy import vault
from evaluator.deploy.events import Result, results
from evaluator.findings import EvaluationError, ExitCode, Finding, Severity, Where

POLL_SECONDS = 0.2
KEEP_ALIVE = "-o ServerAliveInterval=5 -o ServerAliveCountMax=3"
CODE = re.compile(r"^\s*\[([a-z0-9-]+)\]\s*(.*)", re.DOTALL)
UNREACHABLE = "unreachable"
REACH = "try 'ssh root@{}'; --user and --ssh-config say how to log in otherwise"
Watch = Callable[[Result], object]


@dataclass(frozen=True)
class Access:
    """How the nodes are reached, and where secrets come from.

    ``secrets`` is a file of variables, encrypted by ansible-vault or not; ``vault_password`` the
    file with its password.  ``ssh_config`` is a configuration file of OpenSSH.  Who logs in
    as ``user`` becomes root by sudo.
    """

    secrets: Path | None = None
    vault_password: Path | None = None
    ssh_config: Path | None = None
    user: str | None = None


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
                    remedy = REACH.format(result.host) if code == UNREACHABLE else ""
                    where = Where(result.host)
                    found.append(Finding(code, text, where, remedy, source=result.task))
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
        When ansible-playbook is not there; as :func:`evaluator.deploy.vault.check`.
    """
    ansible = program()
    if access.secrets:
        passwords = vault.named(bundle)
        vault.check(access.secrets, access.vault_password, Path(ansible), passwords)
    words = {"bundle": str(bundle), **(variables or {})}
    command = [
        *(ansible, "-i", str(bundle / "ansible" / "inventory.yml")),
        *(str(deploy_folder() / f"{playbook}.yml"), "-e", json.dumps(words)),
    ]
    if access.secrets:
        command += ["-e", f"@{access.secrets.absolute()}"]
    if access.vault_password:
        command += ["--vault-password-file", str(access.vault_password.absolute())]
    if access.ssh_config:
        # in place of ssh_common_args in ansible.cfg
        config = shlex.quote(str(access.ssh_config.absolute()))
        command += ["--ssh-common-args", f"-F {config} {KEEP_ALIVE}"]
    if access.user:
        command += ["--user", access.user, "--become"]
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
        # an inventory that is a program is not run
        "ANSIBLE_INVENTORY_ENABLED": "yaml",
        "ANSIBLE_NOCOLOR": "1",
        "EVALUATE_DEPLOY_EVENTS": str(events),
    }
    seen: list[Result] = []
    start = time.monotonic()
    with (
        output.open("wb") as out,
        events.open(encoding="utf-8", errors="replace") as lines,
        _ended_by(signal.SIGTERM, signal.SIGHUP),
    ):
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


@contextmanager
def _ended_by(*signals: signal.Signals) -> Iterator[None]:
    """Leave the block as by an exit when one of the signals comes: what was begun is ended.

    Only the main thread can be told; another one leaves the signals as they are.
    """

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # who runs it by nohup wants it to go on
    heard = [each for each in signals if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, leave) for each in heard}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


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
    # ssh's own words end in bytes that are no text
    message = result.message.replace("\ufffd", "").strip()
    return [message or f"task {result.task!r} failed"]


def _coded(message: str, outcome: str) -> tuple[str, str]:
    if match := CODE.match(message):
        return match[1], match[2]
    return (UNREACHABLE if outcome == UNREACHABLE else "task-failed"), message


def refuse(findings: list[Finding]) -> None:
    """Raise the errors among findings with the exit code of the cluster's build and checks."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise EvaluationError(errors, ExitCode.CLUSTER)
