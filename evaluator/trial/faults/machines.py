"""Faults of nodes: power, programs, clocks, and the devices that switch power."""

from __future__ import annotations

import time

from evaluator.findings import EvaluationError
from evaluator.trial.faults import Stage, Undo, must, power_on, verb


@verb("cut-power", "NODE")
def cut_power(stage: Stage, arguments: list[str]) -> Undo:
    """A node loses its power at once; undone, it has it back.

    Its controller has a feed of its own, so a fence device that is asked to reboot the node
    switches it on again before that.
    """
    node = stage.roles[arguments[0]]
    stage.lab.node(node).kill()
    return lambda: power_on(stage, node)


@verb("plug-in", "NODE")
def plug_in(stage: Stage, arguments: list[str]) -> Undo:
    """A node that has lost its power has it back."""
    power_on(stage, stage.roles[arguments[0]])
    return lambda: None


@verb("leave", "NODE")
def leave(stage: Stage, arguments: list[str]) -> Undo:
    """The operator takes a node out of service, by the manager's own means."""
    node = stage.roles[arguments[0]]
    stage.manager.leave(stage.run, node)

    def join() -> None:
        # a node that was switched off meanwhile has to boot first
        power_on(stage, node)
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
        must(stage, node, "systemctl", "stop", unit, timeout=120)
    return lambda: _start(stage, node)


def _start(stage: Stage, node: str, *first: str) -> None:
    """Bring a member up again, however it went down; `first` is a program to run there before."""
    power_on(stage, node)
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
    must(stage, node, "pkill", "-KILL", "-x", process)
    return lambda: _start(stage, node)


@verb("crash", "PROCESS NODE")
def crash(stage: Stage, arguments: list[str]) -> Undo:
    """As ``kill``, and nothing starts it anew."""
    process, node = _process(stage, arguments[0]), stage.roles[arguments[1]]
    must(stage, node, "systemctl", "mask", "--runtime", process)
    try:
        must(stage, node, "pkill", "-KILL", "-x", process)
    except EvaluationError:
        stage.run(node, "systemctl", "unmask", "--runtime", process)
        raise

    return lambda: _start(stage, node, "systemctl", "unmask", "--runtime", process)


@verb("freeze", "PROCESS NODE")
def freeze(stage: Stage, arguments: list[str]) -> Undo:
    """Processes of a name are stopped and stay (SIGSTOP); undone, they go on if they still are."""
    process, node = _process(stage, arguments[0]), stage.roles[arguments[1]]
    must(stage, node, "pkill", "-STOP", "-x", process)
    return lambda: _start(stage, node, "pkill", "-CONT", "-x", process)


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
    must(stage, node, "sh", "-c", script)

    def let_go() -> None:
        power_on(stage, node)
        stage.run(node, "umount", program)

    return let_go


@verb("jump-clock", "SECONDS NODE")
def jump_clock(stage: Stage, arguments: list[str]) -> Undo:
    """A node's clock is suddenly that much ahead; undone, it is set right as suddenly."""
    seconds, node = arguments[0], stage.roles[arguments[1]]
    must(stage, node, "date", "--set", f"+{seconds} seconds")

    def set_right() -> None:
        power_on(stage, node)
        must(stage, node, "date", "--set", f"@{time.time():.3f}")

    return set_right


@verb("fence-devices", "MOOD")
def fence_devices(stage: Stage, arguments: list[str]) -> Undo:
    """All fence devices are ``silent``, ``refusing`` or ``slow`` from now on."""
    for outlet in stage.lab.spec.outlets:
        stage.lab.temper(outlet.device, arguments[0])

    def well() -> None:
        for outlet in stage.lab.spec.outlets:
            stage.lab.temper(outlet.device, "well")

    return well


@verb("wait", "SECONDS")
def wait(stage: Stage, arguments: list[str]) -> Undo:
    """Nothing, for a while: what went before has its effect."""
    time.sleep(float(arguments[0]))
    return lambda: None
