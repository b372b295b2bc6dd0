"""The operator's seat in a laboratory: the command, the bundle, and what clients see meanwhile."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluator.bundle import render, write
from evaluator.cluster import Declaration
from evaluator.content import content_root
from evaluator.lab import Laboratory, LabSpec
from evaluator.lab.network import client
from evaluator.trial.perform import Outcome, perform
from evaluator.trial.rig import Rig
from evaluator.trial.scenario import FOLDER, read

from .conftest import HERE, declaration

PASSWORDS = {"bmc-zcs1": "first-password-7f3a", "bmc-zcs2": "second-password-9c1e"}
"""Made up; no file that leaves the operator's seat may hold them, but the nodes' own scripts."""

NODES = ("zcs1", "zcs2")
CHECKOUT = HERE.parents[1]


@dataclass
class Seat:
    """A running laboratory, and the folder from which it is operated."""

    lab: Laboratory
    folder: Path
    manager: str = "pacemaker"
    seconds: dict[str, float] = field(default_factory=dict)

    def bundle(self, declared: Declaration, name: str = "bundle") -> Path:
        """Render a bundle into the folder."""
        return write(render(declared), self.folder / name)

    def deploy(
        self, verb: str, bundle: Path, *options: str, timeout: float = 400
    ) -> subprocess.CompletedProcess[str]:
        """Run ``evaluate deploy VERB``."""
        secrets = self.folder / "secrets.yml"
        words = {f"vault_fence_{name.removeprefix('bmc-')}": p for name, p in PASSWORDS.items()}
        if self.manager != "pacemaker":  # where each node has its own data, and its own account
            words |= {"zcs_test_password": "third-password-1b5d"}
        secrets.write_text(json.dumps(words))
        secrets.chmod(0o600)
        access = ("--ssh-config", str(self.lab.ssh_config), "--secrets", str(secrets))
        start = time.monotonic()
        done = self.lab.operator(
            *(sys.executable, "-m", "evaluator", "deploy", verb, str(bundle), *access, *options),
            cwd=CHECKOUT,
            env={"COLUMNS": "200"},
            timeout=timeout,
        )
        self.seconds[verb] = time.monotonic() - start
        with (self.folder / "log").open("a") as log:
            log.write(f"$ deploy {verb} {bundle.name}: {done.returncode}\n")
            log.write(done.stdout + done.stderr)
        return done

    def planned(self, bundle: Path) -> list[dict[str, Any]]:
        """The changes of a new plan."""
        done = self.deploy("plan", bundle, "--format", "json")
        assert done.returncode == 0, done.stderr
        changes: list[dict[str, Any]] = json.loads(done.stdout)["changes"]
        return changes

    def built(self, bundle: Path) -> str:
        """Plan and apply; what apply printed."""
        self.planned(bundle)
        done = self.deploy("apply", bundle)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, node: str, *words: str, timeout: float = 60) -> str:
        """Output of a program in a node."""
        done = self.lab.node(node).run(*words, timeout=timeout)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def probing(self, address: str, port: int) -> Iterator[list[tuple[float, bool, str]]]:
        """Ask a web server every 50 ms meanwhile; the list is filled at the end of the block."""
        found: list[tuple[float, bool, str]] = []
        command = ("ip", "netns", "exec", client(self.lab.prefix), sys.executable)
        process = subprocess.Popen(
            [*command, str(HERE / "probe.py"), address, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield found
        finally:
            output, _ = process.communicate(timeout=10)
            for line in output.splitlines():
                sent, good, node = line.split()
                found.append((float(sent), good == "1", node))


def longest_gap(answers: list[tuple[float, bool, str]]) -> float:
    """Longest time in seconds between two good answers."""
    good = [sent for sent, answered, _ in answers if answered]
    return max((b - a for a, b in itertools.pairwise(good)), default=float("inf"))


def eventually(true: Callable[[], object], seconds: float, state: Callable[[], str] = str) -> float:
    """Wait until something holds; gives the seconds that it took, or fails and tells the state."""
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < seconds, f"not within {seconds:g} s\n{state()}"
        time.sleep(0.3)
    return time.monotonic() - start


def changed(output: str) -> int:
    """The number of changes in what apply printed."""
    match = re.search(r"\bchanged=(\d+)\s*$", output.strip())
    assert match, output
    return int(match[1])


def tried(seat: Seat, fault: str) -> Outcome:
    """One trial of ``evaluate lab`` on the cluster that has been built."""
    rig = Rig(declaration(seat.manager), seat.folder / "trial", seat.lab)
    return perform(rig, read(content_root() / FOLDER / fault), seed=1)


def laboratory(declared: Declaration) -> Laboratory:
    """A laboratory wired as declared."""
    return Laboratory(LabSpec.of(declared, PASSWORDS))
