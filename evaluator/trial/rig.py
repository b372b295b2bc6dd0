"""A cluster in a laboratory, built from its own bundle, with clients before it."""

from __future__ import annotations

import inspect
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Self, TextIO, cast

from evaluator.bundle import render, write
from evaluator.cluster import Declaration, build
from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.lab import Laboratory, LabSpec
from evaluator.lab.command import bounded, in_namespace
from evaluator.lab.network import client
from evaluator.trial import client as client_program
from evaluator.trial import replicated
from evaluator.trial.client import KINDS, Settings
from evaluator.trial.managers import MANAGERS
from evaluator.trial.watch import Watch

WHOLE_SECONDS = 180.0
"""Within which everything is redundant again: a node boots, joins and is probed (ours)."""

BUILD_SECONDS = 900.0
"""Within which a cluster is built from bare nodes (ours)."""

COMPARE_SECONDS = 60.0
"""Within which the copies of a volume are compared (ours)."""

EMULATED = 4.0
"""How many times as long everything may take on emulated machines (ours; their boot alone takes
forty times as long as a container's)."""
EMULATED_LOAD = 0.125
"""How much of the usual load an emulated machine is given: a mail a second is all that it can take
beside its cluster (measured)."""

EVERY = {"http": 0.05, "smtp": 0.2, "imap": 1.0, "ldap": 0.5}
PATIENCE = {"http": 0.5, "smtp": 20.0, "imap": 10.0, "ldap": 2.0}
"""Seconds between two questions of a kind, and how long an answer may take."""
END_SECONDS = 10.0
"""By which clients may end later than the last question that they began (ours)."""
MOST_PATIENCE = 30.0
"""Also where all is slower: who was promised nothing yet by a node that died waits for so long."""


@dataclass
class Clients:
    """Clients at work: the file of their answers, and how they ended if not as they should."""

    lines: Path
    ended: str = ""


class Rig:
    """What trials are made on.

    Parameters
    ----------
    declaration
        The cluster.
    folder
        For what the clients write.
    lab
        A laboratory in which the cluster has been built already; see :meth:`bare`.
    failed
        Where logs of trials that failed are kept; by default in `folder`.
    """

    def __init__(
        self,
        declaration: Declaration,
        folder: Path,
        lab: Laboratory,
        *,
        failed: Path | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.lab = folder, lab
        self.failed = failed or folder / "failed"
        self.cluster = build(declaration)
        self.pace = EMULATED if lab.spec.guests else 1.0
        """What bounds of time are multiplied with."""
        self.load_share = EMULATED_LOAD if lab.spec.guests else 1.0
        self.manager = MANAGERS[self.cluster.manager]
        self.address = self.cluster.vip.address
        self.store = self.cluster.storage.mount if self.cluster.storage else "/opt"
        self.roles: Mapping[str, str] = {}

    @classmethod
    def bare(cls, declaration: Declaration, folder: Path, *, failed: Path | None = None) -> Self:
        """With a laboratory of bare nodes, to be entered, and a bundle to build there."""
        passwords = {device.name: secrets.token_hex(12) for device in declaration.fence_devices}
        folder.mkdir(parents=True, exist_ok=True)
        write(render(declaration), folder / "bundle")
        words = {device.secret: passwords[device.name] for device in declaration.fence_devices}
        # one account on all nodes, also where each has its own data
        words["zcs_test_password"] = secrets.token_hex(12)
        file = folder / "secrets.yml"
        file.touch(0o600)
        file.write_text(json.dumps(words))
        cluster = build(declaration)
        # DRBD is a part of the kernel, so each copy has to be on a machine with one of its own
        guests = tuple(m.name for m in cluster.carriers) if cluster.replicated else ()
        spec = LabSpec.of(declaration, passwords, guests=guests)
        return cls(declaration, folder, Laboratory(spec), failed=failed)

    @property
    def members(self) -> list[str]:
        return [member.name for member in self.cluster.members]

    def run(self, node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
        """Run a program on a node; one without power answers nothing, with code 255."""
        try:
            return self.lab.node(node).run(*argv, timeout=self.pace * timeout)
        except (EvaluationError, subprocess.TimeoutExpired) as error:
            return CompletedProcess(argv, 255, "", str(error))

    def deploy(self, verb: str) -> str:
        """Run ``evaluate deploy VERB`` from the operator's seat.

        Raises
        ------
        EvaluationError
            ``trial-build`` with what it said.
        """
        access = (
            "--ssh-config",
            str(self.lab.ssh_config),
            "--secrets",
            str(self.folder / "secrets.yml"),
        )
        words = (
            sys.executable,
            "-m",
            "evaluator",
            "deploy",
            verb,
            str(self.folder / "bundle"),
            *access,
        )
        limit = self.pace * BUILD_SECONDS
        with _in_time("trial-build", f"deploy {verb}"):
            done = self.lab.operator(*words, env={"COLUMNS": "200"}, timeout=limit)
        if done.returncode:
            said = (done.stdout + done.stderr).strip()[-3000:]
            finding = Finding("trial-build", f"deploy {verb} ended with {done.returncode}: {said}")
            raise EvaluationError(finding, ExitCode.UNAVAILABLE)
        return done.stdout

    def raise_cluster(self) -> float:
        """From nodes without anything to a cluster that serves; seconds that it took."""
        self.lab.start()
        began = time.monotonic()
        self.deploy("plan")
        self.deploy("apply")
        if missing := self.wait_until_whole(self.pace * WHOLE_SECONDS)[0]:
            raise EvaluationError(Finding("trial-build", f"it is built and not whole: {missing}"))
        return time.monotonic() - began

    def recover(self) -> None:
        """Bring the nodes back to a whole cluster, by the means of last resort: power, then tidy.

        Raises
        ------
        EvaluationError
            ``trial-build`` when that does not help.
        """
        for device in self.lab.spec.outlets:
            self.lab.temper(device.device, "well")
        for node, networks in self.lab.spec.nodes.items():
            for network in networks:
                self.lab.heal(node, network)
        self.lab.join_all()
        if not self.wait_until_whole(self.pace * 20)[0]:
            return
        for node in self.lab.spec.nodes:
            self.lab.node(node).kill()
        self.lab.start()
        missing, _ = self.wait_until_whole(self.pace * WHOLE_SECONDS)
        if missing:
            finding = Finding("trial-build", f"it is not whole again after a restart: {missing}")
            raise EvaluationError(finding, ExitCode.UNAVAILABLE)

    def watch(self) -> Watch:
        """A look at all nodes over and over; see :class:`~evaluator.trial.watch.Watch`."""
        web = next(e for e in self.cluster.application.endpoints if e.name == "http")
        return Watch(
            lambda node: self.lab.power.ask(command="status", node=node).get("proc"),
            self.members,
            address=self.address,
            mount=self.cluster.storage.mount if self.cluster.storage else "",
            port=web.backend_port if self.cluster.load_balancer else web.port,
        )

    def cast(self) -> Mapping[str, str]:
        """Who has which role now; it has to be known, so the cluster must be whole."""
        active = self._active()
        others = [m.name for m in self.cluster.carriers if m.name != active]
        voters = [m.name for m in self.cluster.members if not m.carries]
        witness = self.cluster.quorum.witness
        roles = {"active": active, "passive": others[0]}
        if witness:
            roles["witness"] = witness.name
        elif voters:
            roles["witness"] = voters[0]
        return roles

    def _active(self) -> str:
        holders = sorted(self.watch().look().address)
        if len(holders) != 1:
            where = " and ".join(holders) or "no node"
            raise EvaluationError(Finding("trial-not-whole", f"the address is on {where}"))
        return holders[0]

    def why_not_whole(self, *, forgiving: bool = False) -> str:
        """What is missing to full redundancy; '' when nothing is.

        `forgiving` is as for :meth:`~evaluator.trial.managers.Manager.why_not_whole`.
        """
        for node in self.lab.spec.nodes:
            if self.lab.node(node).state() == "off":
                return f"{node} is off"
        if reason := self.manager.why_not_whole(self.run, self.members, forgiving=forgiving):
            return reason
        if volume := self.cluster.replicated:
            nodes = [member.name for member in self.cluster.carriers]
            if reason := replicated.why_not_whole(self.run, volume.name, nodes):
                return reason
        seen = self.watch().look()
        if len(seen.address) != 1:
            return f"{len(seen.address)} nodes have the address"
        everywhere = {m.name for m in self.cluster.carriers} if self.cluster.everywhere else set()
        if idle := (seen.address | everywhere) - seen.service:
            return f"the service does not run on {' and '.join(sorted(idle))}"
        if self.cluster.storage and seen.volume != seen.address:
            return "the volume is not where the address is"
        return ""

    def difference(self) -> str:
        """How the copies of the volume differ; '' when they do not, or there is only one."""
        if not (volume := self.cluster.replicated):
            return ""
        active = self._active()
        return replicated.difference(self.run, volume.name, active, self.pace * COMPARE_SECONDS)

    def tidy(self) -> None:
        """Have the cluster forget failures, as an operator does who has looked into them."""
        self.manager.tidy(self.run, self.members[0])

    def reunite(self) -> None:
        """Have daemons that lost their parent belong to one again, as an operator does."""
        self.manager.reunite(self.run, self.members)

    def wait_until_whole(self, seconds: float, *, forgiving: bool = False) -> tuple[str, float]:
        """Wait for full redundancy: what is missing in the end, and how long it took.

        `forgiving` is as for :meth:`why_not_whole`.
        """
        began, reason = time.monotonic(), "?"
        while reason and time.monotonic() - began < seconds:
            with suppress(EvaluationError, subprocess.TimeoutExpired):
                reason = self.why_not_whole(forgiving=forgiving)
            if reason:
                # to be asked is work for the nodes
                time.sleep(5 if self.lab.spec.guests else 0.5)
        return reason, time.monotonic() - began

    def settings(self, seed: int) -> Settings:
        """What the client needs to know; nodes with data of their own have a certificate each."""
        ports = {e.name: e.port for e in self.cluster.application.endpoints if e.name in KINDS}
        conf = f"{self.store}/zimbra/conf"
        active = self._active()
        told = self.run(active, "cat", f"{conf}/test-account")
        words = told.stdout.split()
        if len(words) != 2:
            what = f"{active} does not tell the account of the clients: {told.stderr.strip()}"
            raise EvaluationError(Finding("trial-client", what))
        account, password = words
        here = [self.run(m.name, "cat", f"{conf}/tls/zcs.crt") for m in self.cluster.carriers]
        trusted = [done.stdout for done in here if done.returncode == 0]
        return Settings(
            address=self.address,
            ports=ports,
            account=account,
            password=password,
            certificate="".join(dict.fromkeys(trusted)),
            seed=seed,
            every={kind: EVERY[kind] / self.load_share for kind in ports},
            patience={kind: min(self.pace * PATIENCE[kind], MOST_PATIENCE) for kind in ports},
        )

    @contextmanager
    def load(self, settings: Settings) -> Iterator[Clients]:
        """Clients at work, until the block ends."""
        clients, said = Clients(self.folder / "client.jsonl"), self.folder / "client.err"
        command = self._client("load")
        with clients.lines.open("w") as out, said.open("w") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out, stderr=errors, text=True
            )
            to = cast("TextIO", process.stdin)
            to.write(_line(settings))
            to.flush()
            try:
                yield clients
            finally:
                with suppress(BrokenPipeError):
                    to.close()
                limit = 2 * max(settings.patience.values()) + END_SECONDS
                try:
                    if code := process.wait(limit):
                        last = said.read_text().strip().splitlines()[-1:]
                        clients.ended = f"ended with {code}: {' '.join(last)}"
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    clients.ended = f"had a question that did not end within {limit:g} s"

    def mailbox(self, settings: Settings) -> list[tuple[int, str]]:
        """(number, SHA-256) of every mail of a trial that is there, on all nodes that keep mail."""
        mails = (json.loads(line) for line in self._ask_stores("read", settings))
        return [(mail["number"], mail["sha256"]) for mail in mails]

    def clear(self, settings: Settings) -> None:
        """Empty the mailbox."""
        self._ask_stores("clear", settings)

    def flush(self) -> None:
        """Have the mail server try again at once what it has accepted and could not deliver."""
        config = f"{self.store}/zimbra/conf/postfix"
        for member in self.cluster.carriers:
            self.run(member.name, "postqueue", "-c", config, "-f")

    def undelivered(self) -> bool:
        """Whether a mail server that serves has something that it accepted and not yet delivered.

        One that does not answer may have.
        """
        config = f"{self.store}/zimbra/conf/postfix"
        nodes = [m.name for m in self.cluster.carriers] if self.cluster.everywhere else []
        said = [self.run(n, "postqueue", "-c", config, "-p") for n in nodes or [self._active()]]
        return any(done.stdout.strip() != "Mail queue is empty" for done in said)

    def _ask_stores(self, verb: str, settings: Settings) -> list[str]:
        """What the client says of the mailbox; where each node has one of its own, of each there.

        There the address shows one of them, and not always the same.
        """
        limit = self.pace * 120
        with _in_time("trial-client", verb):
            if self.cluster.everywhere:
                here = self.cluster.vip.loopback
                ports = {e.name: e.backend_port for e in self.cluster.application.endpoints}
                words = _line(replace(settings, address=here, ports=ports))
                program = ("python3", "-c", inspect.getsource(client_program), verb)
                nodes = [self.lab.node(member.name) for member in self.cluster.carriers]
                answers = [node.run(*program, input=words, timeout=limit) for node in nodes]
            else:
                words = _line(settings)
                answers = [bounded(self._client(verb), input=words, timeout=limit)]
        for done in answers:
            if done.returncode:
                said = " ".join(done.stderr.strip().splitlines()[-1:])
                raise EvaluationError(Finding("trial-client", f"{verb}: {said}"))
        return [line for done in answers for line in done.stdout.splitlines()]

    def _client(self, verb: str) -> list[str]:
        program = (sys.executable, str(client_program.__file__), verb)
        return in_namespace(client(self.lab.prefix), program)


@contextmanager
def _in_time(code: str, what: str) -> Iterator[None]:
    try:
        yield
    except subprocess.TimeoutExpired as error:
        raise EvaluationError(Finding(code, f"{what}: no end in {error.timeout:g} s")) from error


def _line(settings: Settings) -> str:
    return json.dumps(asdict(settings)) + "\n"


Say = Callable[[str], None]
