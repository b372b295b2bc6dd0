"""Faults that a laboratory can make, each with its inverse: the words of ``fault.yml``.

A fault is a line ``VERB ARGUMENTS``; the arguments are roles of nodes (``active`` has the service,
``passive`` takes it over, ``witness``), networks, processes.  Doing it gives what undoes it.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Protocol

from evaluator.findings import EvaluationError, Finding, Where, allowed_values
from evaluator.lab import Laboratory
from evaluator.lab.power import MOODS
from evaluator.trial import announce
from evaluator.trial.managers import Manager

ROLES = ("active", "passive", "witness")
NETWORKS = ("service", "management", "ring0", "ring1", "replication", "all")
"""Of the laboratory's site, and the one that replicated data need besides."""

ALLOWED: Mapping[str, Sequence[str]] = {"NODE": ROLES, "MOOD": MOODS, "NETWORK": NETWORKS}
_SECONDS = re.compile(r"\d{1,2}(\.\d+)?")

Undo = Callable[[], None]


class Stage(Protocol):
    """Where a fault is made."""

    @property
    def lab(self) -> Laboratory: ...

    @property
    def manager(self) -> Manager: ...

    @property
    def roles(self) -> Mapping[str, str]:
        """Name of the node in each role, as it was before the first fault."""

    @property
    def address(self) -> str:
        """The virtual address."""

    @property
    def store(self) -> str:
        """Where the service's data are."""

    def run(self, node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
        """Run a program on a node."""


Make = Callable[[Stage, list[str]], Undo]
VERBS: dict[str, tuple[str, Make]] = {}


def verb(name: str, arguments: str) -> Callable[[Make], Make]:
    """Register a verb; ``arguments`` is how it is written."""

    def register(make: Make) -> Make:
        VERBS[name] = (arguments, make)
        return make

    return register


@dataclass(frozen=True)
class Fault:
    """One line of a scenario."""

    verb: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.verb, *self.arguments))

    def make(self, stage: Stage) -> Undo:
        """Do it; gives what undoes it."""
        return VERBS[self.verb][1](stage, list(self.arguments))


def parse(text: str, where: Where | None = None) -> Fault:
    """Read a fault.

    Raises
    ------
    EvaluationError
        ``unknown-fault`` for a verb that there is not, ``fault-arguments`` for the wrong number of
        arguments.
    """
    name, *arguments = text.split() or [""]
    if name not in VERBS:
        remedy = allowed_values(name, VERBS, most=30)
        raise EvaluationError(Finding("unknown-fault", f"unknown fault {name!r}", where, remedy))
    wanted = VERBS[name][0].split()
    optional = sum(word.startswith("[") for word in wanted)
    if not len(wanted) - optional <= len(arguments) <= len(wanted):
        message = f"{name} has {len(arguments)} arguments"
        remedy = f"write: {name} {VERBS[name][0]}".rstrip()
        raise EvaluationError(Finding("fault-arguments", message, where, remedy))
    for kind, argument in zip(wanted, arguments, strict=False):
        allowed = ALLOWED.get(kind, (argument,))
        if argument not in allowed or (kind == "SECONDS" and not _SECONDS.fullmatch(argument)):
            message = f"{argument!r} is no {kind.lower()}"
            remedy = allowed_values(argument, allowed) if kind in ALLOWED else "write: wait 25"
            raise EvaluationError(Finding("fault-arguments", message, where, remedy))
    return Fault(name, tuple(arguments))


def _must(stage: Stage, node: str, *argv: str, timeout: float = 60) -> str:
    return _said(stage.run(node, *argv, timeout=timeout), Where(node))


def _said(done: CompletedProcess[str], where: Where | None = None) -> str:
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-500:]
        raise EvaluationError(Finding("fault-failed", f"{' '.join(done.args)}: {said}", where))
    return done.stdout


@verb("cut-power", "NODE")
def cut_power(stage: Stage, arguments: list[str]) -> Undo:
    """A node loses its power at once; undone, it has it back.

    Its controller has a feed of its own, so a fence device that is asked to reboot the node
    switches it on again before that.
    """
    node = stage.roles[arguments[0]]
    stage.lab.node(node).kill()
    return lambda: _on(stage, node)


def _on(stage: Stage, node: str) -> None:
    if stage.lab.node(node).state() == "off":
        stage.lab.start(node)


@verb("plug-in", "NODE")
def plug_in(stage: Stage, arguments: list[str]) -> Undo:
    """A node that has lost its power has it back."""
    _on(stage, stage.roles[arguments[0]])
    return lambda: None


@verb("leave", "NODE")
def leave(stage: Stage, arguments: list[str]) -> Undo:
    """The operator takes a node out of service, by the manager's own means."""
    node = stage.roles[arguments[0]]
    stage.manager.leave(stage.run, node)

    def join() -> None:
        # a node that was switched off meanwhile has to boot first
        _on(stage, node)
        end = time.monotonic() + 120
        while True:
            try:
                return stage.manager.join(stage.run, node)
            except EvaluationError:
                if time.monotonic() > end:
                    raise
                time.sleep(1)

    return join


@verb("stop", "NODE")
def stop(stage: Stage, arguments: list[str]) -> Undo:
    """The cluster is stopped on a node, by its units, in the order of a shutdown."""
    node = stage.roles[arguments[0]]
    for unit in reversed(stage.manager.units):
        _must(stage, node, "systemctl", "stop", unit, timeout=120)
    return lambda: _start(stage, node)


def _start(stage: Stage, node: str, *first: str) -> None:
    """Bring a member up again, however it went down; `first` is a program to run there before."""
    _on(stage, node)
    if first:
        stage.run(node, *first)
    units = [*stage.manager.units, "corosync-qnetd", "haproxy"]
    for unit in units:
        if stage.run(node, "systemctl", "is-enabled", unit).returncode == 0:
            stage.run(node, "systemctl", "start", unit, timeout=120)


def _process(stage: Stage, name: str) -> str:
    """As the kernel knows it, by its first 15 characters."""
    return (stage.manager.daemon if name == "daemon" else name)[:15]


@verb("kill", "PROCESS NODE")
def kill(stage: Stage, arguments: list[str]) -> Undo:
    """Processes of a name die at once (SIGKILL); ``daemon`` is the manager's own."""
    process, node = _process(stage, arguments[0]), stage.roles[arguments[1]]
    _must(stage, node, "pkill", "-KILL", "-x", process)
    return lambda: _start(stage, node)


@verb("crash", "PROCESS NODE")
def crash(stage: Stage, arguments: list[str]) -> Undo:
    """As ``kill``, and nothing starts it anew."""
    process, node = _process(stage, arguments[0]), stage.roles[arguments[1]]
    _must(stage, node, "systemctl", "mask", "--runtime", process)
    try:
        _must(stage, node, "pkill", "-KILL", "-x", process)
    except EvaluationError:
        stage.run(node, "systemctl", "unmask", "--runtime", process)
        raise

    return lambda: _start(stage, node, "systemctl", "unmask", "--runtime", process)


@verb("freeze", "PROCESS NODE")
def freeze(stage: Stage, arguments: list[str]) -> Undo:
    """Processes of a name are stopped and stay (SIGSTOP); undone, they go on if they still are."""
    process, node = _process(stage, arguments[0]), stage.roles[arguments[1]]
    _must(stage, node, "pkill", "-STOP", "-x", process)
    return lambda: _start(stage, node, "pkill", "-CONT", "-x", process)


@verb("unplug", "NETWORK NODE")
def unplug(stage: Stage, arguments: list[str]) -> Undo:
    """A cable is pulled: the card sees it.  ``all`` stands for every network of the node."""
    return _cut(stage, arguments, carrier=False)


@verb("silence", "NETWORK NODE")
def silence(stage: Stage, arguments: list[str]) -> Undo:
    """The switch forgets a port: the card has its carrier, and nothing comes or goes."""
    return _cut(stage, arguments, carrier=True)


def _cut(stage: Stage, arguments: list[str], *, carrier: bool) -> Undo:
    which, node = arguments[0], stage.roles[arguments[1]]
    every = list(stage.lab.spec.nodes[node])
    cut = every if which == "all" else [which]
    for network in cut:
        stage.lab.cut(node, network, carrier=carrier)

    def heal() -> None:
        for network in cut:
            stage.lab.heal(node, network)
        _on(stage, node)

    return heal


@verb("part", "NETWORK NODE")
def part(stage: Stage, arguments: list[str]) -> Undo:
    """The node and the others do not hear each other; clients and a witness hear all of them."""
    which, node = arguments[0], stage.roles[arguments[1]]
    nodes = stage.lab.spec.nodes
    others = [name for name in nodes if name not in (node, stage.roles.get("witness"))]
    every = [network for network in nodes[node] if which in (network, "all")]
    for network in every:
        stage.lab.part(node, [name for name in others if network in nodes[name]], network)

    def join() -> None:
        for network in every:
            stage.lab.join(node, network)
        for name in (node, *others):
            _on(stage, name)

    return join


@verb("heal", "NETWORK NODE")
def heal(stage: Stage, arguments: list[str]) -> Undo:
    """A cable that was cut before is put back."""
    which, node = arguments[0], stage.roles[arguments[1]]
    for network in stage.lab.spec.nodes[node]:
        if which in (network, "all"):
            stage.lab.heal(node, network)
    return lambda: None


@verb("fail-disk", "NODE")
def fail_disk(stage: Stage, arguments: list[str]) -> Undo:
    """Every operation on a guest's own disk is an error; undone, it is replaced and attached."""
    node = stage.roles[arguments[0]]
    stage.lab.fail_disk(node)

    def replace() -> None:
        stage.lab.fail_disk(node, failing=False)
        _on(stage, node)
        # DRBD has detached a disk with errors and takes it back when it is told to
        stage.run(node, "drbdadm", "attach", "all", timeout=120)

    return replace


@verb("slow-resync", "NODE")
def slow_resync(stage: Stage, arguments: list[str]) -> Undo:
    """What a copy has missed is made up for so slowly that it can be interrupted."""
    node = stage.roles[arguments[0]]
    slowly = ("--c-plan-ahead=0", "--resync-rate=100K")
    _must(stage, node, "drbdadm", "disk-options", *slowly, "all")

    def adjust() -> None:
        stage.run(node, "drbdadm", "adjust", "all")

    return adjust


@verb("await-resync", "NODE")
def await_resync(stage: Stage, arguments: list[str]) -> Undo:
    """Nothing, until a copy is being brought up to date."""
    node, end = stage.roles[arguments[0]], time.monotonic() + 120
    while (state := stage.run(node, "drbdadm", "cstate", "all").stdout.strip()) != "SyncTarget":
        if time.monotonic() > end:
            raise EvaluationError(Finding("fault-failed", f"no resync, but {state}", Where(node)))
        time.sleep(0.5)
    return lambda: None


@verb("diverge", "NODE")
def diverge(stage: Stage, arguments: list[str]) -> Undo:
    """The operator forces a cut-off copy to be primary and writes: it is no copy any more.

    The node must have left the cluster and its replication must be cut.  Undone, what it wrote is
    thrown away, by the operator too: which side is right no machine can know.
    """
    node = stage.roles[arguments[0]]
    others = [n for n in stage.lab.spec.guests if n != node]
    # the kernel asks a helper before it promotes; who forces it does not wait for an answer
    helper = "/sys/module/drbd/parameters/usermode_helper"
    script = (
        # the cluster may still be about to take it down
        'for i in $(seq 120); do [ -n "$(drbdadm cstate all 2>&-)" ] || break; sleep 1; done;'
        " for i in $(seq 20); do drbdadm up all && break; sleep 1; done;"
        f" was=$(cat {helper}); echo /bin/true >{helper};"
        " drbdadm primary --force all && for d in /dev/drbd[0-9]*; do"
        " dd if=$d of=$d bs=4k count=16 conv=notrunc,fsync; done; drbdadm secondary all;"
        f" result=$?; echo $was >{helper}; exit $result"
    )
    _must(stage, node, "sh", "-c", script, timeout=240)

    def agree() -> None:
        states = [stage.run(n, "drbdadm", "cstate", "all").stdout.strip() for n in (node, *others)]
        stage.run(node, "drbdadm", "disconnect", "all")
        stage.run(node, "drbdadm", "connect", "--discard-my-data", "all")
        for other in others:
            stage.run(other, "drbdadm", "connect", "all")
        if "StandAlone" not in states:
            what = f"nobody noticed that the copies had diverged: {' and '.join(states)}"
            raise EvaluationError(Finding("fault-failed", what, Where(node)))

    return agree


DEAF = "trial-deaf"


@verb("deafen", "NETWORK NODE")
def deafen(stage: Stage, arguments: list[str]) -> Undo:
    """A node sends and no longer hears: a partition that only one side sees."""
    which, node = arguments[0], stage.roles[arguments[1]]
    cards = [stage.lab.spec.interface(n) for n in stage.lab.spec.nodes[node] if which in (n, "all")]
    listed = ", ".join(f'"{card}"' for card in cards)
    rules = (
        f"table inet {DEAF} {{ chain in {{ type filter hook input priority -300;"
        f" iifname {{ {listed} }} drop\n}}\n}}"
    )
    _must(stage, node, "nft", rules)

    def hear() -> None:
        # a node that was switched off meanwhile has forgotten it
        _on(stage, node)
        stage.run(node, "nft", "delete", "table", "inet", DEAF)

    return hear


@verb("fence-devices", "MOOD")
def fence_devices(stage: Stage, arguments: list[str]) -> Undo:
    """All fence devices are ``silent``, ``refusing`` or ``slow`` from now on."""
    for outlet in stage.lab.spec.outlets:
        stage.lab.temper(outlet.device, arguments[0])

    def well() -> None:
        for outlet in stage.lab.spec.outlets:
            stage.lab.temper(outlet.device, "well")

    return well


BALLAST = "ballast-of-a-trial"


@verb("fill", "NODE")
def fill(stage: Stage, arguments: list[str]) -> Undo:
    """The volume of the service is full to the last block, root's reserve included."""
    node = stage.roles[arguments[0]]
    path = f"{stage.store}/{BALLAST}"

    def empty() -> None:
        for name in dict.fromkeys(stage.roles.values()):
            if name in stage.lab.spec.nodes and stage.lab.node(name).state() == "on":
                stage.run(name, "rm", "-f", path)

    done = stage.run(node, "dd", "if=/dev/zero", f"of={path}", "bs=1M", timeout=120)
    if "No space left" not in done.stderr:
        empty()
        what = f"the volume is not full: {done.stderr.strip()[-500:]}"
        raise EvaluationError(Finding("fault-failed", what, Where(node)))
    return empty


@verb("claim-address", "")
def claim_address(stage: Stage, arguments: list[str]) -> Undo:
    """A stranger, the machine of the switches, takes the virtual address and tells the network."""
    (network,) = stage.lab.spec.client
    card = stage.lab.spec.interface(network)
    own = ("ip", "address", "{}", f"{stage.address}/32", "dev", card)

    def change(verb: str) -> None:
        _said(stage.lab.operator(*(word.format(verb) for word in own)))

    change("add")
    try:
        _said(stage.lab.operator(sys.executable, announce.__file__, card, stage.address))
    except EvaluationError:
        change("delete")
        raise
    return lambda: change("delete")


@verb("wait", "SECONDS")
def wait(stage: Stage, arguments: list[str]) -> Undo:
    """Nothing, for a while: what went before has its effect."""
    time.sleep(float(arguments[0]))
    return lambda: None


@verb("jump-clock", "SECONDS NODE")
def jump_clock(stage: Stage, arguments: list[str]) -> Undo:
    """A node's clock is suddenly that much ahead; undone, it is set right as suddenly."""
    seconds, node = arguments[0], stage.roles[arguments[1]]
    _must(stage, node, "date", "--set", f"+{seconds} seconds")

    def set_right() -> None:
        _on(stage, node)
        _must(stage, node, "date", "--set", f"@{time.time():.3f}")

    return set_right


HANG = "/usr/local/sbin/hang-of-a-trial"


@verb("hang-stop", "NODE")
def hang_stop(stage: Stage, arguments: list[str]) -> Undo:
    """The service's own program no longer ends when it is to stop; a boot of the node mends it."""
    node, program = stage.roles[arguments[0]], f"{stage.store}/zimbra/bin/zmcontrol"
    script = (
        f"cp {program} {HANG}.real && printf '%s\\n' '#!/bin/bash'"
        f" 'case $1 in stop) exec sleep 1000;; *) exec {HANG}.real \"$@\";; esac' >{HANG}"
        f" && chmod 755 {HANG} {HANG}.real && mount --bind {HANG} {program}"
    )
    _must(stage, node, "sh", "-c", script)

    def let_go() -> None:
        _on(stage, node)
        stage.run(node, "umount", program)

    return let_go
