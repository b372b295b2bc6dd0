"""A laboratory: real nodes, switches and power controllers on this machine, gone when it ends."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self, TextIO

from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.lab import guest, guest_image, image, network
from evaluator.lab.command import bounded, in_namespace, must, undisturbed
from evaluator.lab.missing import missing
from evaluator.lab.node import furnish, inside
from evaluator.lab.power import MOODS
from evaluator.lab.removal import claim, clean, remove, runs
from evaluator.lab.spec import LabSpec
from evaluator.lab.supply import Supply


class Node:
    """One node of a running laboratory."""

    def __init__(self, laboratory: Laboratory, name: str) -> None:
        self._laboratory, self.name = laboratory, name

    def state(self) -> str:
        """``on`` or ``off``."""
        return str(self._ask("status")["status"])

    def start(self) -> None:
        """Switch the power on; see :meth:`wait_for_ssh`."""
        self._ask("on")

    def kill(self) -> None:
        """Cut the power: nothing of the node runs any more when this returns; its disk stays."""
        self._ask("off")

    def run(
        self, *argv: str, input: str | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the node as root, without network or login.

        A guest has a kernel of its own: there it goes by ssh, over the operator's network.

        Raises
        ------
        EvaluationError
            ``lab-node-off`` when the node has no power.
        subprocess.TimeoutExpired
            After `timeout` seconds; the program is killed.
        """
        about = self._ask("status")
        if machine := self.name in self._laboratory.spec.guests and about.get("machine"):
            return self._laboratory.log_in(self.name, machine, argv, input, timeout)
        pid = about.get("pid")
        if not pid:
            raise EvaluationError(Finding("lab-node-off", f"{self.name} is not running"))
        return bounded(inside(pid, argv), input=input, timeout=timeout)

    def wait_for_ssh(self, timeout: float = 60) -> float:
        """Wait until the operator can log in; returns the seconds that it took.

        Raises
        ------
        EvaluationError
            ``lab-node-silent`` after `timeout` seconds, with the last lines of the console.
        """
        began = time.monotonic()
        limit = 30 if self.name in self._laboratory.spec.guests else 5
        while time.monotonic() - began < timeout:
            with suppress(subprocess.TimeoutExpired):
                if self._laboratory.ssh(self.name, "true", timeout=limit).returncode == 0:
                    return time.monotonic() - began
            time.sleep(0.1)
        said = self._laboratory.nodes_folder / self.name / "console"
        console = said.read_text(errors="replace")  # anything may write there
        finding = Finding(
            "lab-node-silent",
            f"{self.name} does not answer by ssh after {timeout:g} s: {console[-2000:]}",
        )
        raise EvaluationError(finding, ExitCode.UNAVAILABLE)

    def _ask(self, command: str) -> dict[str, Any]:
        return self._laboratory.power.ask(command=command, node=self.name)


class Laboratory:
    """Makes everything on entry, removes everything on exit, however the block ends.

    Parameters
    ----------
    spec
        The wiring.
    cache
        Folder of the image and of running laboratories;
        :func:`evaluator.lab.image.default_cache` by default.
    packages
        What can be installed in the nodes.
    """

    def __init__(
        self,
        spec: LabSpec,
        *,
        cache: Path | None = None,
        packages: Sequence[str] = image.PACKAGES,
    ) -> None:
        self.spec = spec
        self.cache = (cache or image.default_cache(os.environ)).absolute()
        self.packages = (*packages, *(guest_image.PACKAGES if spec.guests else ()))
        self.prefix = f"floss-{secrets.token_hex(3)}"
        self.scratch = runs(self.cache) / self.prefix
        self.nodes_folder = self.scratch / "nodes"
        self.ssh_config = self.scratch / "ssh/config"
        self._alive: TextIO | None = None
        self._supply: Supply | None = None

    @property
    def power(self) -> Supply:
        if self._supply is None:
            raise RuntimeError("the laboratory is not entered")
        return self._supply

    def missing(self) -> list[Finding]:
        """What this machine lacks; empty when the laboratory can be entered."""
        disk = self.spec.shared_disk is not None
        return list(
            missing(self.cache, self.packages, disk, len(self.spec.nodes), len(self.spec.guests))
        )

    def __enter__(self) -> Self:
        if findings := self.missing():
            raise EvaluationError(findings, ExitCode.UNAVAILABLE)
        clean(self.cache)
        root = image.build(self.cache, self.packages)
        try:
            kernel = guest_image.build(self.cache, root) if self.spec.guests else None
            self._set_up(root, kernel)
        except BaseException:
            self._take_down()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._take_down()

    def start(self, *names: str, timeout: float | None = None) -> None:
        """Switch nodes on, all by default, and wait until each answers by ssh."""
        if timeout is None:
            timeout = guest.BOOT_SECONDS if self.spec.guests else 90
        nodes = [self.node(name) for name in names or self.spec.nodes]
        for node in nodes:
            node.start()
        with ThreadPoolExecutor(len(nodes)) as pool:
            list(pool.map(lambda node: node.wait_for_ssh(timeout), nodes))

    def node(self, name: str) -> Node:
        if name not in self.spec.nodes:
            raise KeyError(name)
        return Node(self, name)

    def operator(
        self,
        *argv: str,
        input: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine in the operator's seat; `env` is added to its own."""
        command = in_namespace(network.switch(self.prefix), argv)
        merged = {**os.environ, **env} if env else None
        return bounded(command, input=input, env=merged, cwd=cwd, timeout=timeout)

    def client(
        self, *argv: str, input: str | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine where the client is."""
        command = in_namespace(network.client(self.prefix), argv)
        return bounded(command, input=input, timeout=timeout)

    def ssh(self, node: str, *argv: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command line in a node as the operator does."""
        return self.operator("ssh", "-F", str(self.ssh_config), node, *argv, timeout=timeout)

    def log_in(
        self, node: str, machine: int, argv: Sequence[str], input: str | None, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in a guest by a connection that is kept, for as long as it is powered."""
        shared = self.ssh_config.parent / f"{node}-{machine}"
        kept = ("ControlMaster=auto", f"ControlPath={shared}", "ControlPersist=300")
        alive = ("ServerAliveInterval=5", "ServerAliveCountMax=6")
        options = [f"-o{option}" for option in (*kept, *alive)]
        words = ("ssh", "-F", str(self.ssh_config), *options, node, shlex.join(argv))
        return self.operator(*words, input=input, timeout=timeout)

    def fail_disk(self, node: str, *, failing: bool = True) -> None:
        """Make every operation on a guest's own disk an input/output error, or heal the disk."""
        if node not in self.spec.guests:
            raise KeyError(f"{node} has no disk of its own")
        self.power.ask(command="fail-disk", node=node, failing=failing)

    def cut(self, node: str, on: str, *, carrier: bool = False) -> None:
        """Cut a node off a network: its card sees it, or with `carrier` the switch just forgets.

        It stays cut when the node starts anew.
        """
        self._rewire(node, on, carrier)

    def heal(self, node: str, on: str) -> None:
        """Put the cable back."""
        self._rewire(node, on, None)

    def part(self, node: str, others: Sequence[str], on: str) -> None:
        """Let a node and others not hear each other on a network, where all else hears all of them.

        It stays so when one of them starts anew.
        """
        network.part(self.prefix, self.spec, node, others, on)

    def join(self, node: str, on: str) -> None:
        """Undo :meth:`part`."""
        network.join(self.prefix, self.spec, node, on)

    def join_all(self) -> None:
        """Undo every :meth:`part` that there is."""
        network.join_all(self.prefix)

    def temper(self, device: str, mood: str) -> None:
        """Make a power controller ``silent``, ``refusing`` or ``slow``, or ``well`` again."""
        if mood not in MOODS:
            raise ValueError(f"{mood!r} is none of {', '.join(MOODS)}")
        node = next(iter(self.spec.nodes))
        self.power.ask(command="temper", node=node, device=device, mood=mood)

    def power_log(self) -> list[dict[str, Any]]:
        """Everything that switched power: ``time`` (s since the epoch), ``from``, ``command``,
        ``node``, ``result`` and, out of band, the asking ``peer`` and the ``seconds`` of it.
        """
        log = self.scratch / "power.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def _rewire(self, node: str, on: str, cut: bool | None) -> None:
        if on not in self.spec.nodes[node]:
            raise KeyError(f"{node} has no card in {on!r}")
        self.power.ask(command="rewire", node=node, network=on, cut=cut)

    def _set_up(self, root: Path, kernel: Path | None) -> None:
        self._alive = claim(self.scratch)
        keys = self.ssh_config.parent
        keys.mkdir()
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(keys / "operator"))
        disk = self._make_disk() if self.spec.shared_disk else ""
        network.make(self.prefix, self.spec)
        for node in self.spec.nodes:
            if kernel and node in self.spec.guests:
                guest.furnish(self.nodes_folder / node, kernel, self.spec, node, keys)
            else:
                furnish(self.nodes_folder / node, root, self.spec, node, keys, disk)
        self._write_ssh_config()
        about = {
            "prefix": self.prefix,
            "spec": asdict(self.spec),
            "nodes": str(self.nodes_folder),
        }
        errors = self.scratch / "power.err"
        self._supply = Supply(network.switch(self.prefix), about, errors)

    def _make_disk(self) -> str:
        """One loop device for all: two over one file would not see each other's writes."""
        backing = self.scratch / "disk"
        with backing.open("wb") as file:
            file.truncate(self.spec.shared_disk_mib << 20)
        return must("losetup", "--find", "--show", str(backing)).strip()

    def _write_ssh_config(self) -> None:
        keys = self.ssh_config.parent
        hosts, known = [], []
        for node, addresses in self.spec.nodes.items():
            reached = [addresses[n] for n in self.spec.operator if n in addresses]
            names = " ".join([node, *addresses.values()])
            hosts.append(f"Host {names}")
            if reached:
                hosts.append(f"    HostName {reached[0]}")
            hosts.append(f"    HostKeyAlias {node}")
            if node in self.spec.guests:  # an emulated machine counts long for its keys
                hosts.append("    ConnectTimeout 30")
            known.append(f"{node} {(keys / f'{node}.pub').read_text()}")
        hosts += [
            "Host *",
            "    User root",
            f"    IdentityFile {keys / 'operator'}",
            "    IdentitiesOnly yes",
            f"    UserKnownHostsFile {keys / 'known_hosts'}",
            "    GlobalKnownHostsFile /dev/null",
            "    StrictHostKeyChecking yes",
            "    BatchMode yes",
            "    ConnectTimeout 5",
        ]
        (keys / "known_hosts").write_text("".join(known))
        self.ssh_config.write_text("\n".join(hosts) + "\n")

    def _take_down(self) -> None:
        if not self._alive:
            return  # nothing was made, and what there is of this name is another's
        with undisturbed():
            if self._supply:
                self._supply.close()
                self._supply = None
            remove(self.scratch)
            self._alive.close()
